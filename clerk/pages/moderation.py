"""The moderation record: a list with filters, the same as a file, and a moderator's own words on a record."""

from __future__ import annotations

import dataclasses
import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from archiver import accounts
from archiver import moderation as record
from archiver.i18n.translation import _
from clerk import moderating, reading
from clerk.context import clerk_of, page, signed_in
from clerk.described import file, query
from clerk.pages.record import opened, show
from clerk.roles import Ability, allowed, require
from clerk.visibility import Seen, Sight  # noqa: TC001 - FastAPI reads the annotation
from search.exports.about import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection, Engine, Row

    from clerk.moderating import Filters

router = APIRouter()
PAGE = 100
_TOGETHER = 5_000
_BAD_REQUEST = 400


@router.get("/moderation", openapi_extra=query(*moderating.FILTERS, "before"))
def moderation(request: Request, sight: Seen) -> Response:
    """Who hid or removed what, the latest first."""
    clerk = clerk_of(request)
    filters = moderating.filters_of(request.query_params)
    problem, rows = "", list[Any]()
    try:
        wanted = _wanted(request, sight, filters)
        with clerk.archive.engine.connect() as connection:
            rows = list(_rows(connection, sight, wanted, PAGE + 1))
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
        file_address=filters.address("/moderation.csv") if allowed(request, Ability.EXPORT) else None,
    )


@router.get(
    "/moderation.csv",
    response_class=Response,
    responses=file("text/csv"),
    openapi_extra=query(*moderating.FILTERS),
)
def as_file(request: Request, sight: Seen) -> Response:
    """The same as CSV, all of it: an export, for those who may take records out."""
    require(request, Ability.EXPORT, None)
    clerk = clerk_of(request)
    filters = moderating.filters_of(request.query_params)
    try:
        wanted = _wanted(request, sight, filters)
    except ValueError as error:
        raise HTTPException(_BAD_REQUEST, str(error)) from error
    clerk.record(request, "moderation downloaded", None, filters.chosen)
    return StreamingResponse(
        moderating.as_csv(_batches(clerk.archive.engine, sight, wanted), clerk.archive.settings.zone),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{PREFIX}-moderation.csv"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _wanted(request: Request, sight: Sight, filters: Filters) -> record.Wanted:
    """What the filters ask for. Raises `ValueError` with a sentence."""
    archive = clerk_of(request).archive
    account_id = None
    if name := filters.values.get("account"):
        try:
            account_id = accounts.id_of(archive.engine, name)
        except accounts.RegisterError:
            account_id = None
        if account_id is None or not sight.sees_account(account_id):
            raise ValueError(_("The register has no account %(account)s.", account=name))
    return filters.wanted(archive.settings.zone, account_id)


def _rows(connection: Connection, sight: Sight, wanted: record.Wanted, most: int) -> Sequence[Row[Any]]:
    return record.listed(connection, wanted, messages=sight.messages, accounts=sight.account_ids, most=most)


def _batches(engine: Engine, sight: Sight, wanted: record.Wanted) -> Iterator[Sequence[Row[Any]]]:
    """All that is wanted, some at a time. No connection is held while whoever downloads takes them."""
    while True:
        with engine.connect() as connection:
            rows = _rows(connection, sight, wanted, _TOGETHER)
        if not rows:
            return
        yield rows
        wanted = dataclasses.replace(wanted, before=rows[-1].id)


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
