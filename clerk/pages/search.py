"""The front page: one search box, filters, results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from archiver.database import repeatable_read
from archiver.i18n.translation import _, marked, pgettext
from archiver.records.store.thumbnails import thumbnails_of
from clerk import conversation, reading, visibility
from clerk.asking import asked_for, in_english, today
from clerk.context import Clerk, clerk_of, page
from clerk.described import query
from clerk.hits import ResultView, attached, results
from clerk.removals import removals
from clerk.roles import Ability, allowed
from clerk.saved.store import LONGEST_NAME
from clerk.searching import FIELDS, LOOKS, PAGE_SIZES, Narrower, SearchForm, bars_of, chips_of, form_of
from clerk.uncaptured import uncaptured
from clerk.visibility import WANTED_SEARCH, Seen, Sight, audit_refusal
from search.errors import MessagesRefusedError, QueryError, SearchError
from search.exports.formats import FORMATS
from search.freshness import lag
from search.query import search

if TYPE_CHECKING:
    from search.query import SearchResult

router = APIRouter()
_BAD_REQUEST, _FORBIDDEN, _UNAVAILABLE = 400, 403, 503
_UNAVAILABLE_SENTENCE = marked(
    "The search cannot answer now, and nothing was searched: try again in a minute, or tell the operator."
)


@router.get("/", openapi_extra=query(*FIELDS, *LOOKS))
def front(request: Request, sight: Seen) -> Response:
    """The search form and, once something is asked, what it finds."""
    clerk = clerk_of(request)
    form = form_of(request.query_params)
    day = today(clerk.archive)
    data: dict[str, Any] = {
        "result": None, "results": [], "problem": "", "chips": [], "facets": None, "narrow": None, "bars": [], "missing": None,
    }  # fmt: skip
    status = 200
    if form.asked:
        detail: dict[str, Any] = {**form.fields, "page": form.page}
        try:
            asked = asked_for(clerk.archive, sight, form, day)
            result = search(clerk.client, clerk.index, asked)
            detail["total"] = result.total
            # Before anything of the result is shown: where this cannot be told, the page says that the search cannot answer.
            data["missing"] = None if result.total else uncaptured(clerk, asked)
            data |= {"result": result, "results": _results(clerk, sight, result), "chips": chips_of(form, result.parts)}
            if result.facets is not None:
                narrow = Narrower(form, day)
                data |= {"facets": result.facets, "narrow": narrow, "bars": bars_of(narrow, result.facets.months)}
        except MessagesRefusedError as error:
            status, data["problem"] = _FORBIDDEN, str(error)
            detail["problem"] = in_english(error)
            audit_refusal(request, None, WANTED_SEARCH, **form.fields)
        except QueryError as error:
            status, data["problem"] = _BAD_REQUEST, str(error)
            detail["problem"] = in_english(error)
        except SearchError as error:
            status, data["problem"] = _UNAVAILABLE, _(_UNAVAILABLE_SENTENCE)
            detail |= {"error": in_english(error), "problem": _UNAVAILABLE_SENTENCE}
        clerk.record(request, "searched", None, detail)
    with clerk.archive.engine.connect() as connection:
        accounts = reading.account_names(connection, sight.account_ids)
        fresh = lag(
            connection,
            clerk.client,
            clerk.index,
            answered=data["result"] is not None,
            accounts=sight.account_ids,
            messages=sight.messages,
        )
    return page(
        request,
        "search.html",
        status=status,
        scripted=bool(data["results"]),
        title=_("%(typed)s \u2013 Search", typed=form.q) if form.q else pgettext("title", "Search"),
        form=form,
        sight=sight,
        accounts=accounts,
        platforms=sorted({account.platform for account in accounts}),
        sizes=PAGE_SIZES,
        fresh=fresh,
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
    return {name: _(each.title) for name, each in FORMATS.items()} if allowed(request, Ability.EXPORT) else {}


def _results(clerk: Clerk, sight: Sight, result: SearchResult) -> list[ResultView]:
    """The hits with what stands around them: as many statements for a hundred of them as for one."""
    with repeatable_read(clerk.archive.engine) as connection:
        ids = [hit.item_id for hit in result.hits]
        around = conversation.around(connection, ids, sight.account_ids)
        beside = {each for one in around.values() for each in (one.parent, one.top) if each is not None}
        shapes = visibility.shapes(connection, sight, {*ids, *beside})
        media = [each.sha256 for key in around if key in shapes for each in attached(shapes[key])]
        made = thumbnails_of(connection, [each for each in media if each is not None])
        away = removals(connection, shapes.values(), sight.account_ids)
    return results(result.hits, shapes, around, made, away, clerk.archive.settings.zone)


def _next(form: SearchForm, result: SearchResult | None) -> str | None:
    if result is None or result.next_cursor is None:
        return None
    return form.address(after=result.next_cursor, page=str(form.page + 1))
