"""Faults on demand: what a server, a proxy or an enemy may do to an answer.

A fault says which requests it meets (a regular expression over path and query), how many it lets through first and how
often it strikes. Some answer in place of the city (`before`), the others change the city's answer (`after`).
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from samplecity.ids import record_cid

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal[
    "rate_limit",
    "rate_limit_bare",
    "rate_limit_reset",
    "server_error",
    "truncated",
    "html",
    "slow",
    "page_loop",
    "expired_token",
    "poison_text",
    "big_text",
    "wrong_charset",
    "redirect",
    "no_permission",
    "error_in_200",
    "empty_page_with_next",
    "short_page",
    "reordered_page",
    "repeated_ids",
    "stale_cursor",
]
POISON = "before\x00nul, lone \ud83d surrogate, lone \udc04 too"
BIG_TEXT = 10_000_000
_TOO_MANY = (429, "RateLimitExceeded", "Rate Limit Exceeded")
_WORDS: dict[str, tuple[int, str, str]] = {
    "rate_limit": _TOO_MANY,
    "rate_limit_bare": _TOO_MANY,
    "rate_limit_reset": _TOO_MANY,
    "server_error": (500, "InternalServerError", "Internal Server Error"),
    "expired_token": (400, "ExpiredToken", "Token has expired"),
}
_LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to continue.</body></html>"


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        match: regular expression searched in `path?query`.
        kind: what happens; `rate_limit` answers 429 with Retry-After, `rate_limit_reset` with RateLimit-Reset only,
            `rate_limit_bare` with neither; `server_error` 500; `truncated` cuts a JSON answer in half; `html` answers a
            log-in page with 200; `slow` waits `seconds`; `page_loop` gives the same cursor for ever; `expired_token`
            answers 400 ExpiredToken; `poison_text` puts NUL and lone surrogates into the first record's text,
            `big_text` 10 MB; `wrong_charset` sends bytes in another charset than the document declares; `redirect`
            answers 302 to `location`. On the further platforms only (`samplecity.social`): `no_permission` answers with
            the platform's own refusal, `error_in_200` with its own error under status 200; a listing's page is empty and
            has a next one (`empty_page_with_next`), has half of what was asked for (`short_page`), is out of order
            (`reordered_page`), or begins with the last items of the page before (`repeated_ids`); the place that the page
            is asked for by is not taken any more (`stale_cursor`; a page that is asked for without one comes as ever). Rate
            limits, server errors, expired tokens and stale places are in the platform's own words there.
        times: how often it strikes; None for ever.
        skip: how many matching requests it lets through first.
        seconds: of `slow`, and of the wait that a rate limit asks for.
        location: where `redirect` leads.
    """

    match: str
    kind: Kind
    times: int | None = 1
    skip: int = 0
    seconds: float = 1.0
    location: str = "http://127.0.0.1:9/latest/meta-data"

    def __post_init__(self) -> None:
        """Refuse what could never strike.

        Raises:
            ValueError: for an unknown kind or a pattern that does not compile.
        """
        if self.kind not in get_args(Kind):
            raise ValueError(f"no such fault: {self.kind!r}; there are {', '.join(get_args(Kind))}")
        try:
            re.compile(self.match)
        except re.error as problem:
            raise ValueError(f"the fault's pattern {self.match!r} does not compile: {problem}") from problem


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers, body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class FaultPlan:
    """The faults installed, and how often each has struck."""

    faults: list[Fault] = field(default_factory=list)
    struck: dict[int, int] = field(default_factory=dict)
    _met: dict[int, int] = field(default_factory=dict)
    _loops: dict[str, bytes] = field(default_factory=dict)

    def install(self, faults: Iterable[Fault]) -> None:
        """Replace the plan."""
        self.faults = list(faults)
        self.struck, self._met, self._loops = {}, {}, {}

    def strike(self, target: str) -> list[Fault]:
        """Give the faults that meet a request, counting it."""
        met = []
        for number, fault in enumerate(self.faults):
            if not re.search(fault.match, target):
                continue
            self._met[number] = self._met.get(number, 0) + 1
            if self._met[number] <= fault.skip:
                continue
            struck = self.struck.get(number, 0)
            if fault.times is None or struck < fault.times:
                self.struck[number] = struck + 1
                met.append(fault)
        return met

    def report(self) -> list[dict[str, Any]]:
        """Give each fault with how often it struck."""
        return [{**asdict(fault), "struck": self.struck.get(n, 0)} for n, fault in enumerate(self.faults)]

    def looped(self, path: str, body: bytes) -> bytes:
        """Give the first answer a looping path gave, with a cursor whatever it was."""
        if path not in self._loops:
            self._loops[path] = _json({**json.loads(body), "cursor": "2222222222222"})
        return self._loops[path]


def before(fault: Fault) -> Reply | None:
    """Give the answer of a fault that stands in the city's place; None for the others."""
    if fault.kind in _WORDS:
        status, name, message = _WORDS[fault.kind]
        headers = {}
        seconds = max(1, round(fault.seconds))
        if fault.kind == "rate_limit":
            headers = {"retry-after": str(seconds)}
        elif fault.kind == "rate_limit_reset":
            headers = {"ratelimit-limit": "3000", "ratelimit-remaining": "0", "ratelimit-policy": "3000;w=300"}
            headers["ratelimit-reset"] = str(int(time.time()) + seconds)
        body = _json({"error": name, "message": message})
        return Reply(status, {"content-type": "application/json", **headers}, body)
    if fault.kind == "html":
        return Reply(200, {"content-type": "text/html; charset=utf-8"}, _LOGIN_PAGE)
    if fault.kind == "redirect":
        return Reply(302, {"location": fault.location}, b"")
    return None


def after(plan: FaultPlan, fault: Fault, path: str, reply: Reply) -> Reply:
    """Change the city's answer as a fault does; an answer the fault has no hold on stays."""
    body = reply.body
    match fault.kind:
        case "truncated":
            body = body[: len(body) // 2]
        case "page_loop":
            body = plan.looped(path, body)
        case "poison_text":
            body = _with_text(body, POISON)
        case "big_text":
            body = _with_text(body, "pothole " * (BIG_TEXT // 8))
        case "wrong_charset":
            head, _, rest = body.decode("utf-8", "replace").partition("?>")
            body = (head.replace("windows-1252", "utf-8") + "?>" + rest).encode("windows-1252", "replace")
    return Reply(reply.status, reply.headers, body)


def nightly() -> list[Fault]:
    """Give the default plan of a night: one rate limit, in the middle of reading posts."""
    return [Fault(r"com\.atproto\.repo\.listRecords.*app\.bsky\.feed\.post\b", "rate_limit", skip=2)]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _with_text(body: bytes, text: str) -> bytes:
    """Put a text into the first post of an answer, with the CID that such a record has."""
    answer = json.loads(body)
    holder = _first_post(answer)
    if holder is None:
        return body
    name = "value" if "value" in holder else "record"
    holder[name] = {**holder[name], "text": text}
    holder["cid"] = record_cid(holder[name])
    return _json(answer)


def _first_post(answer: dict[str, Any]) -> dict[str, Any] | None:
    thread = answer.get("thread") or {}
    replies = [view["post"] for view in (*(thread.get("replies") or ()), thread) if "post" in view]
    holders: list[dict[str, Any]] = answer.get("records") or answer.get("posts") or replies
    return holders[0] if holders else None
