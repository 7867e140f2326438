"""Fetching one medium into a file: streamed past, held to its type and size, gone on with where the connection broke off.

What broke off is asked for from there (RFC 9110 section 14.2) where that can be trusted: the answer has a strong validator, which
goes along as If-Range (section 13.1.5), or the platform itself names the digest of the whole. Else it begins anew. Each answer is
an exchange of its own, with the digest of what came of it. What broke off for good can be gone on with by a later run, just so.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

import requests
import urllib3

from archiver.capture import retry, sniffing
from archiver.capture.errors import BadAnswer, RateLimited, Refused, RequestFailed, Unreachable
from archiver.capture.half_fetched import Half, place_of

if TYPE_CHECKING:
    from archiver.capture.session import CaptureSession
    from archiver.platforms.items import Media
    from archiver.platforms.pages import Exchange

_CHUNK = 1 << 16
"""Bytes that are read together; fewer are lost where a connection breaks."""
_OK, _PART, _NO_SUCH_PART = 200, 206, 416
_DIGITS = 18
_BUSY = frozenset({retry.TOO_MANY_REQUESTS, 503})
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)")


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """One answer, and how many bytes came of it."""

    exchange: Exchange
    size: int


@dataclasses.dataclass(frozen=True, slots=True)
class Whole:
    """A medium as it was fetched: its digest, its size, its type as last told, and the answers that it came in."""

    sha256: bytes
    size: int
    content_type: str | None
    pieces: tuple[Piece, ...]


class Fetching:
    """The fetching of one medium into `file`.

    Args:
        session: The capture's session, which guards and scrubs.
        url: Where the medium is, whole.
        medium: What it should be.
        file: Where its bytes go; read and write. It holds what came before of it (`half`), or nothing.
        limit: Bytes; more are refused.
        expected: The SHA-256 that the platform names, where it does.
        half: What the file should hold; where it does not, the medium is begun anew.
    """

    def __init__(
        self,
        session: CaptureSession,
        url: str,
        medium: Media,
        file: BinaryIO,
        limit: int,
        expected: bytes | None = None,
        half: Half | None = None,
    ) -> None:
        self._session, self._url, self._medium, self._file, self._limit = session, url, medium, file, limit
        self._clean, self._expected = session.clean(url), expected
        self._digest, self._size, self._validator = hashlib.sha256(), 0, ""
        self.pieces: list[Piece] = []
        """The answers so far, also where it fails."""
        self._type: str | None = None
        if half is not None:
            self._go_on_from(half)

    @property
    def half(self) -> Half | None:
        """What there is of it, where a later run can go on from there; None where it would have to begin anew anyway."""
        if not self._size or not (self._validator or self._expected):
            return None
        return Half(self._size, self._digest.hexdigest(), self._validator, place_of(self._url))

    def run(self, attempts: int) -> Whole:
        """Fetch it, asking again so often where the connection breaks or the server is busy.

        Raises `Refused` (too large, a private address), `BadAnswer` (another type), `RequestFailed`, `Unreachable`, and
        `RateLimited` where the server names a wait that is too long.
        """
        for attempt in range(1, attempts + 1):
            last = attempt == attempts
            try:
                wait = self._ask(attempt, last=last)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                if last:
                    raise Unreachable(self._clean, type(error).__name__) from None
                wait = retry.wait_before_retry(0, {}, attempt, datetime.now(UTC), random.random())  # noqa: S311 - no secret
            if wait is None:
                break
            self._session.pause(wait.seconds)
        if not self._size:
            raise BadAnswer(self._clean, "it is empty")
        if self._expected is not None and self._digest.digest() != self._expected:
            raise RequestFailed(self._clean, _OK, "the bytes are not those that the platform names")
        return Whole(self._digest.digest(), self._size, self._type, tuple(self.pieces))

    def _ask(self, attempt: int, *, last: bool) -> retry.Wait | None:
        """One request for what is missing. Gives the wait before the next one; None where the medium is whole."""
        headers = {"Accept-Encoding": "identity"}
        if self._size and (self._validator or self._expected):
            headers["Range"] = f"bytes={self._size}-"
            headers |= {"If-Range": self._validator} if self._validator else {}
        elif self._size:
            self._begin_anew()
        with self._session.stream(self._url, headers) as (response, target, started):
            status = response.status_code
            no_way_on = status == _NO_SUCH_PART or (status == _PART and not self._goes_on(response))
            if no_way_on and self._size and not last:
                self._begin_anew()
                return retry.Wait(0.0, told=False)
            if no_way_on or status not in {_OK, _PART}:
                return self._refused(response, attempt, last=last)
            if status == _OK:
                self._begin_anew()
            self._type = response.headers.get("Content-Type")
            self._check(b"")
            self._check_length(response)
            etag = response.headers.get("ETag", "")
            self._validator = etag if etag.startswith('"') and not _is_coded(response) else ""
            before, piece = self._size, hashlib.sha256()
            try:
                for chunk in response.raw.stream(_CHUNK, decode_content=True):
                    if not self._size:
                        self._check(chunk)
                    self._take(chunk)
                    piece.update(chunk)
            finally:
                described = self._session.describe(response, target, started, b"", b"", piece.digest())
                self.pieces.append(Piece(described, self._size - before))
        return None

    def _check(self, head: bytes) -> None:
        """Hold the answer to what it should be: by its stated type alone while nothing of it has come. Raises `BadAnswer`."""
        first = head[: sniffing.HEAD]
        why = (
            sniffing.why_not(self._medium.kind, self._type, first)
            if first
            else sniffing.stated_otherwise(self._medium.kind, self._type)
        )
        if why is not None:
            raise BadAnswer(self._clean, why)

    def _take(self, chunk: bytes) -> None:
        if self._size + len(chunk) > self._limit:
            raise Refused(self._clean, f"it is larger than {self._limit} bytes (CIVIC_ARCHIVE_MEDIA_MAX_BYTES)")
        self._file.write(chunk)
        self._digest.update(chunk)
        self._size += len(chunk)

    def _go_on_from(self, half: Half) -> None:
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            self._digest.update(chunk)
            self._size += len(chunk)
        self._validator = half.validator
        if (self._size, self._digest.hexdigest()) != (half.size, half.sha256):
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._digest, self._size, self._validator = hashlib.sha256(), 0, ""

    def _goes_on(self, response: requests.Response) -> bool:
        """Whether a partial answer begins where we stand, and is no other coding of it."""
        told = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        return told is not None and int(told[1]) == self._size and not _is_coded(response)

    def _check_length(self, response: requests.Response) -> None:
        """Refuse what is said to be too large before it is fetched."""
        told = response.headers.get("Content-Length", "")
        if told.isascii() and told.isdigit() and (len(told) > _DIGITS or self._size + int(told) > self._limit):
            raise Refused(self._clean, f"it is larger than {self._limit} bytes (CIVIC_ARCHIVE_MEDIA_MAX_BYTES)")

    def _refused(self, response: requests.Response, attempt: int, *, last: bool) -> retry.Wait:
        """What follows from an answer that is none of the medium: how long to wait. Raises where asking again does not help."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        status = response.status_code
        wait = retry.wait_before_retry(status, headers, attempt, datetime.now(UTC), random.random())  # noqa: S311 - no secret
        if wait is not None and wait.told and status in _BUSY and wait.seconds > self._session.longest_wait:
            raise RateLimited(self._clean, wait.seconds)
        if wait is None or last:
            raise RequestFailed(self._clean, status, response.reason or "")
        return wait


def _is_coded(response: requests.Response) -> bool:
    return response.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}
