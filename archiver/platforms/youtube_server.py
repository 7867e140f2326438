"""Asking the YouTube Data API, and walking its listings by `nextPageToken`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import json_of
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.youtube_manners import base_url, refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

_MOST_EMPTY, _CIRCLES = 20, 3
"""So many pages in a row that show nothing are no listing; so many that show only what the last one showed go in circles."""


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """One page of a listing. `following`: the token of the page after it, None at the end."""

    exchange: Exchange
    entries: list[Any]
    following: str | None
    circles: bool = False
    """That the walk was left since the platform sends the same again and again."""
    refused: bool = False
    """That the answer is an error that the caller reads."""


class Server:
    """The API, asked with an account's token, or with a key where it has none."""

    def __init__(self, session: Session, account: AccountRef) -> None:
        self._session, self.account = session, account
        self._token = str(account.settings.get("token") or "")
        self.owns = owns(account)
        """Whether the channel's owner granted us to read (that it is the owner, the platform tells)."""

    def get(
        self,
        method: str,
        part: str,
        params: Mapping[str, str | int],
        accept: Callable[[Exchange], bool] | None = None,
    ) -> Exchange:
        """Ask a `list` method. `accept`: error answers that the caller reads. Raises what the session raises."""
        return self._ask(method, {"part": part, **params}, {}, accept)

    def fetch(
        self, path: str, params: Mapping[str, str | int], accept: Callable[[Exchange], bool] | None = None
    ) -> Exchange:
        """Ask for what is no JSON, as it is. Raises what the session raises."""
        return self._ask(path, dict(params), {"Accept-Encoding": "identity"}, accept)

    def _ask(
        self,
        path: str,
        params: dict[str, str | int],
        headers: dict[str, str],
        accept: Callable[[Exchange], bool] | None,
    ) -> Exchange:
        if self.owns:
            headers["Authorization"] = f"Bearer {self._token}"
        else:
            params["key"] = str(self.account.settings.get("api_key") or "")
        url = f"{base_url(self.account)}/youtube/v3/{path}"
        return self._session.get(url, params=params, headers=headers or None, accept_errors=accept)

    def entries(self, exchange: Exchange) -> tuple[dict[str, Any], list[Any]]:
        """An answer, and its items; a listing of nothing may come without a list. Raises `UnreadableAnswerError`."""
        answer = json_of(self.account, exchange)
        found = answer.get("items", [] if str(answer.get("kind")).endswith("ListResponse") else None)
        if not isinstance(found, list):
            raise UnreadableAnswerError(self.account.name, exchange.url, "it has no list 'items'", exchange)
        return answer, found

    def ask(self, method: str, part: str, params: Mapping[str, str | int]) -> tuple[Exchange, list[Any]]:
        """Ask for what fits one page. Raises what the session raises, `UnreadableAnswerError`."""
        exchange = self.get(method, part, params)
        return exchange, self.entries(exchange)[1]

    def walk(
        self,
        method: str,
        part: str,
        params: Mapping[str, str | int],
        place: str | None = None,
        accept: Callable[[Exchange], bool] | None = None,
    ) -> Iterator[Listed]:
        """The pages of a listing from `place` (what an earlier page's `following` said) to its end.

        Short and empty pages are followed. An error that `accept` takes ends the walk, as a page that is `refused`. Raises what
        the session raises, `UnreadableAnswerError`.
        """
        asked_for: set[str] = set()
        shown: frozenset[str] = frozenset()
        empty = stale = 0
        while True:
            at = {} if place is None else {"pageToken": place}
            exchange = self.get(method, part, {**params, **at}, accept)
            if refusal_of(exchange) is not None:
                yield Listed(exchange, [], None, refused=True)
                return
            answer, entries = self.entries(exchange)
            following = self._following(exchange, answer)
            ids = frozenset(str(each["id"]) for each in entries if isinstance(each, dict) and "id" in each)
            empty = 0 if entries else empty + 1
            stale = stale + 1 if ids and ids <= shown else 0
            shown = ids or shown
            asked_for.add(place or "")
            circles = following is not None and (following in asked_for or stale >= _CIRCLES)
            yield Listed(exchange, entries, None if circles else following, circles)
            if following is None or circles:
                return
            if empty >= _MOST_EMPTY:
                words = f"{empty} pages in a row say that there is more, and show nothing"
                raise UnreadableAnswerError(self.account.name, exchange.url, words, exchange)
            place = following

    def _following(self, exchange: Exchange, answer: Mapping[str, Any]) -> str | None:
        following = answer.get("nextPageToken")
        if following in (None, ""):
            return None
        if not isinstance(following, str):
            raise UnreadableAnswerError(
                self.account.name, exchange.url, "it says that there is more, and not where", exchange
            )
        return following


def owns(account: AccountRef) -> bool:
    """Whether the account has an owner's grant, or the means to renew one."""
    return bool(account.settings.get("token") or account.settings.get("refresh_token"))


def for_reasons(*reasons: str) -> Callable[[Exchange], bool]:
    """Takes an answer that failed for one of these reasons as one to be read."""
    wanted = frozenset(reasons)
    return lambda exchange: (refusal := refusal_of(exchange)) is not None and bool(refusal.reasons & wanted)
