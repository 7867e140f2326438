"""What a recorded web page says: its title, its text, and where it leads; from bytes in whatever charset."""

from __future__ import annotations

import codecs
import dataclasses
import html
import re

from archiver.platforms.text import Cleaner, read_html

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_HEAD = 256 << 10
"""In so many characters a page has its title and what it says of itself."""
_CHARSET = re.compile(rb"""<meta[^>]{1,300}?charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_DECLARED = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_CHARSET_WITHIN = 4096
_TEXTUAL = re.compile(
    r"utf-(?:8|16|16-le|16-be)|ascii|iso8859-\d+|cp(?:125\d|437|850|866|874|932|936|949|950)|koi8-[ru]|gb2312|gbk|gb18030|"
    r"big5|shift_jis|euc_(?:jp|kr)|iso2022_jp|mac-roman|tis-620"
)
"""Codecs of text, by Python's names for them; others (`idna`, `zlib`) have no business in a page."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_TITLE = re.compile(r"<title\b[^>]{0,200}>([^<]{0,2000})", re.IGNORECASE)
_META = re.compile(r"<meta\s[^>]{1,6000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(name|property|content)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_MOST_METAS = 300
_RAW = re.compile(r"<(script|style)\b", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


@dataclasses.dataclass(frozen=True, slots=True)
class PageText:
    """What a page says; `description` is what it says of itself to those who link to it."""

    title: str | None
    text: str
    description: str | None
    links: tuple[str, ...]
    flags: frozenset[str]


def read_page(body: bytes, content_type: str, url: str) -> PageText:
    """Read an HTML page. Pure.

    Args:
        body: Its bytes, unpacked.
        content_type: The header of that name, with its charset.
        url: Its address, which relative ones are relative to.
    """
    said = decoded(body, content_type)
    cleaner = Cleaner(replaced="\ufffd" in said)
    head = said[:_HEAD]
    titled = _TITLE.search(head)
    metas = _metas(head)
    title = (_line(titled[1]) if titled else None) or metas.get("og:title")
    description = metas.get("og:description") or metas.get("description")
    reading = read_html(_without_raw(said), url)
    return PageText(
        cleaner.optional(title or None),
        cleaner.text(reading.text),
        cleaner.optional(description or None),
        tuple(map(cleaner.text, reading.links)),
        cleaner.flags,
    )


def decoded(body: bytes, content_type: str = "") -> str:
    """The text of bytes: by their byte order mark, the declared charset, the page's own word, UTF-8, or Windows-1252."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    inside = _CHARSET.search(body[:_CHARSET_WITHIN])
    declared = _DECLARED.search(content_type)
    for name in (declared[1] if declared else "", inside[1].decode("ascii") if inside else ""):
        codec = _codec(name)
        if codec is not None:
            return body.decode(codec, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _codec(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    if found in {"iso8859-1", "ascii"}:  # so do browsers: https://encoding.spec.whatwg.org/#names-and-labels
        return "cp1252"
    return found if _TEXTUAL.fullmatch(found) else None


def _metas(head: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, tag in enumerate(_META.finditer(head)):
        if number >= _MOST_METAS:
            break
        given = {match[1].lower(): match[2] or match[3] or "" for match in _ATTRIBUTE.finditer(tag[0])}
        name = (given.get("property") or given.get("name") or "").lower()
        if name and (content := _line(given.get("content", ""))):
            found.setdefault(name, content)
    return found


def _line(text: str) -> str:
    return _SPACES.sub(" ", html.unescape(text)).strip()


def _without_raw(page: str) -> str:
    """The page without its scripts and styles, which may be most of it; one that has no end goes on to the page's own."""
    kept, at = [], 0
    while found := _RAW.search(page, at):
        kept.append(page[at : found.start()])
        end = _END[found[1].lower()].search(page, found.end())
        if end is None:
            return "".join(kept)
        at = end.end()
    return "".join((*kept, page[at:]))


_END = {name: re.compile(rf"</{name}\b[^>]*>?", re.IGNORECASE) for name in ("script", "style")}
