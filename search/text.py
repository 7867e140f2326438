"""What is written inside a text besides words: hashtags, handles and links, found and brought to one form.

The index and the queries use the same functions, so that what one stores the other finds. All of it is pure.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTES = '"\u201c\u201d\u201e\u201f\uff02'
"""Quotation marks, as keyboards and word processors make them: what a phrase is typed between."""
KEY_LIMIT = 2000
"""Longest keyword in characters: Lucene holds no term above 32,766 bytes, and nobody types one this long."""

_HASH = re.compile("[#\uff03](\\S+)")
_HANDLE = re.compile(r"(?<![\w@./+-])[@\uff20](\w(?:[\w.-]*\w)?(?:@\w[\w.-]*\w)?)")
_LINK = re.compile('(?:https?://|(?<![\\w@.])www\\.)[^\\s<>"\u201c\u201d]+', re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://)?([^/?#:\s]+(?::\d+)?)([^?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRUCK = "\u0338"
"""The mark that would make another sign of the `=` that stands before an exact name."""
_JOINERS = "_\u200c\u200d"
_TRAILING = ".,;:!?'\u2019*_~\u2026"


def composed(text: str) -> str:
    """The text in Unicode normal form C, so that an accent typed in either way is the same letter.

    A lone surrogate, which no JSON can carry, becomes U+FFFD, as it did in the archive.
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", unicodedata.normalize("NFC", text))


def key(value: str) -> str:
    """A string as a keyword: composed, without case, and cut to a digest where Lucene could not hold it."""
    return _fitting(value.lower() if value.isascii() else composed(composed(value).casefold()))


def _fitting(term: str) -> str:
    if len(term) <= KEY_LIMIT:
        return term
    return f"{term[:200]}\u2026{hashlib.sha256(term.encode()).hexdigest()}"


def unquoted(text: str) -> str:
    """The text without quotation marks, one space where several are: what can stand between two quotation marks."""
    return " ".join(text.translate(_WITHOUT_QUOTES).split())


_WITHOUT_QUOTES = dict.fromkeys(map(ord, QUOTES), " ")


def typeable(name: str) -> str:
    """A name as it can be typed behind a field's colon, and as such names are compared: composed and `unquoted`, its case kept.

    Somebody may be called `12\u201d Pete`, with two spaces, or with an accent beside its letter. May be empty.
    """
    return unquoted(composed(name)).lstrip(f"{_STRUCK} ")[:KEY_LIMIT].rstrip()


def tag_key(tag: str) -> str:
    """A hashtag as a keyword, without its `#`."""
    return key(tag.lstrip("#\uff03"))


def handle_key(handle: str) -> str:
    """A handle as a keyword, without its `@`."""
    return key(handle.lstrip("@\uff20"))


def link_key(link: str) -> str:
    """An address as a keyword: `http` and `https`, `www.` or not, a last `/` or not are the same."""
    parts = _ADDRESS.fullmatch(link)
    if parts is None:
        return key(link)
    host, path, rest = parts.groups()
    return _fitting(composed(host.lower().removeprefix("www.") + path.rstrip("/") + rest))


def tags_in(text: str) -> Iterator[str]:
    """The hashtags of a text, as keywords. A tag ends at the first character that is no letter, digit, mark or `_`."""
    if "#" not in text and "\uff03" not in text:
        return
    for found in _HASH.finditer(text):
        # `##a` and `a#b#c`: each `#` begins anew.
        for part in re.split("[#\uff03]", found[1]):
            tag = tag_prefix(part)
            if tag:
                yield tag_key(tag)


def tag_prefix(text: str) -> str:
    """As much of the text's beginning as a hashtag may be made of."""
    end = 0
    while end < len(text) and _in_tag(text[end]):
        end += 1
    return text[:end]


def _in_tag(character: str) -> bool:
    return character.isalnum() or character in _JOINERS or unicodedata.category(character).startswith("M")


def handles_in(text: str) -> Iterator[str]:
    """The handles of a text (`@city.gov`, `@city@social.example`), as keywords; an e-mail address is none."""
    if "@" in text or "\uff20" in text:
        yield from (handle_key(found[1]) for found in _HANDLE.finditer(text))


def links_in(text: str) -> Iterator[str]:
    """The web addresses of a text, as keywords, without the punctuation that follows them."""
    if "://" in text or "www." in text.lower():
        yield from (link_key(without_tail(found[0])) for found in _LINK.finditer(text))


def without_tail(link: str) -> str:
    """An address as found in running text, without the sentence's punctuation and unmatched brackets at its end."""
    while link:
        if link[-1] in _TRAILING or (link[-1] in ")]}" and link.count(link[-1]) > link.count(_opening(link[-1]))):
            link = link[:-1]
        else:
            break
    return link


def _opening(bracket: str) -> str:
    return {")": "(", "]": "[", "}": "{"}[bracket]
