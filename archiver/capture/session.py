"""One session of one capture: retries, the waits that a platform asks for, the budgets that tasks share."""

from __future__ import annotations

import random
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson
import structlog

from archiver.capture import retry
from archiver.capture.errors import RateLimited, RequestFailed, TokenRefused, Unreachable
from archiver.capture.transport import Request, Transport
from archiver.platforms.manners import Meaning, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from archiver.capture.limits import Limiter
    from archiver.platforms.items import Json
    from archiver.platforms.pages import Exchange

_log = structlog.get_logger(__name__)
_ERROR, _SERVER_ERROR = 400, 500
_WORDS = 300
_WORTH_A_WORD = 5.0
"""Seconds: a shorter wait for a budget is a platform's ordinary pace, and not logged."""


_ABOUT_THIS = frozenset({Meaning.FORBIDDEN, Meaning.FINAL})
"""What a connector may read itself, if it says so; the rest is not about what was asked for."""
_GOOD = retry.Wait(0.0, told=False)


class CaptureSession(Transport):
    """What a connector fetches through: a transport that waits as the platform asks, and keeps to the shared budgets.

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
        super().__init__(
            user_agent=user_agent,
            allowed_origins=allowed_origins,
            timeout=timeout,
            max_bytes=max_bytes,
            max_file=max_file,
            secrets=secrets,
        )
        self._max_attempts, self._max_wait, self._sleep = max_attempts, max_wait, sleep
        self._scratch, self._judge, self._limiter = scratch, judge, limiter
        self._hold_until = 0.0
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
        return self._send(Request("GET", self.prepare(url, params, headers), dict(headers or {})), accept_errors)

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
        return self._send(Request("POST", self.prepare(url, params, sent), sent, body), accept_errors)

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
            request = Request("GET", self.prepare(url, params, headers), headers, into=file)
            yield self._send(request, accept_errors)

    def _send(self, request: Request, accept_errors: Callable[[Exchange], bool] | None) -> Exchange:
        for attempt in range(1, self._max_attempts + 1):
            self._hold()
            self._draw(request)
            exchange, problem = self.attempt(request)
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
            final, limit = _about(exchange.status, verdict)
            raise RequestFailed(exchange.url, exchange.status, self.clean_text(words), final, limit)
        return wait

    def _draw(self, request: Request) -> None:
        """Take what the request costs from the shared budgets, waiting where a budget opens again soon enough."""
        if self._limiter is None:
            return
        while not (turn := self._limiter.draw(request.method, request.url, datetime.now(UTC))).taken:
            if turn.seconds > self._max_wait:
                raise RateLimited(self.clean(request.url), turn.seconds, self._limiter.words)
            if turn.seconds > _WORTH_A_WORD:
                _log.info("waiting for the shared budget", url=self.clean(request.url), seconds=round(turn.seconds, 1))
            self._sleep(turn.seconds)
        if turn.seconds:
            self._sleep(turn.seconds)

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

    def _hold(self) -> None:
        wait = self._hold_until - time.monotonic()
        if wait > self._max_wait:
            raise RateLimited("the platform", wait)
        if wait > 0:
            self._sleep(wait)
            self._hold_until = 0.0


def _about(status: int, verdict: Verdict | None) -> tuple[bool, bool]:
    """What a failed answer is about: whether it finds the question wrong, and whether too much was asked (`RequestFailed`)."""
    if verdict is None:
        return status in retry.FINAL, status == retry.TOO_MANY_REQUESTS
    return verdict.meaning is Meaning.FINAL and status < _SERVER_ERROR, verdict.meaning is Meaning.WAIT


def _jitter() -> float:
    return random.random()  # noqa: S311 - spreads waits, hides nothing


def _words(exchange: Exchange) -> str:
    body = exchange.body if exchange.kept_body is None else exchange.kept_body
    return " ".join(body[:_WORDS].decode("utf-8", "replace").replace("\0", "\ufffd").split())
