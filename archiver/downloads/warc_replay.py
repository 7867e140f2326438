"""A session that asks nobody: it gives what was recorded, by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

import requests

from archiver import scrub

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from archiver.platforms.items import Json
    from archiver.platforms.pages import Exchange

_ERROR = 400

Address = tuple[str, frozenset[tuple[str, str]]]
"""What tells addresses apart, and what makes recorded ones those that are asked for: the parameters in whatever order, and no
secrets, since those were scrubbed and are others now.
"""


class NotRecordedError(Exception):
    """A connector asks for what was not recorded."""


class Replay:
    """A session in which the first answer is given, and all others are looked up by their addresses.

    Args:
        first: What the walk is to begin with.
        recorded: The answers that lie near of an address (as `address` tells them apart), in the order of their recording.
        places: The parameters that only say where in a listing an answer stands (`Manifest.places`).
        before: The answers that stand directly before one in its file, and are part of nothing yet.
        secrets: What was scrubbed from recorded addresses, and is from those that are asked for.
    """

    def __init__(
        self,
        first: Exchange,
        recorded: Callable[[Address], Sequence[Exchange]],
        places: Collection[str] = (),
        secrets: Sequence[str] = (),
        before: Callable[[Exchange], Sequence[Exchange]] = lambda _: (),
    ) -> None:
        self._first, self._recorded, self._before = first, recorded, before
        self._places, self._secrets = places, secrets
        self._posted: set[int] = set()
        self.fit = -1
        """How many parameters of the first request are those that were recorded; -1: it is another request."""

    def aside(self, exchange: Exchange) -> tuple[Replay, Sequence[Exchange]] | None:
        """A session of the answers that stand directly before one in its file: what of a page's items was asked for by itself is
        stored before the page's own. None where there are none.
        """
        near = self._before(exchange)
        if not near:
            return None
        session = Replay(
            near[0], lambda wanted: [each for each in near if address(each.url) == wanted], (), self._secrets
        )
        session.fit = 0
        return session, near

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
        return self._answer(url, params, accept_errors, posted=False)

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
        """As `get`; but what was sent is not recorded: answers of one address are given in the order of their recording, each
        once.
        """
        del headers, json, form
        return self._answer(url, params, accept_errors, posted=True)

    def download(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        accept_errors: Callable[[Exchange], bool] | None = None,
    ) -> AbstractContextManager[Exchange]:
        """What is too large to be held is not read again. Raises `NotRecordedError`."""
        del params, accept_errors
        raise NotRecordedError(url)

    def _answer(
        self,
        url: str,
        params: Mapping[str, str | int | Sequence[str]] | None,
        accept_errors: Callable[[Exchange], bool] | None,
        *,
        posted: bool,
    ) -> Exchange:
        if self.fit < 0 and not _same_path(url, self._first.url):
            raise NotRecordedError(url)
        prepared = str(requests.Request("GET", url, params=params).prepare().url)
        asked = scrub.scrub_url(prepared, self._secrets)[0]
        if self.fit < 0:
            fit = begins(asked, self._first.url, self._places)
            if fit is None:
                raise NotRecordedError(asked)
            self.fit, exchange = fit, self._first
        else:
            found = self._other(asked, posted=posted)
            if found is None:
                raise NotRecordedError(asked)
            exchange = found
        self._posted |= {id(exchange)} if posted else set()
        if exchange.status >= _ERROR and not (accept_errors and accept_errors(exchange)):
            raise NotRecordedError(asked)
        return exchange

    def _other(self, asked: str, *, posted: bool) -> Exchange | None:
        """The answer that was recorded first from the beginning of the walk on; else the last before it."""
        near = self._recorded(address(asked))
        later = [each for each in near if self._is_later(each) and id(each) not in self._posted]
        if later:
            return later[0]
        earlier = [each for each in near if not self._is_later(each)]
        return earlier[-1] if earlier and not posted else None

    def _is_later(self, exchange: Exchange) -> bool:
        return exchange.requested_at >= self._first.requested_at


def _same_path(asked: str, recorded: str) -> bool:
    """Whether two addresses may be of one place, however they write it; quickly, since most are not."""
    return unquote(asked.partition("?")[0]) == unquote(recorded.partition("?")[0])


def address(url: str) -> Address:
    """The address as it is compared. Pure."""
    place, _, query = url.partition("?")
    try:
        asked = parse_qsl(query.partition("#")[0], keep_blank_values=True)
    except ValueError:
        return url, frozenset()
    return place, frozenset((name, value) for name, value in asked if scrub.MARK not in value)


def begins(asked: str, recorded: str, places: Collection[str] = ()) -> int | None:
    """Whether a recorded request is the one that is asked for, or another place in the same listing: how many parameters they
    share; None where it is neither. Pure.

    Args:
        asked: The address that a walk asks for first.
        recorded: The address that was recorded.
        places: The parameters that say where in a listing an answer stands: they may be others, or there in one of the two only.
    """
    (one, wanted), (other, given) = address(asked), address(recorded)
    return len(wanted & given) if one == other and all(name in places for name, _ in wanted ^ given) else None
