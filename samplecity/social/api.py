"""What a platform's server is: a request in, a reply out, with the world as it stands at one night.

A rendering is one module `samplecity/social/<platform>.py` with a class that fulfils `Api`, and one line in `APIS`. The
server mounts it at `/{platform}/…`, counts its requests, keeps the rate limit, strikes with the fault plan, and serves
the bytes of attachments at `{origin}/_media/{id}`. What is left to a rendering:

* check the token with `holder` (it knows which tokens are dead) and answer with the platform's own words otherwise;
* cut EVERY listing with `cut` (cursors) or `cut_at` (offsets): the page faults live there, so that nothing is lost that a
  patient reader would not find on the next page; a cursor that is refused (`StaleCursor`) is answered with `error`;
* say how much is left (`request.budget`) in the platform's own headers.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar
from urllib.parse import parse_qsl, quote

from samplecity.faults import BIG_TEXT, POISON, Reply
from samplecity.social.model import SocialAccount, Thing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samplecity.social.world import SocialWorld

ErrorKind = Literal["rate_limit", "token", "permission", "server_error", "cursor"]
T = TypeVar("T")
_REPEATED = 2  # how many of the last page's items a page with repeated ids begins with


@dataclass(frozen=True, slots=True)
class Budget:
    """What the rate limit leaves.

    Attributes:
        limit: requests in a window.
        remaining: of this window.
        reset: Unix seconds at which the next begins.
        window: its length in seconds.
    """

    limit: int
    remaining: int
    reset: int
    window: int


@dataclass(frozen=True, slots=True)
class Request:
    """A request below a platform's prefix.

    Attributes:
        method: `GET` or `POST`.
        path: below the prefix, beginning with `/`, percent-decoded.
        query: names and values in order.
        headers: by lower-case name.
        body: as received.
        faults: kinds of the page faults that strike this request; `cut` obeys them.
        budget: what the rate limit leaves after this request; None where there is none.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes = b""
    faults: frozenset[str] = frozenset()
    budget: Budget | None = None

    def param(self, name: str, default: str = "") -> str:
        """Give the first value of a query parameter, or the default."""
        return next((value for key, value in self.query if key == name), default)

    def number(self, name: str, default: int) -> int:
        """Give a query parameter as a number; the default where it is missing or none."""
        text = self.param(name)
        return int(text) if text.isascii() and text.removeprefix("-").isdigit() else default

    def json(self) -> Any:
        """Give the body's JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def form(self) -> dict[str, str]:
        """Give the fields of a form (`application/x-www-form-urlencoded`)."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def token(self) -> str:
        """The token it carries: as `Authorization: Bearer`, or as the parameter `access_token`; empty without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else self.param("access_token")


class StaleCursor(Exception):
    """A page is asked for by a cursor that is not good any more."""


class Api(Protocol):
    """One platform's server; inherit from it. It keeps nothing between two requests but what a night's world says."""

    platform: str

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request.

        Args:
            world: the night.
            request: below the platform's prefix.
            origin: `{city.url}/{platform}`, what addresses of media and next pages begin with.
        """
        ...

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:
        """Give the platform's own answer to a request that failed.

        Args:
            kind: why.
            seconds: how long a rate limit asks to wait.
        """
        ...

    def settings(self, account: SocialAccount) -> dict[str, str]:  # noqa: ARG002 - for those that need more
        """Give further settings of an account for the register, beside `api_url` and `token`."""
        return {}


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """A page of a listing: its items, and where the next begins (None: this was the last)."""

    items: list[T]
    next: str | None


def reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Give a JSON answer (`application/json; charset=utf-8`)."""
    body = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
    return Reply(status, {"content-type": "application/json; charset=utf-8", **(headers or {})}, body)


def holder(world: SocialWorld, platform: str, token: str) -> SocialAccount | None:
    """Give the account that a token opens; None where it is nobody's, or dead."""
    key = token.removeprefix(f"token-{platform}-")
    account = world.by_key(platform, key)
    if account is None or account.token != token or world.status(platform, key) == "token_dead":
        return None
    return account


def media_url(origin: str, attachment_id: str) -> str:
    """Give the address of an attachment's bytes."""
    return f"{origin}/_media/{quote(attachment_id, safe='')}"


def cut(request: Request, items: Sequence[T], limit: int, cursor: str = "") -> Cut[T]:
    """Cut one page out of a listing, as the request's page faults have it.

    Args:
        request: whose faults count.
        items: the whole listing in its order.
        limit: how many make a page, 1 or more.
        cursor: what an earlier page's `next` said; empty for the first page. One that was never given begins anew.

    Raises:
        StaleCursor: for a cursor that the fault plan lets be refused.
    """
    if cursor and "stale_cursor" in request.faults:
        raise StaleCursor
    start, tries = _opened(cursor)
    if "empty_page_with_next" in request.faults and start < len(items):
        return Cut([], _closed(start, tries + 1))
    if "page_loop" in request.faults:
        return Cut(_struck(request, items[:limit]), _closed(0, -1))
    page, following = cut_at(request, items, start, limit)
    return Cut(page, None if following is None else _closed(following, 0))


def cut_at(request: Request, items: Sequence[T], start: int, limit: int) -> tuple[list[T], int | None]:
    """Cut one page by offset. Gives it, and the offset of the next (None: this was the last).

    An empty page has no place here: a reader that counts by itself could not know where to go on.
    """
    size = max(1, limit // 2) if "short_page" in request.faults else max(1, limit)
    start = max(0, start)
    end = start + size
    first = max(0, start - _REPEATED) if "repeated_ids" in request.faults else start
    return _struck(request, items[first:end]), end if end < len(items) else None


def _struck(request: Request, page: Sequence[T]) -> list[T]:
    made = list(page)
    if "reordered_page" in request.faults:
        made = made[len(made) // 2 :] + made[: len(made) // 2]
    text = "pothole " * (BIG_TEXT // 8) if "big_text" in request.faults else POISON
    if made and isinstance(made[0], Thing) and request.faults & {"poison_text", "big_text"}:
        made[0] = replace(made[0], text=text)
    return made


def _closed(start: int, tries: int) -> str:
    """Write a cursor: opaque, and different for every page given, also for an empty one."""
    return base64.urlsafe_b64encode(f"c:{start}:{tries}".encode()).decode().rstrip("=")


def _opened(cursor: str) -> tuple[int, int]:
    try:
        kind, start, tries = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(":")
        return (max(0, int(start)), int(tries)) if kind == "c" else (0, 0)
    except ValueError:  # wrong base 64, wrong UTF-8, no numbers: all are ValueErrors
        return 0, 0
