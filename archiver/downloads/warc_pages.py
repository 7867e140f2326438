"""A recorded answer as a page record: one item for what an address showed at a moment, and the exchange that showed it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archiver import scrub
from archiver.downloads.warc_html import HTML_TYPES, decoded, read_page
from archiver.platforms import times
from archiver.platforms.items import Item, ItemKind, Json, Media, Source
from archiver.platforms.pages import Exchange
from archiver.platforms.text import Cleaner, clean

if TYPE_CHECKING:
    from datetime import datetime

    from archiver.downloads.warc_payload import HttpHead, Payload, Spool, Stored
    from archiver.downloads.warc_records import Record

HELD = 8 << 20
"""Payloads up to so many bytes are kept with their exchange and read; larger ones are media only."""
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_DOCUMENTS = HTML_TYPES | {"text/plain", "application/pdf"}
_OK = range(200, 300)
_WEB = ("http", "https")
_RENDERED = "urn:text:"
"""How Browsertrix names the text of a page as a browser showed it."""
_LARGE = "the payload, which is kept as a medium"
_MAIN_KINDS = ("image", "video", "audio")


@dataclasses.dataclass(frozen=True, slots=True)
class Capture:
    """What is known of one recorded answer before its payload is made an item."""

    record: Record
    warc: str
    head: HttpHead | None
    payload: Payload

    @property
    def content_type(self) -> str:
        """The type of the payload, with its parameters, as it was declared."""
        return self.record.fields.get("content-type", "") if self.head is None else self.head.get("content-type")


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded:
    """A page record: the item, the exchange it was shown by (still without an id), and where its payload lies, if it has one."""

    item: Item
    exchange: Exchange
    stored: Stored | None


def page_record(capture: Capture, spool: Spool, namespace: str, now: datetime) -> Recorded:
    """Make it. What is kept is scrubbed as one of our own exchanges is; its time is that of its record.

    Args:
        capture: The answer.
        spool: Where its payload lies.
        namespace: The namespace of the account's items.
        now: The time of the import, for a record without one of its own.
    """
    payload = capture.payload
    body = spool.bytes_of(payload.body) if payload.body.size <= HELD else b""
    spared, taken = scrub.scrub_body(body)
    stored = spool.store(iter([spared])) if taken else payload.body  # what anybody may open must not hold a token
    large = max(payload.received.size, payload.body.size) > HELD
    exchange = _exchange(capture.warc, capture.record, capture.head, capture.content_type, now)
    exchange = dataclasses.replace(
        exchange,
        body=body,
        received=b"" if large else spool.bytes_of(payload.received),
        received_sha256=payload.received.sha256,
        scrubbed=tuple(dict.fromkeys((*exchange.scrubbed, *taken, *((_LARGE,) if large else ())))),
        kept_body=b"" if large else spared if taken else None,
    )
    item = _item(capture, exchange.url, spared, stored, namespace)
    return Recorded(item, exchange, stored if stored.size else None)


def revisit_record(
    revisit: Record, head: HttpHead | None, original: Capture, spool: Spool, namespace: str, now: datetime
) -> Recorded:
    """The page record of a revisit: its own address and time, with what the record it refers to holds. Else as `page_record`."""
    payload = original.payload
    body = spool.bytes_of(payload.body) if payload.body.size <= HELD else b""
    spared, taken = scrub.scrub_body(body)
    stored = spool.store(iter([spared])) if taken else payload.body
    exchange = _exchange(original.warc, revisit, head, original.content_type, now)
    item = _item(dataclasses.replace(original, record=revisit), exchange.url, spared, stored, namespace)
    of = original.record.fields.get("warc-record-id", "")
    item = dataclasses.replace(item, evidence={**item.evidence, "revisit_of": of})
    return Recorded(item, exchange, stored if stored.size else None)


def _exchange(warc: str, record: Record, head: HttpHead | None, content_type: str, now: datetime) -> Exchange:
    """The exchange of a record, as yet without a payload. Its id only tells it from others of one import."""
    url, from_url = scrub.scrub_url(record.uri)
    headers = (("Content-Type", content_type),) if head is None else head.headers
    kept, from_headers = scrub.scrub_headers((_plain(name), _plain(value)) for name, value in headers)
    return Exchange(
        id=f"{record.type} {warc} {record.place}",
        requested_at=times.rfc3339(record.fields.get("warc-date", "")) or now,
        method="IMPORT",
        url=clean(url)[0],
        status=head.status if head else 0,
        reason=_plain(head.reason) if head else "",
        request_headers=(),
        response_headers=kept,
        body=b"",
        received=b"",
        received_sha256=hashlib.sha256().digest(),
        elapsed_ms=0,
        scrubbed=tuple(dict.fromkeys((*from_url, *from_headers))),
    )


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _item(capture: Capture, url: str, body: bytes, stored: Stored, namespace: str) -> Item:
    record, head = capture.record, capture.head
    kind = type_of(capture.content_type)
    cleaner = Cleaner()
    said = _said(kind, b"" if capture.payload.packed else body, capture.content_type, url, cleaner)
    evidence: dict[str, Json] = {"recorded_by": "a WARC", "warc_record_id": record.fields.get("warc-record-id", "")}
    if head is not None:
        evidence["status"] = head.status
        if location := head.get("location"):
            evidence["location"] = _plain(scrub.scrub_url(location)[0])
    if kind:
        evidence["content_type"] = kind
    if capture.payload.declared is not None:
        evidence["payload_digest"] = capture.payload.declared.key
        evidence["payload_is_as_declared"] = bool(capture.payload.verified)
    if truncated := record.fields.get("warc-truncated"):
        evidence["truncated"] = _plain(truncated)[:100]
    if said.description:
        evidence["description"] = said.description
    date = record.fields.get("warc-date", "")
    main = kind.partition("/")[0]
    media = Media(
        id=f"sha256:{stored.sha256.hex()}",
        kind=main if main in _MAIN_KINDS else "file",
        url=url,
        content_type=kind or None,
        size=stored.size,
    )
    return Item(
        # What programs say to each other may be messages of somebody's: it is kept where messages are.
        kind=ItemKind.MESSAGE if "json" in kind else ItemKind.POST,
        id=identity(date, url, stored),
        source=Source.IMPORT,
        namespace=namespace,
        title=said.title,
        text=said.text,
        created_text=date or None,
        created_at=times.rfc3339(date),
        url=url,
        links=said.links,
        media=(media,) if stored.size else (),
        evidence=evidence,
        order_key=date,
        pointer=f"#byte={record.place[0]}" + (f"&unpacked={record.place[1]}" if record.place[1] else ""),
        flags=said.flags | cleaner.flags,
        sighted=is_document(capture),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Said:
    title: str | None = None
    text: str | None = None
    description: str | None = None
    links: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()


def _said(kind: str, body: bytes, content_type: str, url: str, cleaner: Cleaner) -> _Said:
    if kind in HTML_TYPES and body:
        page = read_page(body, content_type, url)
        return _Said(page.title, page.text, page.description, page.links, page.flags)
    return _Said(text=cleaner.text(decoded(body, content_type))) if kind == "text/plain" and body else _Said()


def identity(date: str, url: str, stored: Stored) -> str:
    """The id of a page record: when it was recorded, what its payload is, and its address. Two copies of one record have one,
    however exactly they write its time.
    """
    moment = times.rfc3339(date)
    return f"recorded:{moment.isoformat() if moment else date}:{stored.sha256.hex()[:16]}:{url}"


def type_of(content_type: str) -> str:
    """The type without its parameters, in small letters; empty for what is none."""
    found = _TYPE.match(content_type.strip())
    return found[0].lower() if found else ""


def is_document(capture: Capture) -> bool:
    """Whether it is what somebody reads (a page, a text, a PDF), and not something that was loaded for a page, or an error."""
    if capture.head is not None and capture.head.status not in _OK:
        return False
    if type_of(capture.content_type) not in _DOCUMENTS or not capture.payload.body.size:
        return False
    return _scheme(capture.record.uri) in _WEB or capture.record.uri.startswith(_RENDERED)


def _scheme(uri: str) -> str:
    try:
        return urlsplit(uri).scheme
    except ValueError:
        return ""
