"""The front page: one search box, filters, results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from archiver.database import repeatable_read
from archiver.records.shapes import load_shapes
from clerk import reading, views
from clerk.context import Clerk, clerk_of, page
from clerk.searching import PAGE_SIZE, SearchForm, form_of, request_of
from search.accounts import resolve_account
from search.errors import QueryError, SearchError
from search.freshness import freshness
from search.query import SearchResult, search

if TYPE_CHECKING:
    import uuid

    from archiver.records.shapes import ItemShape

router = APIRouter()
_BAD_REQUEST, _UNAVAILABLE = 400, 503
_UNAVAILABLE_SENTENCE = (
    "The search cannot answer now, and nothing was searched: try again in a minute, or tell the operator."
)


@router.get("/")
def front(request: Request) -> Response:
    """The search form and, once something is asked, what it finds."""
    clerk = clerk_of(request)
    form = form_of(request.query_params)
    data: dict[str, Any] = {"result": None, "results": [], "problem": ""}
    status = 200
    if form.asked:
        detail: dict[str, Any] = {**form.fields, "page": form.page}
        try:
            result = _search(clerk, form)
            detail["total"] = result.total
            data |= {"result": result, "results": _results(clerk, result)}
        except QueryError as error:
            status, data["problem"] = _BAD_REQUEST, str(error)
        except SearchError as error:
            status, data["problem"] = _UNAVAILABLE, _UNAVAILABLE_SENTENCE
            detail["error"] = str(error)
        if data["problem"]:
            detail["problem"] = data["problem"]
        clerk.record(request, "searched", None, detail)
    accounts = reading.account_names(clerk.archive.engine)
    return page(
        request,
        "search.html",
        status=status,
        title=f"{form.q} \u2013 Search" if form.q else "Search",
        form=form,
        accounts=accounts,
        platforms=sorted({account.platform for account in accounts}),
        fresh=freshness(clerk.archive.engine, clerk.client, clerk.index),
        first=(form.page - 1) * PAGE_SIZE + 1,
        next_address=_next(form, data["result"]),
        **data,
    )


def _search(clerk: Clerk, form: SearchForm) -> SearchResult:
    account_id = None
    if form.account:
        with clerk.archive.engine.connect() as connection:
            account_id = resolve_account(connection, form.account).public_id
    return search(clerk.client, clerk.index, request_of(form, clerk.archive.settings.zone, account_id))


def _results(clerk: Clerk, result: SearchResult) -> list[views.ResultView]:
    with repeatable_read(clerk.archive.engine) as connection:
        ids = reading.item_ids_of(connection, [hit.item_public_id for hit in result.hits])
        shapes = load_shapes(connection, ids.values())
    by_public_id: dict[uuid.UUID, ItemShape] = {shape.public_id: shape for shape in shapes.values()}
    return views.results(result.hits, by_public_id, clerk.archive.settings.zone)


def _next(form: SearchForm, result: SearchResult | None) -> str | None:
    if result is None or result.next_cursor is None or form.page * PAGE_SIZE >= result.total:
        return None
    return form.address(after=result.next_cursor, page=str(form.page + 1))
