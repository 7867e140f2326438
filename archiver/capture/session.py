"""One session of one capture: politeness, retries, the guard, scrubbing. What comes back is an `Exchange`."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import random
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

import orjson
import requests
import structlog
import urllib3

from archiver import scrub
from archiver.capture import guard, retry
from archiver.capture.coding import Damaged, NotDecoded, decoded
from archiver.capture.errors import RateLimited, Refused, RequestFailed, TokenRefused, Unreachable
from archiver.platforms.manners import Meaning, Verdict
from archiver.platforms.pages import Exchange
from archiver.records.models import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from archiver.capture.limits import Limiter
    from archiver.platforms.items import Json

_log = structlog.get_logger(__name__)
logging.getLogger("urllib3.connectionpool").addFilter(lambda record: record.levelno > logging.DEBUG)
"""At DEBUG urllib3 writes whole addresses into the log, tokens in them included."""
_CHUNK = 1 << 16
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ERROR = 400
_WORDS = 300
_WORTH_A_WORD = 5.0
"""Seconds: a shorter wait for a budget is a platform's ordinary pace, and not logged."""


_ABOUT_THIS = frozenset({Meaning.FORBIDDEN, Meaning.FINAL})
"""What a connector may read itself, if it says so; the rest is not about what was asked for."""
_GOOD = retry.Wait(0.0, told=False)


@dataclasses.dataclass(frozen=True, slots=True)
class _Request:
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
        """None: `CaptureSession.stream` follows redirects itself, each hop guarded."""
        return None


class CaptureSession:
    """A `requests` session that a connector fetches through.

    Args:
        user_agent: How the archive introduces itself.
        allowed_origins: Private origins that may be fetched from (tests, the demo).
        timeout: Seconds until an unanswered request is given up.
        max_attempts: How often one request is tried.
        max_wait: The longest wait in seconds granted to a rate limit.
        max_bytes: Answers larger than this are refused.
        max_file: As above, of answers that go into a file.
        scratch: The folder such files are made in; the system's own where None.
        secrets: Our own tokens, taken out of whatever is kept.
        sleep: How to wait; a test that drives the clock gives its own.
        judge: The platform's word on what an answer means beyond its status (`Manners.judge`).
        limiter: Draws from the budgets that tasks share, before each request; None where there are none.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allowed_origins: Collection[str] = (),
        timeout: float = 60,
        max_attempts: int = 5,
        max_wait: float = 900,
        max_bytes: int = 64 * 1024 * 1024,
        max_file: int = 512 * 1024 * 1024,
        scratch: Path | None = None,
        secrets: Sequence[str] = (),
        sleep: Callable[[float], None] = time.sleep,
        judge: Callable[[Exchange], Verdict | None] = lambda _: None,
        limiter: Limiter | None = None,
    ) -> None:
        self._timeout, self._max_attempts, self._max_wait = timeout, max_attempts, max_wait
        self._max_bytes, self._secrets, self._sleep = max_bytes, tuple(secrets), sleep
        self._max_file, self._scratch = max_file, scratch
        self._judge, self._limiter = judge, limiter
        self._hold_until = 0.0
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
        self.failed: list[Exchange] = []
        """Exchanges that were answered with an error or a wait; evidence of why something is missing."""

    def take_failed(self) -> list[Exchange]:
        """The failed exchanges so far, which are the caller's to keep from now on (another thread may be adding more)."""
        taken = self.failed[:]
        del self.failed[: len(taken)]
        return taken

    @property
    def longest_wait(self) -> float:
        """The longest wait, in seconds, granted to a rate limit."""
        return self._max_wait

    def pause(self, seconds: float) -> None:
        """Wait, as between two attempts, no longer than a rate limit may make a capture wait."""
        self._sleep(min(seconds, self._max_wait))

    def close(self) -> None:
        """Close the connections."""
        self._requests.close()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> Exchange:
        """GET an address, following redirects and waiting as the platform asks.

        Raises `RequestFailed` for an error answer that `accept_errors` does not take, `RateLimited` where the wait is
        longer than a capture may take, `Unreachable` without any answer, `Refused` for what must not be fetched.
        """
        return self._send(_Request("GET", self._prepare(url, params, headers), dict(headers or {})), accept_errors)

    def post(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Json = None,
        form: Mapping[str, str] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> Exchange:
        """POST a JSON document or a form, otherwise as `get`. A redirect is not followed with what was sent: it is `Refused`."""
        body = orjson.dumps(json) if form is None else urlencode(form).encode()
        kind = "application/json" if form is None else "application/x-www-form-urlencoded"
        sent = {**(headers or {}), "Content-Type": kind}
        return self._send(_Request("POST", self._prepare(url, params, sent), sent, body), accept_errors)

    @contextmanager
    def download(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> Iterator[Exchange]:
        """GET an answer too large to be held, otherwise as `get`: `Exchange.file` is it, at its beginning, until the block ends.

        Nothing is scrubbed of its body, so that only what is public may be asked for so.
        """
        headers = {"Accept-Encoding": "identity"}
        if self._scratch is not None:
            self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._scratch) as file:
            request = _Request("GET", self._prepare(url, params, headers), headers, into=file)
            yield self._send(request, accept_errors)

    def _send(self, request: _Request, accept_errors: Callable[[Exchange], bool] | None) -> Exchange:
        for attempt in range(1, self._max_attempts + 1):
            self._hold()
            self._draw(request)
            exchange, problem = self._try(request)
            now = datetime.now(UTC)
            if exchange is None:
                wait = retry.wait_before_retry(0, {}, attempt, now, _jitter())
            else:
                wait = self._after(exchange, attempt, now, accept_errors)
                if wait is _GOOD:
                    return exchange
            if wait is None:
                break
            if wait.told and wait.seconds > self._max_wait:
                raise RateLimited(self.clean(request.url), wait.seconds)
            if attempt == self._max_attempts:
                break
            seconds = min(wait.seconds, self._max_wait)
            _log.info("waiting", url=self.clean(request.url), seconds=round(seconds, 1), attempt=attempt)
            self._sleep(seconds)
        raise Unreachable(self.clean(request.url), problem)

    def _after(
        self, exchange: Exchange, attempt: int, now: datetime, accept_errors: Callable[[Exchange], bool] | None
    ) -> retry.Wait:
        """What follows from an answer: it is `_GOOD`, or how long to wait before asking again. Raises what ends the asking."""
        verdict = self._judge(exchange)
        headers = {name.lower(): value for name, value in exchange.response_headers}
        self._hold_until = time.monotonic() + retry.wait_before_next(headers, now)
        if self._limiter is not None:
            self._limiter.learn(exchange, now)
        about_this = verdict is None or verdict.meaning in _ABOUT_THIS
        if verdict is None and exchange.status < _ERROR:
            return _GOOD
        if about_this and accept_errors is not None and accept_errors(exchange):
            return _GOOD
        self.failed.append(exchange)
        wait = self._wait(exchange, verdict, headers, attempt, now)
        if wait is None or (attempt == self._max_attempts and (not wait.told or wait.seconds <= self._max_wait)):
            words = verdict.words if verdict else _words(exchange)
            raise RequestFailed(exchange.url, exchange.status, self.clean_text(words))
        return wait

    def _draw(self, request: _Request) -> None:
        """Take what the request costs from the shared budgets, waiting where a budget opens again soon enough."""
        if self._limiter is None:
            return
        while (wait := self._limiter.draw(request.method, request.url, datetime.now(UTC))) > 0:
            if wait > self._max_wait:
                raise RateLimited(self.clean(request.url), wait, self._limiter.words)
            if wait > _WORTH_A_WORD:
                _log.info("waiting for the shared budget", url=self.clean(request.url), seconds=round(wait, 1))
            self._sleep(wait)

    def _wait(
        self, exchange: Exchange, verdict: Verdict | None, headers: Mapping[str, str], attempt: int, now: datetime
    ) -> retry.Wait | None:
        """How long to wait before asking again; None where that is of no use. Raises what ends the capture."""
        if verdict is None:
            return retry.wait_before_retry(exchange.status, headers, attempt, now, _jitter())
        words = self.clean_text(verdict.words)
        match verdict.meaning:
            case Meaning.TOKEN:
                raise TokenRefused(exchange.url, words)
            case Meaning.EXHAUSTED:
                raise RateLimited(exchange.url, verdict.seconds or 0.0, words)
            case Meaning.WAIT if verdict.seconds is not None:
                return retry.Wait(verdict.seconds, told=True)
            case Meaning.WAIT:
                return retry.wait_before_retry(retry.TOO_MANY_REQUESTS, headers, attempt, now, _jitter())
            case Meaning.RETRY:
                return retry.wait_before_retry(0, headers, attempt, now, _jitter())
            case _:
                return None

    def add_secrets(self, secrets: Sequence[str]) -> None:
        """Take these out of whatever is kept from now on, too: a token may be renewed under way."""
        self._secrets = tuple(dict.fromkeys((*self._secrets, *secrets)))

    def clean(self, url: str) -> str:
        """The address as it may be shown and kept."""
        return scrub.scrub_url(url, self._secrets)[0]

    def clean_text(self, text: str) -> str:
        """A sentence as it may be shown and kept."""
        return scrub.scrub_text(text, self._secrets)

    def _prepare(self, url: str, params: Mapping[str, Any] | None, headers: Mapping[str, str] | None) -> str:
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

    def _hold(self) -> None:
        wait = self._hold_until - time.monotonic()
        if wait > self._max_wait:
            raise RateLimited("the platform", wait)
        if wait > 0:
            self._sleep(wait)
            self._hold_until = 0.0

    def _try(self, request: _Request) -> tuple[Exchange | None, str]:
        """One attempt: the exchange, or None and why there is none."""
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
        with self._open(_Request("GET", url, dict(headers or {}))) as opened:
            yield opened

    @contextmanager
    def _open(self, request: _Request) -> Iterator[tuple[requests.Response, str, tuple[datetime, float]]]:
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


def _jitter() -> float:
    return random.random()  # noqa: S311 - spreads waits, hides nothing


def _words(exchange: Exchange) -> str:
    body = exchange.body if exchange.kept_body is None else exchange.kept_body
    return " ".join(body[:_WORDS].decode("utf-8", "replace").replace("\0", "\ufffd").split())
