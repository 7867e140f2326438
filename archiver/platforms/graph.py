"""Asking Meta's Graph APIs: one thing, or an edge page after page, in both shapes that pages come in.

Sources: developers.facebook.com/docs/graph-api/results (cursor and time based pages; the end is where there is no `next`),
python-facebook graph.py (`access_token`, `appsecret_proof`). `paging.next` holds the token: only what places the page is taken of
it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from archiver.platforms.answers import json_of, list_of
from archiver.platforms.contract import AccountRef, Exchange, Json, Session, Setting
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.graph_manners import asks_for_less, error_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PLACES = frozenset({"after", "until", "__paging_token", "offset", "pagination_token"})
"""What places a page in an edge, of all that a `next` has."""
_UNKNOWN = re.compile(r"nonexisting field \((\w+)\)")
_CIRCLES = 3
"""So many pages in a row without anything new are no way on (a page of comments has come again for ever)."""

SECRET = Setting(
    "app_secret",
    "The app's secret, where the app requires a proof of it with each call (`appsecret_proof`), and to look the token up.",
    secret=True,
)


@dataclasses.dataclass(frozen=True, slots=True)
class GraphPage:
    """One page of an edge: its answer, its entries, and what places the next one (None at the end)."""

    exchange: Exchange
    answer: Mapping[str, Any]
    entries: list[Any]
    following: dict[str, str] | None
    circles: bool = False
    """Whether the edge has begun to repeat itself: what comes after cannot be reached."""


class Graph:
    """A Graph API as one account is read from it, for one walk."""

    def __init__(self, session: Session, account: AccountRef, host: str, version: str) -> None:
        self._session, self._account = session, account
        self.host = str(account.settings.get("api_url") or host).rstrip("/")
        self.base = f"{self.host}/{account.settings.get('api_version') or version}"
        self.token = str(account.settings.get("token") or "")
        self.dropped: set[str] = set()
        """Fields that this version of the API does not know: asked for no more."""
        self._secret = str(account.settings.get("app_secret") or "")

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        accept: Callable[[Exchange], bool] | None = None,
        token: str | None = None,
    ) -> Exchange:
        """Ask for `path` (below the base). `accept`: error answers that the caller reads. Raises what the session raises."""
        token = token or self.token
        proof: dict[str, str | int] = {}
        if self._secret:
            digest = hmac.new(self._secret.encode(), token.encode(), hashlib.sha256)
            proof["appsecret_proof"] = digest.hexdigest()
        return self._session.get(
            f"{self.base}/{path}", params={**(params or {}), **proof, "access_token": token}, accept_errors=accept
        )

    def one(self, path: str, fields: str, accept: Callable[[Exchange], bool] | None = None) -> Exchange:
        """Ask for one thing by its id."""
        return self.get(path, {"fields": fields}, accept)

    def object(self, exchange: Exchange) -> dict[str, Any]:
        """The answer as an object. Raises `UnreadableAnswerError`."""
        return json_of(self._account, exchange)

    def edge(
        self,
        path: str,
        params: Mapping[str, str | int],
        place: Json = None,
        limit: int = 100,
        accept: Callable[[Exchange], bool] | None = None,
    ) -> Iterator[GraphPage]:
        """Walk an edge from `place` (what an earlier page's `following` said) to its end.

        Short and empty pages are followed; where a page is too large for the platform to make, half as much is asked for. An
        error that `accept` takes ends the walk with a page without entries. Raises what the session raises,
        `UnreadableAnswerError`.
        """
        at: dict[str, str] = {str(k): str(v) for k, v in place.items()} if isinstance(place, dict) else {}
        seen: set[str] = set()
        stale = 0
        asked: dict[str, str | int] = {"fields": "id", **params}
        while True:
            exchange = self.get(
                path,
                {**asked, "limit": limit, **at},
                lambda answer, more=limit > 1: (  # type: ignore[misc]
                    (more and asks_for_less(answer))
                    or _unknown_field(answer) is not None
                    or (accept is not None and accept(answer))
                ),
            )
            if asks_for_less(exchange):
                limit //= 2
                continue
            unknown = _unknown_field(exchange)
            if unknown is not None and (fewer := _without(str(asked["fields"]), unknown)):
                self.dropped.add(unknown)
                asked["fields"] = fewer
                continue
            if exchange.status >= 400 or "error" in (answer := self.object(exchange)):  # noqa: PLR2004 - HTTP
                yield GraphPage(exchange, {}, [], None)
                return
            entries = list_of(self._account, exchange, answer, "data")
            following = following_of(answer)
            ids = {str(each["id"]) for each in entries if isinstance(each, dict) and "id" in each}
            stale = 0 if ids - seen else stale + 1
            seen |= ids
            circles = following is not None and stale >= _CIRCLES and bool(ids)
            yield GraphPage(exchange, answer, entries, None if circles else following, circles)
            if following is None or circles:
                return
            if stale >= _CIRCLES * 10:
                words = f"{stale} pages in a row say that there is more, and show nothing"
                raise UnreadableAnswerError(self._account.name, exchange.url, words, exchange)
            at = following


def _unknown_field(exchange: Exchange) -> str | None:
    """The field that was asked for and that the platform does not have; None where it does not complain of one."""
    if exchange.status < 400:  # noqa: PLR2004 - HTTP
        return None
    match = _UNKNOWN.search(str((error_of(exchange) or {}).get("message")))
    return match[1] if match else None


def _without(fields: str, name: str) -> str | None:
    """The fields without one, with what was asked for within it; None where it is not among them, or alone."""
    fewer = re.sub(rf"(?<![\w]){re.escape(name)}(?:\.\w+\([^)]*\))*(?:\{{[^{{}}]*\}})?(?![\w.]),?", "", fields)
    fewer = fewer.replace(",}", "}").strip(",")
    return fewer if fewer and fewer != fields else None


def following_of(answer: Mapping[str, Any]) -> dict[str, str] | None:
    """What places the page after this one; None at the end, which is where there is no `next`."""
    paging = answer.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    if not isinstance(following, str):
        return None
    query = parse_qsl(urlsplit(following).query)
    return {name: value for name, value in query if name in PLACES and value} or None
