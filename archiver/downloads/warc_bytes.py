"""The bytes of a WARC without its gzip members, read once from a place on, in little memory; and where to go on after damage.

A record is a gzip member of its own, or all of them are in one (annex A of WARC 1.1 wants the former). Which member a byte lies
in is known at each moment, so that a record can be found again.
"""

from __future__ import annotations

import zlib
from typing import IO

CHUNK = 1 << 18
RATIO, RATIO_FROM = 250, 16 << 20
"""How many bytes one packed byte may become, once a member has become larger than `RATIO_FROM`."""
_GZIP = b"\x1f\x8b"
_MEMBER = b"\x1f\x8b\x08"
_PLAIN = b"WARC/1."
_WINDOW = 16 + zlib.MAX_WBITS
_LOOK = 512
_ENDS = b"\0\r\n"
"""What may stand between two records, or fill up the end of a file."""


class DamagedBytesError(Exception):
    """The bytes cannot be read on from here; says why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class WarcBytes:
    """Reads a seekable stream from byte `at` on. After `DamagedBytesError` only `resume` is of use."""

    def __init__(self, stream: IO[bytes], at: int = 0) -> None:
        self._stream = stream
        stream.seek(at)
        self._raw = stream.read(CHUNK)
        self._next = at
        """Where the first of the raw bytes lies in the file."""
        self.packed = self._raw.startswith(_GZIP)
        self._begin()

    def _begin(self) -> None:
        self._start, self._made, self._used, self._out = self._next, 0, 0, b""
        self._decoder = zlib.decompressobj(_WINDOW) if self.packed else None

    @property
    def place(self) -> tuple[int, int]:
        """Where the next byte lies: the member's first byte in the file, and how many unpacked bytes come before within it."""
        before = self._made - len(self._out)
        return (self._start, before) if self.packed else (self._start + before, 0)

    def read(self, count: int) -> bytes:
        """At most so many bytes, none at the end of the file. Raises `DamagedBytesError`."""
        if not self._out:
            self._fill()
        given, self._out = self._out[:count], self._out[count:]
        return given

    def give_back(self, data: bytes) -> None:
        """Put bytes that were just read before those that come next."""
        self._out = data + self._out

    def at_record(self) -> bool:
        """Whether a new member begins here, and a record with it: then the one before has ended, whatever it says."""
        if self._out or self._decoder is None or not self._decoder.eof:
            return False
        self._fill()
        return self._out.startswith(_PLAIN[:5])

    def skip_ends(self) -> bool:
        """Pass over what stands between records. Whether there is anything after it. Raises `DamagedBytesError`."""
        while data := self.read(CHUNK):
            if rest := data.lstrip(_ENDS):
                self.give_back(rest)
                return True
        return False

    def settle(self) -> None:
        """After a record's last byte: go on to the end of its member, where its checksum is. Raises `DamagedBytesError`."""
        while self._decoder is not None and not self._decoder.eof and not self._out.lstrip(_ENDS):
            self._out = b""
            self._fill()

    def _fill(self) -> None:
        if self._decoder is None:
            self._out, self._raw = (self._raw or self._stream.read(CHUNK)), b""
            self._made += len(self._out)
            return
        while not self._out:
            if self._decoder.eof:
                if not self._another():
                    return
            elif not self._raw and not self._decoder.unconsumed_tail:
                self._raw = self._stream.read(CHUNK)
                if not self._raw:
                    raise DamagedBytesError("the file ends within it")
            self._unpack()

    def _another(self) -> bool:
        """Begin the next member, if there is one."""
        self._raw = self._raw or self._stream.read(CHUNK)
        if not self._raw.startswith(b"\0") and self._raw:
            self._begin()
            return True
        while self._raw:  # tapes and some tools fill up with zeros
            rest = self._raw.lstrip(b"\0")
            self._next += len(self._raw) - len(rest)
            self._raw = rest or self._stream.read(CHUNK)
            if rest:
                self._begin()
                return True
        return False

    def _unpack(self) -> None:
        decoder = self._decoder
        if decoder is None:
            return
        given = self._raw
        try:
            self._out = decoder.decompress(given, CHUNK)
        except zlib.error as error:
            raise DamagedBytesError(f"it cannot be unpacked ({error})") from None
        self._raw = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
        self._used += len(given) - len(self._raw)
        self._next += len(given) - len(self._raw)
        self._made += len(self._out)
        if self._made > RATIO_FROM and self._made > self._used * RATIO:
            raise DamagedBytesError(f"its {self._used} bytes unpack to more than {self._made}, as only a bomb does")
        if not self._out and not self._raw and not decoder.eof:
            self._raw = self._stream.read(CHUNK)
            if not self._raw:
                raise DamagedBytesError("the file ends within it")

    def resume(self, after: int) -> bool:
        """Go to the first record that begins after a byte of the file. Whether there is one."""
        mark = _MEMBER if self.packed else _PLAIN
        at = after + 1
        while (at := self._find(mark, at)) is not None:  # type: ignore[assignment] # None ends it
            self._stream.seek(at)
            self._raw, self._next = self._stream.read(CHUNK), at
            if not self.packed or _begins_record(self._raw):
                self._begin()
                return True
            at += 1
        return False

    def _find(self, mark: bytes, at: int) -> int | None:
        self._stream.seek(at)
        held = b""
        while data := self._stream.read(CHUNK):
            held += data
            found = held.find(mark)
            if found >= 0:
                return at + found
            at += max(0, len(held) - len(mark) + 1)
            held = held[-len(mark) + 1 :]
        return None


def _begins_record(raw: bytes) -> bool:
    try:
        return zlib.decompressobj(_WINDOW).decompress(raw[:_LOOK], _LOOK).startswith(_PLAIN)
    except zlib.error:
        return False
