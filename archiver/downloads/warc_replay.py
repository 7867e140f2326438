"""A session that asks nobody: it gives what was recorded, by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import requests

from archiver import scrub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from archiver.platforms.items import Json
    from archiver.platforms.pages import Exchange

_ERROR = 400


class NotRecordedError(Exception):
    """A connector asks for what was not recorded; `begun` where it had begun with what was."""

    def __init__(self, url: str, *, begun: bool) -> None:
        super().__init__(url, begun)
        self.url, self.begun = url, begun


class Replay:
    """A session in which the first answer is given, and all others are looked up by their addresses."""

    def __init__(self, first: Exchange, answers: Mapping[str, Exchange], secrets: Sequence[str]) -> None:
        self._first: Exchange | None = first
        self._answers, self._secrets = answers, secrets
        self.fit = -1
        """How many parameters of the first request are those that were recorded; -1: it is another request."""

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> Exchange:
        """What was recorded. Raises `NotRecordedError`."""
        del headers
        prepared = str(requests.Request("GET", url, params=params).prepare().url)
        asked = scrub.scrub_url(prepared, self._secrets)[0]
        first, self._first = self._first, None
        exchange = self._answers.get(asked)
        if first is not None:
            fit = begins(asked, first.url)
            if fit is None:
                raise NotRecordedError(asked, begun=False)
            self.fit, exchange = fit, first
        if exchange is None or (exchange.status >= _ERROR and not (accept_errors and accept_errors(exchange))):
            raise NotRecordedError(asked, begun=True)
        return exchange

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
        """As `get`: what was sent is not recorded."""
        del json, form
        return self.get(url, params=params, headers=headers, accept_errors=accept_errors)

    def download(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> AbstractContextManager[Exchange]:
        """What is too large to be held is not read again. Raises `NotRecordedError`."""
        del params, accept_errors
        raise NotRecordedError(url, begun=True)


def begins(asked: str, recorded: str) -> int | None:
    """Whether a recorded request is the one that is asked for, or goes on from it (with a cursor among its parameters): how many
    parameters they share; None where it does not. Pure.
    """
    try:
        one, other = urlsplit(asked), urlsplit(recorded)
    except ValueError:
        return None
    if (one.scheme, one.netloc, one.path) != (other.scheme, other.netloc, other.path):
        return None
    wanted, given = parse_qsl(one.query, keep_blank_values=True), parse_qsl(other.query, keep_blank_values=True)
    return len(wanted) if set(wanted) <= set(given) else None
