"""HTTP as evidence: one request, its redirects guarded hop by hop, its answer an `Exchange` with nothing secret in it."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests
import urllib3

from archiver import scrub
from archiver.capture import guard
from archiver.capture.coding import Damaged, NotDecoded, decoded
from archiver.capture.errors import Refused
from archiver.platforms.pages import Exchange
from archiver.records.models import uuid7

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import BinaryIO

logging.getLogger("urllib3.connectionpool").addFilter(lambda record: record.levelno > logging.DEBUG)
"""At DEBUG urllib3 writes whole addresses into the log, tokens in them included."""
_CHUNK = 1 << 16
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WORDS = 300


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What is sent, whole, secrets included."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None
    into: BinaryIO | None = None
    """A file that a good answer is written to instead of being held."""


class _PlainSession(requests.Session):
    """A session that leaves redirects alone: requests would look ahead, and read the whole body of a redirect for it."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the library's shape
        """None: `Transport.stream` follows redirects itself, each hop guarded."""
        return None


class Transport:
    """A `requests` session that asks once, and tells what came.

    Args:
        user_agent: How the archive introduces itself.
        allowed_origins: Private origins that may be fetched from (tests, the demo).
        timeout: Seconds until an unanswered request is given up.
        max_bytes: Answers larger than this are refused.
        max_file: As above, of answers that go into a file.
        secrets: Our own tokens, taken out of whatever is kept.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allowed_origins: Collection[str] = (),
        timeout: float = 60,
        max_bytes: int = 64 * 1024 * 1024,
        max_file: int = 512 * 1024 * 1024,
        secrets: Sequence[str] = (),
    ) -> None:
        self._timeout, self._max_bytes, self._max_file = timeout, max_bytes, max_file
        self._secrets = tuple(secrets)
        self._requests = _PlainSession()
        self._requests.trust_env = False
        self._requests.headers.clear()
        self._requests.headers.update(
            {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Connection": "keep-alive"}
        )
        adapter = guard.GuardedAdapter(allowed_origins)
        self._requests.mount("http://", adapter)
        self._requests.mount("https://", adapter)
        self.redirects: list[tuple[int, str]] = []
        """Of the last request: each redirect's status and where it led, scrubbed."""

    def close(self) -> None:
        """Close the connections."""
        self._requests.close()

    def add_secrets(self, secrets: Sequence[str]) -> None:
        """Take these out of whatever is kept from now on, too: a token may be renewed under way."""
        self._secrets = tuple(dict.fromkeys((*self._secrets, *secrets)))

    def clean(self, url: str) -> str:
        """The address as it may be shown and kept."""
        return scrub.scrub_url(url, self._secrets)[0]

    def clean_text(self, text: str) -> str:
        """A sentence as it may be shown and kept."""
        return scrub.scrub_text(text, self._secrets)

    def prepare(self, url: str, params: Mapping[str, Any] | None, headers: Mapping[str, str] | None) -> str:
        """The whole address of a request. Raises `Refused` for what is no plain web address."""
        self._check(url)
        try:
            prepared = requests.Request("GET", url, params=params, headers=headers).prepare().url
        except (requests.RequestException, ValueError) as error:
            raise Refused(self.clean(url), f"it is no web address ({self._reason(error)})") from None
        return str(prepared)

    def _check(self, url: str) -> None:
        """Refuse what is no plain web address, without repeating a secret in it."""
        try:
            guard.check_url(url)
        except Refused as refusal:
            raise Refused(self.clean(url), self.clean_text(refusal.why)) from None

    def attempt(self, request: Request) -> tuple[Exchange | None, str]:
        """Ask once: the exchange, or None and why there is none. Raises `Refused` for what must not be fetched."""
        try:
            with self._open(request) as (response, target, started):
                if request.into is not None and response.status_code == requests.codes.ok:
                    return self._filed(response, target, started, request.into), ""
                return self._exchange(response, target, started), ""
        except requests.exceptions.SSLError as error:
            raise Refused(
                self.clean(request.url), f"its certificate cannot be trusted ({self._reason(error)})"
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return None, self._reason(error)

    @contextmanager
    def stream(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> Iterator[tuple[requests.Response, str, tuple[datetime, float]]]:
        """Open one answer for reading in pieces, redirects followed, each hop guarded.

        Gives the response, its final address and when it was asked for. Raises `Refused`.
        """
        with self._open(Request("GET", url, dict(headers or {}))) as opened:
            yield opened

    @contextmanager
    def _open(self, request: Request) -> Iterator[tuple[requests.Response, str, tuple[datetime, float]]]:
        target, headers = request.url, request.headers
        self.redirects = []
        for _ in range(_MAX_REDIRECTS + 1):
            self._check(target)
            started = (datetime.now(UTC), time.monotonic())
            try:
                response = self._requests.request(
                    request.method,
                    target,
                    headers=headers,
                    data=request.body,
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                )
            except (guard.PrivateAddress, requests.RequestException, urllib3.exceptions.HTTPError) as error:
                if private := _private(error):
                    raise Refused(self.clean(target), str(private)) from None
                raise
            with response:
                location = response.headers.get("Location")
                if response.status_code in _REDIRECTS and location:
                    hop = self._hop(target, location)
                    if request.body is not None:
                        raise Refused(self.clean(target), f"it redirects what was sent to {self.clean(hop)}")
                    if guard.origin_of(hop) != guard.origin_of(target):
                        headers = {
                            name: value for name, value in headers.items() if name.lower() not in scrub.SECRET_HEADERS
                        }
                    self.redirects.append((response.status_code, self.clean(hop)))
                    target = hop
                    continue
                yield response, target, started
                return
        raise Refused(self.clean(request.url), f"it redirects more than {_MAX_REDIRECTS} times")

    def _hop(self, target: str, location: str) -> str:
        """Where a redirect leads. Raises `Refused`."""
        try:
            hop = urljoin(target, location)
        except ValueError as error:
            raise Refused(self.clean(target), f"it redirects to what is no web address ({error})") from None
        self._check(hop)
        return hop

    def _exchange(self, response: requests.Response, target: str, started: tuple[datetime, float]) -> Exchange:
        parts: list[bytes] = []
        size = 0
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            parts.append(chunk)
            size += len(chunk)
            if size > self._max_bytes:
                raise Refused(self.clean(target), f"the answer is larger than {self._max_bytes} bytes")
        received = b"".join(parts)
        del parts
        body = self._decoded(received, response.headers.get("Content-Encoding"), target)
        return self.describe(response, target, started, received, body)

    def _filed(
        self, response: requests.Response, target: str, started: tuple[datetime, float], file: BinaryIO
    ) -> Exchange:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused(self.clean(target), "it is coded, which was not asked for")
        file.seek(0)
        file.truncate()
        digest, size = hashlib.sha256(), 0
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            size += len(chunk)
            if size > self._max_file:
                raise Refused(self.clean(target), f"the answer is larger than {self._max_file} bytes")
            digest.update(chunk)
            file.write(chunk)
        file.seek(0)
        exchange = self.describe(response, target, started, b"", b"", digest.digest())
        return dataclasses.replace(exchange, file=file, file_bytes=size)

    def describe(
        self,
        response: requests.Response,
        target: str,
        started: tuple[datetime, float],
        received: bytes,
        body: bytes,
        received_sha256: bytes | None = None,
    ) -> Exchange:
        """The exchange of an answer, with everything that is kept of it scrubbed."""
        at, clock = started
        url, from_url = scrub.scrub_url(target, self._secrets)
        sent, from_sent = scrub.scrub_headers(response.request.headers.items(), self._secrets)
        got, from_got = scrub.scrub_headers(response.headers.items(), self._secrets)
        clean, from_body = scrub.scrub_body(body, self._secrets)
        return Exchange(
            id=str(uuid7()),
            requested_at=at,
            method=response.request.method or "GET",
            url=url,
            status=response.status_code,
            reason=response.reason or "",
            request_headers=sent,
            response_headers=got,
            body=body,
            received=received,
            received_sha256=received_sha256 or hashlib.sha256(received).digest(),
            elapsed_ms=round((time.monotonic() - clock) * 1000),
            redirects=tuple(self.redirects),
            scrubbed=tuple(dict.fromkeys((*from_url, *from_sent, *from_got, *from_body))),
            kept_body=clean if from_body else None,
        )

    def _decoded(self, received: bytes, coding: str | None, target: str) -> bytes:
        try:
            return decoded(received, coding, self._max_bytes)
        except Damaged as error:
            raise requests.exceptions.ContentDecodingError(str(error)) from None
        except NotDecoded as error:
            raise Refused(self.clean(target), str(error)) from None

    def _reason(self, error: BaseException) -> str:
        return f"{type(error).__name__}: {self.clean_text(str(error))}"[:_WORDS]


def _private(error: BaseException | None) -> guard.PrivateAddress | None:
    """The guard's own refusal, however deep requests and urllib3 have wrapped it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, guard.PrivateAddress):
            return error
        inner = next((arg for arg in error.args if isinstance(arg, BaseException)), None)
        error = error.__cause__ or error.__context__ or inner
    return None
