"""Search receipts: a search kept as it was made, shown, handed out as a file, and run again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from archiver.i18n.translation import _, pgettext
from clerk.asking import asked_to_keep, in_english, today
from clerk.context import clerk_of, download, error_page, page, signed_in
from clerk.described import file, query
from clerk.roles import Ability, require
from clerk.searching import form_of
from clerk.visibility import WANTED_SEARCH, Seen, Sight, audit_refusal, require_covered
from search.errors import MessagesRefusedError, QueryError, SearchError
from search.receipts import document, kept, words
from search.receipts.check import MOST_SHOWN, check
from search.receipts.make import make
from search.receipts.model import ReceiptError
from search.receipts.pdf import pdf

if TYPE_CHECKING:
    from clerk.searching import SearchForm
    from search.receipts.model import Kept

router = APIRouter()
PAGE = 50
_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _UNAVAILABLE = 400, 403, 404, 503
_MOST_DIGITS = 15


@router.get("/receipts", openapi_extra=query("before"))
def receipts(request: Request, sight: Seen) -> Response:
    """The receipts of what whoever asks sees all of, the latest first."""
    clerk = clerk_of(request)
    given = request.query_params.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS else None
    with clerk.archive.engine.connect() as connection:
        listed = kept.listed(connection, PAGE + 1, before, within=sight.limits)
    return page(
        request,
        "receipts.html",
        title=pgettext("search", "Receipts"),
        receipts=listed[:PAGE],
        earlier=listed[PAGE - 1].number if len(listed) > PAGE else None,
    )


@router.post("/receipts", status_code=303, response_class=RedirectResponse)
def keep(
    request: Request,
    sight: Seen,
    q: Annotated[str, Form()] = "",
    account: Annotated[str, Form()] = "",
    platform: Annotated[str, Form()] = "",
    date_from: Annotated[str, Form(alias="from")] = "",
    date_to: Annotated[str, Form(alias="to")] = "",
    sort: Annotated[str, Form()] = "",
    messages: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
) -> Response:
    """Make a receipt of a search, within what whoever asks may see, and show it."""
    require(request, Ability.KEEP_RECEIPTS, None)
    sent = {"q": q, "account": account, "platform": platform, "from": date_from, "to": date_to, "sort": sort}
    form = form_of({**sent, "messages": messages})
    try:
        made = _make(request, sight, form, note)
    except MessagesRefusedError as error:
        audit_refusal(request, None, WANTED_SEARCH, **form.fields)
        return error_page(request, _FORBIDDEN, _("No receipt was made"), str(error))
    except (QueryError, ReceiptError) as error:
        clerk_of(request).record(request, "receipt not made", None, {**form.fields, "problem": in_english(error)})
        return error_page(request, _BAD_REQUEST, _("No receipt was made"), str(error))
    except SearchError as error:
        clerk_of(request).record(request, "receipt not made", None, {**form.fields, "error": in_english(error)})
        return error_page(
            request,
            _UNAVAILABLE,
            _("No receipt was made"),
            _("The search cannot answer now, and nothing was kept: try again in a minute, or tell the operator."),
        )
    return RedirectResponse(f"/receipts/{made.number}", 303)


def _make(request: Request, sight: Sight, form: SearchForm, note: str) -> Kept:
    clerk = clerk_of(request)
    asked = asked_to_keep(clerk.archive, sight, form, today(clerk.archive))
    by = signed_in(request).user.name
    return make(clerk.archive, clerk.client, clerk.index, asked, made_by=by, note=note)


@router.get("/receipts/{number}.pdf", response_class=Response, responses=file("application/pdf"))
def as_pdf(request: Request, sight: Seen, number: int) -> Response:
    """One receipt as a PDF. Stands before the page, whose address would else take the name of the file for a number."""
    found = _load(request, sight, number)
    clerk_of(request).record(request, "receipt exported", str(number), {"as": "pdf", "sha256": found.sha256.hex()})
    return download(f"receipt-{number}.pdf", pdf(found), "application/pdf")


@router.get("/receipts/{number}.json", response_class=Response, responses=file("application/json"))
def as_json(request: Request, sight: Seen, number: int) -> Response:
    """One receipt in its exact form, with the digest that is made of it."""
    found = _load(request, sight, number)
    clerk_of(request).record(request, "receipt exported", str(number), {"as": "json", "sha256": found.sha256.hex()})
    content = json.dumps(document.exported(found), ensure_ascii=False, indent=1).encode()
    return download(f"receipt-{number}.json", content, "application/json")


@router.get("/receipts/{number}")
def receipt(request: Request, sight: Seen, number: int) -> Response:
    """One receipt, to be read and printed: what it says itself in English, as it is kept."""
    found = _load(request, sight, number)
    clerk_of(request).record(request, "receipt opened", str(number), {})
    return page(
        request,
        "receipt.html",
        title=_("Search receipt %(number)s", number=number),
        receipt=found,
        heading=document.heading(found.body),
        sections=document.sections(found),
        statement=words.statement(found.body, document.zone_of(found.body)),
        statement_title=words.statement_title(found.body),
    )


@router.post("/receipts/{number}/check")
def run_again(request: Request, sight: Seen, number: int) -> Response:
    """Run the search again: what differs, and why."""
    clerk = clerk_of(request)
    found = _load(request, sight, number)
    try:
        checked = check(clerk.archive, clerk.client, clerk.index, found)
    except SearchError as error:
        clerk.record(request, "receipt checked", str(number), {"error": in_english(error)})
        return error_page(
            request,
            _UNAVAILABLE,
            _("The search was not run again"),
            _("The search cannot answer now: try again in a minute, or tell the operator."),
        )
    clerk.record(request, "receipt checked", str(number), {"sound": checked.sound, "sentence": checked.sentence})
    return page(
        request,
        "receipt_again.html",
        title=_("Search receipt %(number)s, run again", number=number),
        receipt=found,
        checked=checked,
        sentence=found.body.get("sentence", ""),
        most=MOST_SHOWN,
    )


def _load(request: Request, sight: Sight, number: int) -> Kept:
    """A receipt of which whoever asks sees all. Raises `HTTPException`, as of a number that nobody gave, where they do not."""
    with clerk_of(request).archive.engine.connect() as connection:
        try:
            found = kept.load(connection, number)
        except ReceiptError as error:
            raise HTTPException(_NOT_FOUND, str(error)) from error
    require_covered(request, sight, kept.limits(found), str(number), kept.no_receipt(number))
    return found
