"""One instance of Mastodon as an account is read from it: its addresses, its token, and asking it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archiver.platforms.answers import array_of, id_of, json_of, read
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.mastodon_items import account_uri
from archiver.platforms.mastodon_manners import GONE, NOT_FOUND, OK

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

_ACCOUNT_NUMBER = re.compile(r"/ap/users/([0-9]+)")
"""The end of an identity that holds the account's number (since 4.5); in those without `/ap` the name stands there."""


class Instance:
    """The instance of one account, for one walk."""

    def __init__(self, session: Session, account: AccountRef) -> None:
        self._session, self._account = session, account
        _, _, domain = account.handle.partition("@")
        base = account.settings.get("api_url") or (f"https://{domain}" if domain else "")
        if not base:
            words = "the name has no instance: write it as mastodon:user@instance, or set `api_url`"
            raise NoSuchHandleError(account.name, account.handle, words)
        self.base = str(base).rstrip("/")
        self.namespace = namespace_of(account)
        self.token = str(account.settings.get("token") or "")
        self._statuses = re.compile(re.escape(self.base) + r"(?:/ap)?/users/[^/]+/statuses/([0-9]+)(?:/activity)?")

    def get(self, path: str, params: Mapping[str, str | int] | None = None, accept: Collection[int] = ()) -> Exchange:
        """Ask the instance. `accept`: the error answers that the caller reads itself. Raises what the session raises."""
        return self._session.get(
            f"{self.base}{path}",
            params=params,
            headers={"Authorization": f"Bearer {self.token}"} if self.token else None,
            accept_errors=lambda exchange: exchange.status in accept,
        )

    def elsewhere(self, uri: str) -> Exchange:
        """Ask for a status at its own address, without our token; every answer is the caller's (W3C ActivityPub, 3.2)."""
        return self._session.get(uri, headers={"Accept": "application/activity+json"}, accept_errors=lambda _: True)

    def object(self, exchange: Exchange) -> dict[str, Any]:
        """The answer as an object. Raises `UnreadableAnswerError`."""
        return json_of(self._account, exchange)

    def array(self, exchange: Exchange) -> list[Any]:
        """The answer as an array. Raises `UnreadableAnswerError`."""
        return array_of(self._account, exchange)

    def local_id(self, uri: str) -> str | None:
        """The instance's own id of a status that was written on it; None of those from elsewhere."""
        match = self._statuses.fullmatch(uri)
        return match[1] if match else None

    def found_status(self, uri: str) -> tuple[dict[str, Any] | None, Exchange | None]:
        """A status by its identity, from wherever it is: as the instance knows it, or None where it does not.

        One from elsewhere is found by a search for its address, which needs a token (methods/search, `resolve`).
        """
        local = self.local_id(uri)
        if local is not None:
            exchange = self.get(f"/api/v1/statuses/{local}", accept=(NOT_FOUND,))
            return (None if exchange.status == NOT_FOUND else self.object(exchange)), exchange
        if not self.token:
            return None, None
        exchange = self.get("/api/v2/search", {"q": uri, "type": "statuses", "resolve": "true", "limit": 1})
        statuses = self.object(exchange).get("statuses")
        for status in statuses if isinstance(statuses, list) else ():
            if isinstance(status, dict) and status.get("uri") == uri:
                return status, exchange
        return None, exchange

    def found_id(self, uri: str) -> str:
        """The instance's id of a status from elsewhere. Raises `UnreadableAnswerError` where it cannot be found."""
        status, exchange = self.found_status(uri)
        own = None if status is None else read("the status", [], id_of, status)
        if own is None:
            words = (
                "the instance does not find this status"
                if exchange
                else "a status from elsewhere needs `token` to be found"
            )
            raise UnreadableAnswerError(self._account.name, uri, words, exchange)
        return own

    def account(self, exchanges: list[Exchange]) -> tuple[dict[str, Any] | None, Exchange]:
        """The account as the instance shows it, or None where it has none of that name or id any more.

        An account keeps its name for good; where its identity holds its number, that is asked for.
        """
        known = self._account.platform_id or ""
        number = _ACCOUNT_NUMBER.fullmatch(known.removeprefix(self.base))
        if number is not None and known.startswith(self.base):
            exchange = self.get(f"/api/v1/accounts/{number[1]}", accept=(NOT_FOUND, GONE))
        else:
            acct = self._account.handle.partition("@")[0]
            exchange = self.get("/api/v1/accounts/lookup", {"acct": acct}, accept=(NOT_FOUND, GONE))
        exchanges.append(exchange)
        if exchange.status != OK:
            return None, exchange
        return self.object(exchange), exchange

    def account_id(self) -> str:
        """The instance's id of the account, as this run found it. Raises `NoSuchHandleError`, `UnreadableAnswerError`."""
        known = self._account.settings.get("account_id")
        if known:
            return str(known)
        shown, exchange = self.account([])
        if shown is None:
            words = f"the instance has no account of this name ({exchange.status})"
            raise NoSuchHandleError(self._account.name, exchange.url, words, exchange)
        try:
            identity, number = account_uri(shown), id_of(shown)
        except (KeyError, TypeError) as error:
            words = f"it is no account ({error})"
            raise UnreadableAnswerError(self._account.name, exchange.url, words, exchange) from error
        if self._account.platform_id not in {None, identity}:
            words = f"the name belongs to another account now ({identity})"
            raise NoSuchHandleError(self._account.name, exchange.url, words, exchange)
        return number


def namespace_of(account: AccountRef) -> str:
    """The instance that the account's items belong to: as its name says, else the host of its address."""
    _, _, domain = account.handle.partition("@")
    return (domain or urlsplit(str(account.settings.get("api_url") or "")).hostname or "").lower()
