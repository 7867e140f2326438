"""Asking Meta's Graph APIs: one thing, or an edge page after page, in both shapes that pages come in.

Sources: developers.facebook.com/docs/graph-api/results (cursor and time based pages; the end is where there is no `next`),
python-facebook graph.py (`access_token`, `appsecret_proof`). `paging.next` holds the token: only what places the page is taken of
it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from archiver.platforms.answers import json_of, list_of
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.graph_fields import unknown_field, without
from archiver.platforms.graph_manners import asks_for_less, words_of
from archiver.platforms.manifest import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.items import Item, Json
    from archiver.platforms.pages import AccountRef, Exchange

PLACES = frozenset({"after", "until", "__paging_token", "offset", "pagination_token"})
"""What places a page in an edge, of all that a `next` has."""
_CIRCLES = 3
"""So many pages in a row without anything new are no way on (a page of comments has come again for ever)."""
_MOST_EMPTY = 30
_ERROR = 400

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
    lost: str | None = None
    """Why what comes after cannot be reached, where the edge goes on and its pages cannot be followed."""
    refused: str | None = None
    """The platform's words, where it does not give the edge at all and the caller takes that."""
    limit: int = 100
    """How many entries were asked for."""


class Graph:
    """A Graph API as one account is read from it, for one walk."""

    def __init__(
        self,
        session: Session,
        account: AccountRef,
        host: str,
        version: str,
        says: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """`says`: which parts of an item's evidence come from a field of the API, and from no other."""
        self._session, self.account, self._says = session, account, says or {}
        self.host = str(account.settings.get("api_url") or host).rstrip("/")
        self.base = f"{self.host}/{account.settings.get('api_version') or version}"
        self.token = str(account.settings.get("token") or "")
        self.dropped: set[str] = set()
        """Fields that this version of the API does not know: asked for no more."""
        self._secret = str(account.settings.get("app_secret") or "")

    def as_asked(self, item: Item) -> Item:
        """The item, marked with what was not asked for, since the API does not know the field: that is not empty."""
        unsaid = {each for field in self.dropped for each in self._says.get(field, ())}
        return dataclasses.replace(item, not_requested=item.not_requested | unsaid) if unsaid else item

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        accept: Callable[[Exchange], bool] | None = None,
    ) -> Exchange:
        """Ask for `path` (below the base). `accept`: error answers that the caller reads. Raises what the session raises."""
        return self._get(f"{self.base}/{path}", params or {}, accept)

    def of_host(self, path: str, params: Mapping[str, str | int]) -> Exchange:
        """Ask for `path` beside the versions (a token's renewal). Raises what the session raises."""
        return self._session.get(f"{self.host}/{path}", params={**params, "access_token": self.token})

    def _get(self, url: str, params: Mapping[str, str | int], accept: Callable[[Exchange], bool] | None) -> Exchange:
        proof: dict[str, str | int] = {}
        if self._secret:
            digest = hmac.new(self._secret.encode(), self.token.encode(), hashlib.sha256)
            proof["appsecret_proof"] = digest.hexdigest()
        return self._session.get(url, params={**params, **proof, "access_token": self.token}, accept_errors=accept)

    def one(self, path: str, fields: str, accept: Callable[[Exchange], bool] | None = None) -> Exchange:
        """Ask for one thing by its id: for those of the fields that the API knows. Raises what the session raises."""
        return self._known(path, {"fields": fields}, accept)

    def object(self, exchange: Exchange) -> dict[str, Any]:
        """The answer as an object. Raises `UnreadableAnswerError`."""
        return json_of(self.account, exchange)

    def _known(self, path: str, params: Mapping[str, str | int], accept: Callable[[Exchange], bool] | None) -> Exchange:
        """Ask, and where the API does not know one of the fields, ask again without it."""
        fields = str(params["fields"])
        for name in sorted(self.dropped):
            fields = without(fields, name) or fields
        while True:
            exchange = self.get(
                path,
                {**params, "fields": fields},
                lambda answer, asked=fields: (  # type: ignore[misc]
                    _fewer(answer, asked) is not None or (accept is not None and accept(answer))
                ),
            )
            fewer = _fewer(exchange, fields)
            if fewer is None:
                return exchange
            self.dropped.add(str(unknown_field(exchange)))
            fields = fewer

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
        error that `accept` takes ends the walk with a page that says so (`refused`). Raises what the session raises,
        `UnreadableAnswerError`.
        """
        at: dict[str, str] = {str(k): str(v) for k, v in place.items()} if isinstance(place, dict) else {}
        seen: set[str] = set()
        stale = 0
        while True:
            exchange = self._known(
                path,
                {"fields": "id", **params, "limit": limit, **at},
                lambda answer, more=limit > 1: (  # type: ignore[misc]
                    (more and asks_for_less(answer)) or (accept is not None and accept(answer))
                ),
            )
            if limit > 1 and asks_for_less(exchange):
                limit //= 2
                continue
            if accept is not None and accept(exchange):
                yield GraphPage(exchange, {}, [], None, refused=words_of(exchange))
                return
            answer = self._answer(exchange)
            entries = list_of(self.account, exchange, answer, "data")
            ids = {identity for each in entries if (identity := _identity(each)) is not None}
            stale = 0 if ids - seen else stale + 1
            seen |= ids
            following, lost = _after(answer)
            if following is not None and ((stale >= _CIRCLES and ids) or following == at):
                following, lost = None, "the platform sends a page again and again"
            yield GraphPage(exchange, answer, entries, following, lost, limit=limit)
            if following is None:
                return
            if stale >= _MOST_EMPTY:
                words = f"{stale} pages in a row say that there is more, and show nothing"
                raise UnreadableAnswerError(self.account.name, exchange.url, words, exchange)
            at = following

    def _answer(self, exchange: Exchange) -> dict[str, Any]:
        """The answer, which must be no error: what an error lists, which is nothing, is no listing."""
        answer = {} if exchange.status >= _ERROR else self.object(exchange)
        if exchange.status >= _ERROR or "error" in answer:
            words = f"an error where a listing was asked for ({words_of(exchange)})"
            raise UnreadableAnswerError(self.account.name, exchange.url, words, exchange)
        return answer


def _fewer(exchange: Exchange, fields: str) -> str | None:
    """The fields without the one that the API says it does not know; None where it does not, or where it was not asked for."""
    unknown = unknown_field(exchange)
    return None if unknown is None else without(fields, unknown)


def _identity(entry: Any) -> str | None:
    """What tells an entry from others; a story has the id of its post alone."""
    found = entry.get("id", entry.get("post_id")) if isinstance(entry, dict) else None
    return str(found) if isinstance(found, str | int) else None


def _after(answer: Mapping[str, Any]) -> tuple[dict[str, str] | None, str | None]:
    """What places the page after this one, or why it cannot be found though there is one."""
    try:
        return following_of(answer), None
    except ValueError:
        return None, "the platform says that there is more, and not in a way that can be followed"


def following_of(answer: Mapping[str, Any]) -> dict[str, str] | None:
    """What places the page after this one; None at the end, which is where there is no `next`.

    Raises `ValueError` where there is a `next` that does not tell it: that is no end.
    """
    paging = answer.get("paging") or {}
    following, cursors = (paging.get("next"), paging.get("cursors")) if isinstance(paging, dict) else (paging, None)
    if not following:
        return None
    query = parse_qsl(urlsplit(following).query) if isinstance(following, str) else []
    found = {name: value for name, value in query if name in PLACES and value}
    if not found and isinstance(cursors, dict) and isinstance(cursors.get("after"), str):
        found = {"after": cursors["after"]}
    if not found or not all(value.isascii() and value.isprintable() for value in found.values()):
        raise ValueError("no place of a next page")
    return found
