"""Raw evidence: the exchanges of one account in one run, in a gzipped WARC (ISO 28500), first on a local spool.

A record is a gzip member of its own, so that an offset is enough to read it, and one can be rewritten by law without the
others. The file is synced to disk before the transaction that points into it commits. A crash leaves at most a torn last
member, which no transaction points at; `recover` cuts it off.
"""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from typing import TYPE_CHECKING, BinaryIO, Self
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.records.store import Located

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from archiver.platforms.contract import Exchange

_CHUNK = 1 << 20
_HOP_BY_HOP = frozenset({"transfer-encoding", "connection", "keep-alive", "trailer", "upgrade"})


class SpoolWarc:
    """A WARC on the local spool, open for appending by one writer.

    Raises `FileExistsError` never: an existing file is recovered and appended to.
    """

    def __init__(self, path: Path, software: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            recover(path)
        self.path = path
        self._file: BinaryIO = path.open("ab")
        self._writer = WARCWriter(self._file, gzip=True)
        if self._file.tell() == 0:
            info = self._writer.create_warcinfo_record(
                path.name, {"software": software, "format": "WARC File Format 1.1"}
            )
            self._writer.write_record(info)

    def append(self, exchanges: Sequence[Exchange]) -> list[Located]:
        """Write request and response records and sync them to disk. Gives where each response lies, in order."""
        located = [self._append(exchange) for exchange in exchanges]
        self._file.flush()
        os.fsync(self._file.fileno())
        return located

    def _append(self, exchange: Exchange) -> Located:
        payload = exchange.received if exchange.kept_body is None else exchange.kept_body
        digest = hashlib.sha256(payload).digest()
        record_id = f"<urn:uuid:{exchange.id}>"
        date = exchange.requested_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        named = {
            "WARC-Record-ID": record_id,
            "WARC-Date": date,
            "WARC-Payload-Digest": f"sha256:{digest.hex()}",
            "WARC-Block-Digest": "",
        }
        del named["WARC-Block-Digest"]  # warcio adds its own
        if exchange.scrubbed:
            named["X-Scrubbed"] = ", ".join(exchange.scrubbed)
            named["X-Received-Digest"] = f"sha256:{exchange.received_sha256.hex()}"
        imported = exchange.method == "IMPORT"
        record = self._writer.create_warc_record(
            exchange.url,
            "resource" if imported else "response",
            payload=io.BytesIO(payload),
            length=None if not imported else len(payload),
            warc_content_type=exchange.header("content-type") or "application/octet-stream" if imported else "",
            warc_headers_dict=named,
            http_headers=None if imported else _response_head(exchange, len(payload)),
        )
        offset = self._file.tell()
        self._writer.write_record(record)
        length = self._file.tell() - offset
        if not imported:
            self._write_request(exchange, record_id, date)
        return Located(exchange.id, record_id, self.path.name, offset, length, digest)

    def _write_request(self, exchange: Exchange, concurrent_to: str, date: str) -> None:
        parts = urlsplit(exchange.url)
        target = parts.path or "/"
        if parts.query:
            target += f"?{parts.query}"
        head = StatusAndHeaders(
            f"{exchange.method} {target} HTTP/1.1",
            [("Host", parts.netloc), *exchange.request_headers],
            is_http_request=True,
        )
        record = self._writer.create_warc_record(
            exchange.url,
            "request",
            payload=io.BytesIO(b""),
            http_headers=head,
            warc_headers_dict={"WARC-Date": date, "WARC-Concurrent-To": concurrent_to},
        )
        self._writer.write_record(record)

    def close(self) -> None:
        """Close the file; it stays on the spool until it is sealed."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _response_head(exchange: Exchange, length: int) -> StatusAndHeaders:
    """The head as received, but for what no longer fits the kept body; that is kept under another name."""
    decoded = exchange.kept_body is not None
    headers = []
    for name, value in exchange.response_headers:
        lowered = name.lower()
        replaced = lowered in _HOP_BY_HOP or lowered == "content-length" or (decoded and lowered == "content-encoding")
        headers.append((f"X-Received-{name}" if replaced else name, value))
    headers.append(("Content-Length", str(length)))
    return StatusAndHeaders(f"{exchange.status} {exchange.reason}".strip(), headers, protocol="HTTP/1.1")


def recover(path: Path) -> int:
    """Cut a torn last gzip member off a spool file. Gives the number of bytes cut (0 for a whole file)."""
    whole = 0
    with path.open("rb") as file:
        position = 0
        decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        started = False
        while chunk := file.read(_CHUNK):
            position += len(chunk)
            while chunk:
                try:
                    decoder.decompress(chunk)
                except zlib.error:
                    return _cut(path, whole)
                started = True
                if not decoder.eof:
                    break
                chunk = decoder.unused_data
                whole = position - len(chunk)
                decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
                started = False
    return _cut(path, whole) if started else 0


def _cut(path: Path, whole: int) -> int:
    torn = path.stat().st_size - whole
    os.truncate(path, whole)
    return torn


def read_record(file: BinaryIO, offset: int, length: int) -> bytes:
    """The decompressed bytes of one record. Raises `ValueError` where the member is not whole."""
    file.seek(offset)
    decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    data = decoder.decompress(file.read(length))
    if not decoder.eof:
        raise ValueError(f"the WARC record at {offset} is cut short")
    return data
