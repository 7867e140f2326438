"""From the bytes of a feed to its entries: which charset, is it a feed, is it whole.

`feedparser` does the reading. It is only ever given a byte stream (a string or bytes could be taken for an address or a
file name), resolves no external entities and strips internal ones, and is told to change nothing: the HTML stays as
it came. Pure: no network, no clock.
"""

from __future__ import annotations

import dataclasses
import io
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin
from xml.sax import SAXParseException

import feedparser
from feedparser.exceptions import CharacterEncodingOverride, CharacterEncodingUnknown, NonXMLContentType

from archiver.platforms.items import Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WRONG_CHARSET = "wrong_charset"
"""Flag of a version: the declared charset does not fit the bytes; they were read in another."""

_CLOSING_ROOT = re.compile(
    rb"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>\s*(?:<!--.*?-->\s*)*\Z", re.IGNORECASE | re.DOTALL
)
_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!doctype[^>]*>\s*)*<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
"""How a feed begins, for dialects that declare no version."""
_CLOSING_ENTRY = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_OPENING_ENTRY = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)(?:\s[^<>]*)?>", re.IGNORECASE)
_SURROGATE = rb"&#(?:[xX]0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*(?:5529[6-9]|55[3-9]\d\d|5[67]\d{3}));"
_UNSTORABLE_REFERENCES = re.compile(rb"(?:" + _SURROGATE + rb")+|&#(?:[xX]0+|0+);")
_BARE_AMPERSAND = re.compile(rb"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{0,31};)")
_CDATA = re.compile(rb"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
_TAIL = 4096
_QUOTED = 120


class NoFeed(ValueError):
    """The bytes are no feed, or nothing of them can be read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Feed:
    """A feed as read: `head` and `entries` are feedparser's dictionaries, keys in its terms."""

    head: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    version: str
    """feedparser's name of the dialect, such as `rss20` or `atom10`; empty where it is none it knows."""
    base: str
    """What relative addresses are relative to, where no `xml:base` says otherwise."""
    text: bytes
    """The document in UTF-8, its XML declaration replaced, as it was parsed."""
    notes: tuple[Skipped, ...]
    flags: frozenset[str]
    replaced: bool
    """Whether the document refers to characters that no text can hold; U+FFFD stands for them."""

    @property
    def is_atom(self) -> bool:
        """Whether Atom's rules hold (an entry inherits the feed's author)."""
        return self.version.startswith("atom")


def read(body: bytes, headers: Sequence[tuple[str, str]], url: str) -> Feed:
    """Read a feed.

    Args:
        body: The answer's bytes, free of transfer and content coding.
        headers: The answer's headers, for the charset rules of RFC 3023.
        url: Where it was fetched from.

    Raises:
        NoFeed: It is none, or not one entry of it can be read; says why in plain words.
    """
    if not body.strip():
        raise NoFeed("the answer is empty")
    given = {name.lower(): value for name, value in headers}
    # The base is ours to apply: feedparser would resolve ids with it too, and an id must not change with an address.
    told = {key: value for key, value in given.items() if key in {"content-type", "content-language"}}
    readable, replaced = without_unstorable_references(body)
    parsed = _parse(readable, told)
    problem = parsed.get("bozo_exception")
    if isinstance(problem, SAXParseException) and (escaped := with_ampersands_escaped(readable)) != readable:
        parsed = _parse(escaped, told)
    version, entries = parsed.get("version") or "", list(parsed["entries"])
    if not version and not entries and not _ROOT.match(body):
        raise NoFeed(_what_it_is(body, given.get("content-type")))
    document = _as_utf8(body, parsed.get("encoding") or "utf-8")
    cut = bool(problem) and not isinstance(problem, NonXMLContentType) and not _CLOSING_ROOT.search(document[-_TAIL:])
    notes: list[Skipped] = []
    if cut:
        entries, lost = _whole_entries(document, entries)
        if not entries:
            raise NoFeed("it breaks off before the end of its first entry")
        notes.append(Skipped(what="the end of the feed", reason=f"it breaks off after {len(entries)} whole entries"))
        notes.extend(Skipped(what=_label(entry), reason="the feed breaks off within this entry") for entry in lost)
    flags, words = _problems(problem, given.get("content-type") or "", cut=cut)
    notes.extend(words)
    return Feed(
        head=parsed["feed"],
        entries=entries,
        version=version,
        base=_base(url, given.get("content-location")),
        text=document,
        notes=tuple(notes),
        flags=flags,
        replaced=replaced,
    )


def without_unstorable_references(body: bytes) -> tuple[bytes, bool]:
    """References to surrogates and NUL, which no XML may have, made into what can be read.

    Two that are the halves of one character become it (a common fault of feeds that were made of UTF-16); any other
    becomes U+FFFD.

    Returns:
        The document, and whether a character was replaced by U+FFFD.
    """
    replaced = False

    def readable(match: re.Match[bytes]) -> bytes:
        nonlocal replaced
        numbers = [_number(reference) for reference in match[0].strip(b"&#;").split(b";&#")]
        text = "".join(chr(number) for number in numbers).encode("utf-16-be", "surrogatepass")
        characters = text.decode("utf-16-be", "replace").replace("\0", "\ufffd")
        replaced |= "\ufffd" in characters
        return "".join(f"&#{ord(character)};" for character in characters).encode()

    return _UNSTORABLE_REFERENCES.sub(readable, body), replaced


def _number(reference: bytes) -> int:
    return int(reference[1:], 16) if reference[:1] in b"xX" else int(reference)


def with_ampersands_escaped(body: bytes) -> bytes:
    """An `&` that begins no reference written as one, CDATA left alone: `Q&A` stays `Q&A` however it is parsed."""
    parts = _CDATA.split(body)
    return b"".join(part if number % 2 else _BARE_AMPERSAND.sub(b"&amp;", part) for number, part in enumerate(parts))


def _parse(body: bytes, headers: Mapping[str, str]) -> Any:
    """The parser's reading, which changes nothing of the markup."""
    try:
        return feedparser.parse(
            io.BytesIO(body), response_headers=dict(headers), resolve_relative_uris=False, sanitize_html=False
        )
    except (ValueError, LookupError, AssertionError, TypeError, AttributeError) as error:
        # Seen with hostile input: feedparser lets errors of its own parts through (unknown codecs, broken markup).
        raise NoFeed(f"it breaks the feed parser ({type(error).__name__}: {str(error)[:_QUOTED]})") from error


def _base(url: str, content_location: str | None) -> str:
    try:
        return urljoin(url, content_location or "")
    except ValueError:
        return url


def _as_utf8(body: bytes, encoding: str) -> bytes:
    """The document in UTF-8 as feedparser took it, without a declaration that would now be wrong."""
    try:
        text = body.decode(encoding, "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    return re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", "", text, count=1).encode("utf-8", "replace")


def _whole_entries(
    document: bytes, entries: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Of a feed that breaks off: the entries that were closed, and those that were not.

    A half-read entry would look like an edit of the whole one, so it is left out.
    """
    closed = len(_CLOSING_ENTRY.findall(document))
    opened = len(_OPENING_ENTRY.findall(document))
    whole = len(entries) if opened <= closed else min(closed, len(entries) - 1)
    return list(entries[:whole]), list(entries[whole:])


def _problems(problem: Exception | None, content_type: str, *, cut: bool) -> tuple[frozenset[str], list[Skipped]]:
    """The flags and words for what feedparser found wrong with a feed that it could read all the same."""
    if problem is None:
        return frozenset(), []
    words = " ".join(str(problem).split())
    if isinstance(problem, CharacterEncodingOverride | CharacterEncodingUnknown):
        if "charset" not in content_type.lower() and "declared as us-ascii" in words:
            # RFC 3023's default for text/xml; RFC 7303 has since put the XML declaration in its place.
            return frozenset(), []
        return frozenset({WRONG_CHARSET}), [Skipped(what="the declared charset", reason=words, lost=False)]
    if isinstance(problem, NonXMLContentType):
        return frozenset(), []  # a feed served as text/html is a feed
    if cut:
        return frozenset(), []
    return frozenset(), [Skipped(what="the feed's XML", reason=f"ill-formed, read all the same: {words}", lost=False)]


def _what_it_is(body: bytes, content_type: str | None) -> str:
    """What came instead of a feed, in words."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1024].lower()
    served = f" (served as {content_type})" if content_type else ""
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start:
        return f"it is an HTML page{served}"
    if start.startswith((b"{", b"[")):
        return f"it is JSON{served}"
    beginning = body[:_QUOTED].decode("utf-8", "replace").strip()
    return f"it begins with {beginning!r}{served}"


def _label(entry: Mapping[str, Any]) -> str:
    """How to name an entry that is not kept."""
    return next((str(entry[key])[:_QUOTED] for key in ("id", "link", "title") if entry.get(key)), "an entry without id")
