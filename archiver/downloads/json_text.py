"""The text of a JSON file as it comes by, and where in it a value ends.

Bytes that are no UTF-8 are held as lone surrogates (PEP 383), so that the very bytes can be given back.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import IO, NoReturn

_CHUNK = 256 * 1024
_MOST_AT_ONCE = 8 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_BAD_BYTE = re.compile("[\udc80-\udcff]")
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FLAT = rf'[\[{{](?:[^"\[\]{{}}]++|{_STRING})*+[\]}}]'
_UP_TO_BRACKET = re.compile(rf'(?:[^"\[\]{{}}]++|{_STRING}|{_FLAT})*+', re.DOTALL)
"""Over whole strings and whole values that hold no others, up to a bracket, or to what has no end yet."""
_UP_TO_QUOTE = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_SCALAR_END = re.compile(r"[,\]}\s]")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse, strict=False)
"""A line break or a NUL within a text is no JSON, but nothing is gained by losing the text."""


class Text:
    """The text of a stream, of which no more is held than what is being read and what is to be kept."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.text, self.at = "", 0
        self._ended = False
        self._kept: list[str] = []
        self.held = 0
        self._first = self._next = 0
        self.bad_bytes = 0

    def more(self) -> bool:
        """Read on. False where there is nothing more."""
        if self._ended:
            return False
        self._keep()
        wanted = min(max(_CHUNK, len(self.text)), _MOST_AT_ONCE)
        raw = self._stream.read(wanted)
        self._ended = not raw
        new = self._decoder.decode(raw, final=self._ended)
        self.bad_bytes += 0 if new.isascii() else sum(1 for _ in _BAD_BYTE.finditer(new))
        self.text += new
        return True

    @property
    def ended(self) -> bool:
        """Whether all of the stream has been read."""
        return self._ended

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            match = _SPACE.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def drop(self) -> None:
        """Forget what has been read over, instead of keeping it. To be called when nothing is held."""
        gone, self.text, self.at = self.text[: self.at], self.text[self.at :], 0
        self._next += len(gone.encode("utf-8", "surrogateescape"))

    def forget(self) -> None:
        """As `drop`, at the end of what is read at all."""
        self.text, self.at = "", 0

    def _keep(self) -> None:
        if self.at:
            self._kept.append(self.text[: self.at])
            self.held += self.at
            self.text, self.at = self.text[self.at :], 0

    def take(self) -> tuple[bytes, int]:
        """The bytes that have been read since the last time, and where in the file the first of them lies."""
        self._keep()
        body, first = "".join(self._kept).encode("utf-8", "surrogateescape"), self._next
        self._kept, self.held = [], 0
        self._next += len(body)
        return body, first


class Scan:
    """Finds where a value ends by its brackets and quotes alone, however its text arrives."""

    def __init__(self, first: str) -> None:
        self._quoted, self._depth = first == '"', int(first in "[{")
        self._scalar = not self._quoted and not self._depth
        self.over = 1
        """How much of the value has been looked through."""

    def on(self, text: str, start: int) -> int | None:
        """Where the value that begins at `start` ends; None where that is not in the text yet."""
        at = start + self.over
        if self._scalar:
            match = _SCALAR_END.search(text, at)
            self.over = (match.start() if match else len(text)) - start
            return match.start() if match else None
        while True:
            at = _after(_UP_TO_QUOTE if self._quoted else _UP_TO_BRACKET, text, at)
            if at >= len(text) or text[at] == "\\":
                self.over = at - start
                return None
            character, at = text[at], at + 1
            if character == '"':
                self._quoted = not self._quoted
            else:
                self._depth += 1 if character in "[{" else -1
            if self._depth <= 0 and not self._quoted:
                return at


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def decoded(text: str, at: int) -> tuple[object, int, str | None]:
    """The value that begins there and where it ends, or why there is none."""
    try:
        return *_DECODER.raw_decode(text, at), None
    except RecursionError:
        return None, at, "it is nested too deeply"
    except ValueError as error:
        return None, at, str(error)
