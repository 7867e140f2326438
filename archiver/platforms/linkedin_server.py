"""Asking LinkedIn's API: addresses with URNs in them, and listings by `start` and `count`.

Source: learn.microsoft.com/linkedin, shared/api-guide/concepts: protocol-version (Rest.li 2.0: URNs are percent-encoded, lists
are `List(a,b)`), pagination (`paging.start`, `count`, `total`, `links`: a page may be short, and is the last one where no `next`
follows and the total is reached).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from archiver.platforms.answers import json_of, list_of, number_of
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.linkedin_manners import base_url, headers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

BATCH = 50


def encoded(urn: str) -> str:
    """A URN as a part of an address."""
    return quote(urn, safe="")


def get(
    session: Session,
    account: AccountRef,
    path: str,
    params: Mapping[str, str | int] | None = None,
    *,
    method: str | None = None,
    accept: Collection[int] = (),
) -> Exchange:
    """GET below `/rest/`; answers with a status of `accept` are not raised. Raises what the session raises."""
    return session.get(
        f"{base_url(account)}/rest/{path}",
        params=params,
        headers=headers(account, method),
        accept_errors=lambda answer: answer.status in accept,
    )


def elements_of(account: AccountRef, exchange: Exchange) -> tuple[list[Any], dict[str, Any]]:
    """The elements of a page, and its `paging`. Raises `UnreadableAnswerError`."""
    answer = json_of(account, exchange)
    paging = answer.get("paging")
    return list_of(account, exchange, answer, "elements"), paging if isinstance(paging, dict) else {}


def next_start(paging: Mapping[str, Any], start: int, asked: int, shown: int) -> int | None:
    """Where the page after this one begins; None at the end.

    The link to it says so; without links the total, or else a page that is not full.
    """
    links = paging.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "next":
            return _start_in(link.get("href"), start + asked)
    total = number_of(paging, "total")
    following = start + asked
    if total is not None:
        return following if following < total else None
    return following if shown >= asked else None


def _start_in(href: Any, otherwise: int) -> int:
    try:
        told = parse_qs(urlsplit(str(href)).query).get("start", [""])[0]
    except ValueError:
        return otherwise
    start = number_of({"start": told}, "start")
    return otherwise if start is None else start


def social_metadata(
    session: Session, account: AccountRef, urns: Sequence[str], accept: Collection[int]
) -> tuple[dict[str, dict[str, Any]], list[Exchange]]:
    """The counters of posts, and whether their comments are open, by URN; posts that LinkedIn says nothing of are left out.

    Gives the exchanges too, also those that were refused (`accept`). Raises what the session raises.
    """
    found: dict[str, dict[str, Any]] = {}
    exchanges: list[Exchange] = []
    for begin in range(0, len(urns), BATCH):
        listed = ",".join(encoded(urn) for urn in urns[begin : begin + BATCH])
        exchange = get(session, account, f"socialMetadata?ids=List({listed})", method="BATCH_GET", accept=accept)
        exchanges.append(exchange)
        if exchange.status in accept:
            continue
        results = json_of(account, exchange).get("results")
        if not isinstance(results, dict):
            raise UnreadableAnswerError(account.name, exchange.url, "it has no object 'results'", exchange)
        found.update({urn: each for urn, each in results.items() if isinstance(each, dict)})
    return found, exchanges
