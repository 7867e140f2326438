"""How archived text reaches a page: inert, and with nothing hidden in it. Pure.

Everything that strangers wrote is shown as plain text, escaped. Characters that change how others are shown
(directional embeddings and overrides, other control characters) are shown by their number instead of being obeyed, as a
reader of a record must see what is there.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import nh3
from markupsafe import Markup, escape

from archiver.i18n.languages import ENGLISH, language

LONGEST = 20_000
"""How many characters of one text a page shows; the whole is a download."""

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_KEPT_TAGS = {
    "p", "br", "strong", "b", "em", "i", "s", "del", "ins", "u", "blockquote", "ul", "ol", "li", "pre", "code", "h1",
    "h2", "h3", "h4", "h5", "h6", "sub", "sup", "hr", "dl", "dt", "dd",
}  # fmt: skip
_EMPTIED_TAGS = {"script", "style", "noscript", "template", "iframe", "object", "svg", "math", "textarea", "title"}
_OPENED_SCHEMES = frozenset({"http", "https"})


def shown(text: object) -> Markup:
    """Text of a stranger as safe HTML: escaped, its control characters visible.

    Safe HTML (a highlight) is taken as it is, but for the control characters.
    """
    return Markup(_CONTROLS.sub(_named, str(escape(text).replace("\r\n", "\n"))))  # noqa: S704 - escaped just here


def _named(match: re.Match[str]) -> str:
    return f'<span class="control">U+{ord(match.group()):04X}</span>'


def plain(text: object) -> str:
    """The same for places without markup (a page's title, an image's description): control characters left out."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(text))


def stored(sentence: str) -> Markup:
    """What the archive keeps in English (a reason, a problem) as `shown` does, and named English where the page is not."""
    words = shown(sentence)
    return words if language() == ENGLISH else Markup('<span lang="en">{}</span>').format(words)


def cut(text: str, longest: int = LONGEST) -> tuple[str, int]:
    """The beginning of a text, and how many characters were left off."""
    return text[:longest], max(len(text) - longest, 0)


def highlighted(markup: str) -> Markup:
    """A highlight from the index: everything but `<mark>` is taken out, whatever the index holds."""
    return shown(Markup(nh3.clean(markup, tags={"mark"}, attributes={})))  # noqa: S704 - sanitised just here


def sanitised(html: str) -> Markup:
    """The HTML of a record with its paragraphs and emphasis, and nothing that loads, runs, links or looks like ours.

    Headings are lowered below the page's own. Links are listed beside the record, with the address that they lead to.
    """
    clean = nh3.clean(html, tags=_KEPT_TAGS, attributes={}, clean_content_tags=_EMPTIED_TAGS, strip_comments=True)
    clean = re.sub(r"<(/?)h[1-6]>", lambda tag: "</strong></p>" if tag.group(1) else "<p><strong>", clean)
    return Markup(_CONTROLS.sub(_named, clean))  # noqa: S704 - sanitised just above


def outward(address: str | None) -> str | None:
    """An address that may be followed (http or https, with a host), or None: it is then shown as text only."""
    if address is None or _CONTROLS.search(address) or any(character.isspace() for character in address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme.lower() in _OPENED_SCHEMES and parts.hostname else None
