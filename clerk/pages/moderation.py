"""The moderation record: a list with filters, the same as a file, and a moderator's own words on a record."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from archiver import accounts
from archiver import moderation as record
from archiver.i18n.translation import _
from clerk import moderating, reading
from clerk.context import clerk_of, csv_file, page, signed_in
from clerk.described import file, query
from clerk.pages.record import opened, show
from clerk.roles import Ability, require
from clerk.visibility import Seen, Sight  # noqa: TC001 - FastAPI reads the annotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Row

    from clerk.moderating import Filters

router = APIRouter()
PAGE = 100
_BAD_REQUEST = 400


@router.get("/moderation", openapi_extra=query(*moderating.FILTERS, "before"))
def moderation(request: Request, sight: Seen) -> Response:
    """Who hid or removed what, the latest first."""
    clerk = clerk_of(request)
    filters = moderating.filters_of(request.query_params)
    problem, rows = "", list[Any]()
    try:
        rows = list(_rows(request, sight, filters, PAGE + 1))
    except ValueError as error:
        problem = str(error)
    clerk.record(request, "moderation listed", None, filters.chosen)
    more = len(rows) > PAGE
    with clerk.archive.engine.connect() as connection:
        accounts = reading.account_names(connection, sight.account_ids)
    return page(
        request,
        "moderation.html",
        status=_BAD_REQUEST if problem else 200,
        title=_("Moderation"),
        rows=rows[:PAGE],
        filters=filters,
        problem=problem,
        accounts=accounts,
        next_address=filters.address(before=str(rows[PAGE - 1].id)) if more else None,
        file_address=filters.address("/moderation.csv"),
    )


@router.get(
    "/moderation.csv",
    response_class=Response,
    responses=file("text/csv"),
    openapi_extra=query(*moderating.FILTERS),
)
def as_file(request: Request, sight: Seen) -> Response:
    """The same as CSV, all of it."""
    clerk = clerk_of(request)
    filters = moderating.filters_of(request.query_params)
    try:
        rows = _rows(request, sight, filters, record.MOST)
    except ValueError as error:
        raise HTTPException(_BAD_REQUEST, str(error)) from error
    clerk.record(request, "moderation downloaded", None, {**filters.chosen, "rows": len(rows)})
    return csv_file("moderation.csv", moderating.as_csv(rows, clerk.archive.settings.zone))


def _rows(request: Request, sight: Sight, filters: Filters, most: int) -> Sequence[Row[Any]]:
    archive = clerk_of(request).archive
    account_id = None
    if name := filters.values.get("account"):
        try:
            account_id = accounts.id_of(archive.engine, name)
        except accounts.RegisterError:
            account_id = None
        if account_id is None or not sight.sees_account(account_id):
            raise ValueError(_("The register has no account %(account)s.", account=name))
    wanted = filters.wanted(archive.settings.zone, account_id)
    with archive.engine.connect() as connection:
        return record.listed(connection, wanted, messages=sight.messages, accounts=sight.account_ids, most=most)


@router.post("/items/{public_id}/moderation", status_code=303, response_class=RedirectResponse)
def add(
    request: Request,
    sight: Seen,
    public_id: uuid.UUID,
    action: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    clause: Annotated[str, Form()] = "",
    by_whom: Annotated[str, Form()] = "",
    at: Annotated[str, Form()] = "",
) -> Response:
    """Put on record why a record was hidden or removed, under which clause, by whom, when."""
    require(request, Ability.RECORD_MODERATION, str(public_id))
    archive = clerk_of(request).archive
    item = opened(request, sight, public_id)
    given = record.Given(action, reason, clause, by_whom, at)
    try:
        checked = record.check(given, archive.settings.zone, archive.now())
    except record.ModerationError as error:
        return show(request, sight, public_id, 0, given=given, problems=error.problems)
    record.add(archive.engine, item.id, checked, user=signed_in(request).user.name, now=archive.now())
    return RedirectResponse(f"/items/{public_id}#moderation", 303)
