"""Text as the archive can hold it, and readable text made from HTML.

Both are pure and deterministic: the same input gives the same output for good, as versions are compared by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import nh3

if TYPE_CHECKING:
    from archiver.platforms.items import Json

REPLACED_CHARACTERS = "replaced_characters"
"""Flag of a version: characters that neither Postgres nor JSON can hold were replaced; the bytes are in the WARC."""

_REPLACEMENT = "\ufffd"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_HIDDEN = {"noscript", "script", "style", "template", "title"}
_PARAGRAPHS = frozenset(
    {"blockquote", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"}
)
_LINES = frozenset(
    {
        "address",
        "article",
        "aside",
        "dd",
        "details",
        "div",
        "dt",
        "fieldset",
        "figcaption",
        "footer",
        "form",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "section",
        "summary",
        "tr",
    }
)
_BLOCKS = _PARAGRAPHS | _LINES
_NAMED_LINKS = frozenset({"mention", "hashtag"})
_KEPT_TAGS = set(_BLOCKS | {"a", "br", "img", "td", "th"})
_KEPT_ATTRIBUTES = {"a": {"class", "href"}, "img": {"alt", "height", "src", "width"}}
_SCHEMES = {"http", "https", "mailto", "tel", "ftp", "geo", "sms", "webcal"}
_MOST_TAGS = 20_000
_TAG = re.compile(r"<[^<>]*>")
_TRACKING_SIZE = frozenset({"0", "1", "0px", "1px"})


def clean(text: str) -> tuple[str, frozenset[str]]:
    """Replace what Postgres or JSON cannot hold (NUL, lone surrogates) by U+FFFD; all else is kept as received.

    Returns:
        The text, and the flags of it: `replaced_characters` or none.
    """
    cleaned, replaced = _UNSTORABLE.subn(_REPLACEMENT, text)
    return cleaned, frozenset({REPLACED_CHARACTERS}) if replaced else frozenset()


class Cleaner:
    """Cleans the many texts of one item and gathers the flags of all of them.

    `replaced` says that characters were already replaced before the text was parsed, so that U+FFFD is a sign of it.
    """

    def __init__(self, *, replaced: bool = False) -> None:
        self.flags: frozenset[str] = frozenset()
        self._replaced = replaced

    def text(self, value: str) -> str:
        """The text as it can be held."""
        cleaned, flags = clean(value)
        self.flags |= flags
        if self._replaced and _REPLACEMENT in cleaned:
            self.flags |= {REPLACED_CHARACTERS}
        return cleaned

    def optional(self, value: str | None) -> str | None:
        """As `text`, None staying None."""
        return None if value is None else self.text(value)

    def json(self, value: Json) -> Json:
        """A JSON value with every text in it, keys too, as it can be held."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(entry) for entry in value]
        if isinstance(value, Mapping):
            return {self.text(key): self.json(entry) for key, entry in value.items()}
        return value


def html_to_text(html: str, base: str = "") -> str:
    """Make readable text of HTML: blocks become lines, link targets and the alt text of images stay visible.

    A link reads `its text (its address)`, or its text alone where that already names the address, or is a mention or
    hashtag marked as such (Mastodon). An image reads `[its alt text]`. Scripts and styles are left out.

    Args:
        html: A fragment or a page, well-formed or not.
        base: What relative addresses are relative to; empty leaves them as they are.
    """
    return read_html(html, base).text


class HtmlReading:
    """What was read from a piece of HTML: its text, the addresses it links to, and its images with their alt text."""

    __slots__ = ("images", "links", "text")

    def __init__(self, text: str, links: tuple[str, ...], images: tuple[tuple[str, str | None], ...]) -> None:
        self.text = text
        self.links = links
        self.images = images


def read_html(html: str, base: str = "") -> HtmlReading:
    """Read text, links and images of HTML; links and images in document order, each once.

    nh3 (an HTML5 parser in Rust) makes it well-formed first, in linear time; Python's parser alone takes quadratic time
    for hostile markup, and sees other trees than a browser in broken markup. What has more tags than any post has
    (nesting costs quadratic time in nh3 too) is only stripped of them.
    """
    if html.count("<") > _MOST_TAGS:
        return HtmlReading(_SPACES.sub(" ", _TAG.sub(" ", clean(html)[0])).strip(), (), ())
    reader = _Reader(base)
    reader.feed(
        nh3.clean(
            clean(html)[0],
            tags=_KEPT_TAGS,
            clean_content_tags=_HIDDEN,
            attributes=_KEPT_ATTRIBUTES,
            link_rel=None,
            url_schemes=_SCHEMES,
        )
    )
    reader.close()
    return HtmlReading(reader.text(), tuple(dict.fromkeys(reader.links)), tuple(reader.images.items()))


def resolve(base: str, address: str) -> str:
    """The address in full, or as it is where it cannot be resolved."""
    try:
        return urljoin(base, address)
    except ValueError:
        return address


class _Reader(HTMLParser):
    """Collects text line by line; spaces collapse as in a browser, line breaks within `pre` stay."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = base
        self._pieces: list[str] = []
        self._due = 0
        self._pre = 0
        self._anchors: list[tuple[str | None, frozenset[str], int]] = []
        self.links: list[str] = []
        self.images: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._put("\n")
        elif tag == "img":
            self._image(dict(attrs))
        elif tag == "a":
            self._close_anchor()
            given = dict(attrs)
            href = (given.get("href") or "").strip()
            target = resolve(self._base, href) if href and not href.startswith("#") else None
            self._anchors.append((target, frozenset((given.get("class") or "").split()), len(self._pieces)))
        elif tag in _BLOCKS:
            self._break(tag)
            self._pre += tag == "pre"
            if tag == "li":
                self._put("- ")
        elif tag in {"td", "th"}:
            self._put(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._close_anchor()
        elif tag in _BLOCKS:
            self._pre = max(0, self._pre - (tag == "pre"))
            self._break(tag)

    def handle_data(self, data: str) -> None:
        self._put(data.replace("\r\n", "\n") if self._pre else _SPACES.sub(" ", data))

    def text(self) -> str:
        """The lines, without the spaces around them and with at most one empty line between two."""
        self._close_anchor()
        lines = [re.sub(r" {2,}", " ", line).strip(" ") for line in "".join(self._pieces).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n ")

    def _break(self, tag: str) -> None:
        self._due = max(self._due, 2 if tag in _PARAGRAPHS else 1)

    def _put(self, piece: str) -> None:
        """Add text, after the line breaks that are due; space between two blocks is none."""
        if self._due:
            if piece == " ":
                return
            self._pieces.append("\n" * self._due)
            self._due = 0
        self._pieces.append(piece)

    def _image(self, given: dict[str, str | None]) -> None:
        alt = (given.get("alt") or "").strip()
        source = (given.get("src") or "").strip()
        if alt:
            self._put(f"[{_SPACES.sub(' ', alt)}]")
        counts_readers = given.get("width") in _TRACKING_SIZE and given.get("height") in _TRACKING_SIZE
        if source and not counts_readers and not source.lower().startswith("data:"):
            self.images.setdefault(resolve(self._base, source), given.get("alt"))

    def _close_anchor(self) -> None:
        if not self._anchors:
            return
        target, classes, start = self._anchors.pop()
        if target is None:
            return
        self.links.append(target)
        shown = "".join(self._pieces[start:]).strip()
        named = shown[:1] in {"@", "#"} and not classes.isdisjoint(_NAMED_LINKS)
        if not named and not _names(shown, target):
            self._put(f" ({target})" if shown else f"({target})")


def _names(shown: str, target: str) -> bool:
    """Whether the text of a link already says where it leads."""

    def bare(address: str) -> str:
        return re.sub(r"^(?:https?://|mailto:|tel:)", "", address.strip()).rstrip("/")

    return bare(shown) == bare(target)
