"""The front page: one search box, filters, results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from archiver.database import repeatable_read
from clerk import reading, views, visibility
from clerk.asking import asked_for, today
from clerk.context import Clerk, clerk_of, page
from clerk.roles import Ability, allowed
from clerk.saved.store import LONGEST_NAME
from clerk.searching import PAGE_SIZES, SearchForm, bars_of, chips_of, form_of, narrowed_address
from clerk.visibility import Seen, Sight, audit_refusal
from search.errors import MessagesRefusedError, QueryError, SearchError
from search.exports.formats import FORMATS
from search.freshness import freshness
from search.query import SearchResult, search

if TYPE_CHECKING:
    import datetime as dt
    import uuid

    from archiver.records.shapes import ItemShape

router = APIRouter()
_BAD_REQUEST, _FORBIDDEN, _UNAVAILABLE = 400, 403, 503
_UNAVAILABLE_SENTENCE = (
    "The search cannot answer now, and nothing was searched: try again in a minute, or tell the operator."
)


@router.get("/")
def front(request: Request, sight: Seen) -> Response:
    """The search form and, once something is asked, what it finds."""
    clerk = clerk_of(request)
    form = form_of(request.query_params)
    day = today(clerk)
    data: dict[str, Any] = {"result": None, "results": [], "problem": "", "chips": [], "facets": None, "bars": []}
    status = 200
    if form.asked:
        detail: dict[str, Any] = {**form.fields, "page": form.page}
        try:
            result = _search(clerk, sight, form, day)
            detail["total"] = result.total
            data |= {"result": result, "results": _results(clerk, sight, result), "chips": chips_of(form, result.parts)}
            if result.facets is not None:
                data |= {"facets": result.facets, "bars": bars_of(form, result.facets.months, day)}
        except MessagesRefusedError as error:
            status, data["problem"] = _FORBIDDEN, str(error)
            audit_refusal(request, None, "search direct messages", **form.fields)
        except QueryError as error:
            status, data["problem"] = _BAD_REQUEST, str(error)
        except SearchError as error:
            status, data["problem"] = _UNAVAILABLE, _UNAVAILABLE_SENTENCE
            detail["error"] = str(error)
        if data["problem"]:
            detail["problem"] = data["problem"]
        clerk.record(request, "searched", None, detail)
    accounts = reading.account_names(clerk.archive.engine, sight.account_ids)
    return page(
        request,
        "search.html",
        status=status,
        title=f"{form.q} \u2013 Search" if form.q else "Search",
        form=form,
        sight=sight,
        accounts=accounts,
        platforms=sorted({account.platform for account in accounts}),
        sizes=PAGE_SIZES,
        narrow=lambda typed: narrowed_address(form, typed, day),
        fresh=freshness(clerk.archive.engine, clerk.client, clerk.index),
        first=(form.page - 1) * form.size + 1,
        next_address=_next(form, data["result"]),
        may_save=allowed(request, Ability.SAVE_SEARCHES),
        longest_name=LONGEST_NAME,
        may_keep=allowed(request, Ability.KEEP_RECEIPTS),
        formats=_formats(request),
        **data,
    )


def _formats(request: Request) -> dict[str, str]:
    """The formats that whoever asks may export in."""
    return {name: each.title for name, each in FORMATS.items()} if allowed(request, Ability.EXPORT) else {}


def _search(clerk: Clerk, sight: Sight, form: SearchForm, day: dt.date) -> SearchResult:
    return search(clerk.client, clerk.index, asked_for(clerk, sight, form, day))


def _results(clerk: Clerk, sight: Sight, result: SearchResult) -> list[views.ResultView]:
    with repeatable_read(clerk.archive.engine) as connection:
        ids = reading.item_ids_of(connection, [hit.item_public_id for hit in result.hits])
        shapes = visibility.shapes(connection, sight, ids.values())
    by_public_id: dict[uuid.UUID, ItemShape] = {shape.public_id: shape for shape in shapes.values()}
    return views.results(result.hits, by_public_id, clerk.archive.settings.zone)


def _next(form: SearchForm, result: SearchResult | None) -> str | None:
    if result is None or result.next_cursor is None or form.page * form.size >= result.total:
        return None
    return form.address(after=result.next_cursor, page=str(form.page + 1))
