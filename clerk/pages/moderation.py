"""The moderation record: a list with filters, the same as a file, and a moderator's own words on a record."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from archiver import accounts
from archiver import moderation as record
from clerk import moderating, reading
from clerk.context import clerk_of, csv_file, page, signed_in
from clerk.messages import MESSAGE
from clerk.pages.record import NO_RECORD, show
from clerk.roles import Ability, allowed, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Row

    from clerk.moderating import Filters

router = APIRouter()
PAGE = 100
_BAD_REQUEST = 400


@router.get("/moderation")
def moderation(request: Request) -> Response:
    """Who hid or removed what, the latest first."""
    clerk = clerk_of(request)
    filters = moderating.filters_of(request.query_params)
    problem, rows = "", list[Any]()
    try:
        rows = list(_rows(request, filters, PAGE + 1))
    except ValueError as error:
        problem = str(error)
    clerk.record(request, "moderation listed", None, filters.chosen)
    more = len(rows) > PAGE
    return page(
        request,
        "moderation.html",
        status=_BAD_REQUEST if problem else 200,
        title="Moderation",
        rows=rows[:PAGE],
        filters=filters,
        problem=problem,
        accounts=reading.account_names(clerk.archive.engine),
        next_address=filters.address(before=str(rows[PAGE - 1].id)) if more else None,
        file_address=filters.address("/moderation.csv"),
    )


@router.get("/moderation.csv")
def as_file(request: Request) -> Response:
    """The same as CSV, all of it."""
    clerk = clerk_of(request)
    filters = moderating.filters_of(request.query_params)
    try:
        rows = _rows(request, filters, record.MOST)
    except ValueError as error:
        raise HTTPException(_BAD_REQUEST, str(error)) from error
    clerk.record(request, "moderation downloaded", None, {**filters.chosen, "rows": len(rows)})
    return csv_file("moderation.csv", moderating.as_csv(rows, clerk.archive.settings.zone))


def _rows(request: Request, filters: Filters, most: int) -> Sequence[Row[Any]]:
    archive = clerk_of(request).archive
    account_id = None
    if name := filters.values.get("account"):
        try:
            account_id = accounts.id_of(archive.engine, name)
        except accounts.RegisterError as error:
            raise ValueError(f"The register has no account {name}.") from error
    wanted = filters.wanted(archive.settings.zone, account_id)
    with archive.engine.connect() as connection:
        return record.listed(connection, wanted, messages=allowed(request, Ability.OPEN_MESSAGES), most=most)


@router.post("/items/{public_id}/moderation")
def add(
    request: Request,
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
    with archive.engine.connect() as connection:
        item = reading.item_of(connection, public_id)
    if item is None:
        raise HTTPException(404, NO_RECORD)
    if item.kind == MESSAGE:
        require(request, Ability.OPEN_MESSAGES, str(public_id))
    given = record.Given(action, reason, clause, by_whom, at)
    try:
        checked = record.check(given, archive.settings.zone, archive.now())
    except record.ModerationError as error:
        return show(request, public_id, 0, given=given, problems=error.problems)
    record.add(archive.engine, item.id, checked, user=signed_in(request).user.name, now=archive.now())
    return RedirectResponse(f"/items/{public_id}#moderation", 303)
