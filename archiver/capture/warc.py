"""Raw evidence: the exchanges of one account in one run, in a gzipped WARC (ISO 28500), first on a local spool.

A record is a gzip member of its own, so that an offset is enough to read it, and one can be rewritten by law without the
others. The file is synced to disk before the transaction that points into it commits. A crash leaves at most a torn last
member, which no transaction points at; `recover` cuts it off. Who writes a file holds a lock on it, which the system lets
go of when the writer dies, so that nobody seals a file that is still being written.
"""

from __future__ import annotations

import contextlib
import fcntl
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

    from archiver.platforms.pages import Exchange

_CHUNK = 1 << 20
_VERSION = "1.1"
"""Times to the microsecond are of WARC 1.1 (section 5.4); 1.0 allows seconds only."""
_HOP_BY_HOP = frozenset({"transfer-encoding", "connection", "keep-alive", "trailer", "upgrade"})


class SpoolInUse(Exception):
    """Another capture is writing the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} is being written by another capture; it is sealed when that has ended"


class SpoolDamaged(Exception):
    """A spool file no longer holds what the database points at."""

    def __init__(self, path: Path, whole: int, needed: int) -> None:
        super().__init__(path, whole, needed)
        self.path, self.whole, self.needed = path, whole, needed

    def __str__(self) -> str:
        return (
            f"{self.path} can be read up to byte {self.whole}, records up to byte {self.needed} are pointed at; it was left "
            "as it is: look at the disk, and restore the file from a copy"
        )


class SpoolWarc:
    """A WARC on the local spool, open for appending by one writer.

    An existing file is recovered and appended to. Raises `SpoolInUse` where somebody else is writing it.
    """

    def __init__(self, path: Path, software: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = self._open()
        try:
            recover(path)
            self._file.seek(0, os.SEEK_END)
            if self._file.tell() == 0:
                info = self._writer.create_warcinfo_record(
                    path.name, {"software": software, "format": f"WARC File Format {_VERSION}"}
                )
                self._writer.write_record(info)
                _sync_folder(path.parent)
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> BinaryIO:
        file = self.path.open("ab")
        try:
            lock(file, self.path)
        except BaseException:
            file.close()
            raise
        self._writer = self._writer_of(file)
        return file

    @staticmethod
    def _writer_of(file: BinaryIO) -> WARCWriter:
        return WARCWriter(file, gzip=True, warc_version=_VERSION)

    def append(self, exchanges: Sequence[Exchange]) -> list[Located]:
        """Write request and response records and sync them to disk. Gives where each response lies, in order.

        Where that fails (a full disk), what was half written is cut off again, so that it cannot stand between the records
        before it and those after.
        """
        start = self._file.tell()
        try:
            located = [self._append(exchange) for exchange in exchanges]
            self._file.flush()
            os.fsync(self._file.fileno())
        except BaseException:
            held = os.dup(self._file.fileno())  # the lock is held as long as one of the two is open
            with contextlib.suppress(OSError):  # what is left in its buffer goes before the cut, or nowhere
                self._file.close()
            os.ftruncate(held, start)
            self._file = os.fdopen(held, "ab")
            self._writer = self._writer_of(self._file)
            raise
        return located

    def _append(self, exchange: Exchange) -> Located:
        payload, size, digest = _payload(exchange)
        record_id = f"<urn:uuid:{exchange.id}>"
        date = exchange.requested_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        named = {
            "WARC-Record-ID": record_id,
            "WARC-Date": date,
            "WARC-Payload-Digest": f"sha256:{digest.hex()}",
        }
        if exchange.scrubbed:
            named["X-Scrubbed"] = ", ".join(exchange.scrubbed)
            named["X-Received-Digest"] = f"sha256:{exchange.received_sha256.hex()}"
        imported = exchange.method == "IMPORT"  # of what was imported, only an answer that somebody recorded has a head
        resource = imported and not exchange.status
        record = self._writer.create_warc_record(
            exchange.url,
            "resource" if resource else "response",
            payload=payload,
            length=size,
            warc_content_type=exchange.header("content-type") or "application/octet-stream" if resource else "",
            warc_headers_dict=named,
            http_headers=None if resource else _response_head(exchange, size),
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
        head = _Head(
            f"{exchange.method} {target} HTTP/1.1",
            [("Host", parts.netloc), *exchange.request_headers],
            is_http_request=True,
        )
        record = self._writer.create_warc_record(
            exchange.url,
            "request",
            payload=io.BytesIO(b""),
            length=0,
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


class _Head(StatusAndHeaders):  # type: ignore[misc] # warcio ships no types
    """A head as its bytes were: header lines are ISO 8859-1 (RFC 9112 section 2.2), `404 Non trouvé` included, which warcio
    would refuse to write.
    """

    def to_ascii_bytes(self, filter_func: object = None) -> bytes:
        """The head's bytes (warcio's own name for what it writes)."""
        text: str = self.to_str(filter_func)
        return text.encode("latin-1", "replace") + b"\r\n"


def _payload(exchange: Exchange) -> tuple[BinaryIO, int, bytes]:
    """What is kept of an answer, its length and its SHA-256. One that lies in a file goes from there."""
    if exchange.file is not None:
        exchange.file.seek(0)
        return exchange.file, exchange.file_bytes, exchange.received_sha256
    kept = exchange.received if exchange.kept_body is None else exchange.kept_body
    return io.BytesIO(kept), len(kept), hashlib.sha256(kept).digest()


def _response_head(exchange: Exchange, length: int) -> StatusAndHeaders:
    """The head as received, but for what no longer fits the kept body; that is kept under another name."""
    decoded = exchange.kept_body is not None
    headers = []
    for name, value in exchange.response_headers:
        lowered = name.lower()
        replaced = lowered in _HOP_BY_HOP or lowered == "content-length" or (decoded and lowered == "content-encoding")
        headers.append((f"X-Received-{name}" if replaced else name, value))
    headers.append(("Content-Length", str(length)))
    return _Head(f"{exchange.status} {exchange.reason}".strip(), headers, protocol="HTTP/1.1")


def lock(file: BinaryIO, path: Path) -> None:
    """Hold a spool file for oneself, until it is closed or the process ends. Raises `SpoolInUse`."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SpoolInUse(path) from error


def recover(path: Path, needed: int = 0) -> int:
    """Cut a torn last gzip member off a spool file. Gives the number of bytes cut (0 for a whole file).

    `needed` is how far records are pointed at: raises `SpoolDamaged` rather than cut there.
    """
    whole = _readable(path)
    torn = path.stat().st_size - whole
    if whole < needed:
        raise SpoolDamaged(path, whole, needed)
    if torn:
        os.truncate(path, whole)
    return torn


def _readable(path: Path) -> int:
    """How many bytes of whole members the file begins with."""
    whole = 0
    with path.open("rb") as file:
        position = 0
        decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        while chunk := file.read(_CHUNK):
            position += len(chunk)
            while chunk:
                try:
                    decoder.decompress(chunk)
                except zlib.error:
                    return whole
                if not decoder.eof:
                    break
                chunk = decoder.unused_data
                whole = position - len(chunk)
                decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    return whole


def _sync_folder(folder: Path) -> None:
    """Make a new file's name outlive a power cut, as its bytes do."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_record(file: BinaryIO, offset: int, length: int) -> bytes:
    """The decompressed bytes of one record. Raises `ValueError` where the member is not whole."""
    file.seek(offset)
    decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    data = decoder.decompress(file.read(length))
    if not decoder.eof:
        raise ValueError(f"the WARC record at {offset} is cut short")
    return data
