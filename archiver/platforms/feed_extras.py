"""What `feedparser` drops of a feed: tombstones (RFC 6721), the description of each single medium (Media RSS), and whether the
feed says that it is complete (RFC 5005, section 2).

Read from the document itself with defusedxml, which refuses entity declarations. Only a well-formed document has them;
from an ill-formed one nothing is taken, as half a tombstone says nothing. Pure.
"""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_COMPLETE = "http://purl.org/syndication/history/1.0"
_MEDIA = ("http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss")


@dataclasses.dataclass(frozen=True, slots=True)
class Deleted:
    """An `at:deleted-entry`: the entry's id, when it was deleted as the feed writes it, and the feed's comment."""

    id: str
    when: str
    comment: str


@dataclasses.dataclass(frozen=True, slots=True)
class Extras:
    """What was found: tombstones in document order, the description of media by address, and `fh:complete`."""

    deleted: tuple[Deleted, ...] = ()
    descriptions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    complete: bool = False


def read(document: bytes) -> Extras:
    """Read the tombstones and media descriptions of a feed in UTF-8; none where it has none or is ill-formed."""
    if not any(namespace.encode() in document for namespace in (_TOMBSTONES, _COMPLETE, _MEDIA[1])):
        return Extras()
    complete = False
    deleted: list[Deleted] = []
    descriptions: dict[str, str] = {}
    try:
        for _, element in iterparse(io.BytesIO(document), events=("end",)):
            if element.tag == f"{{{_TOMBSTONES}}}deleted-entry" and element.get("ref"):
                comment = element.findtext(f"{{{_TOMBSTONES}}}comment") or ""
                deleted.append(Deleted(id=element.get("ref"), when=element.get("when") or "", comment=comment.strip()))
            elif element.tag == f"{{{_COMPLETE}}}complete":
                complete = True
            else:
                descriptions.update(_descriptions(element))
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return Extras()
    return Extras(tuple(deleted), descriptions, complete)


def _descriptions(element: Element) -> Iterator[tuple[str, str]]:
    """The description of a medium, its own or its group's, by its address."""
    for namespace in _MEDIA:
        text = (element.findtext(f"{{{namespace}}}description") or "").strip()
        if not text:
            continue
        if element.tag == f"{{{namespace}}}content" and element.get("url"):
            yield element.get("url", "").strip(), text
        elif element.tag == f"{{{namespace}}}group":
            for content in element.iter(f"{{{namespace}}}content"):
                if content.get("url") and content.find(f"{{{namespace}}}description") is None:
                    yield content.get("url", "").strip(), text
