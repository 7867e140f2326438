"""The audit log, for an auditor: who did what, when; as a list and as a file. Reading it is in it as well."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from archiver.i18n.translation import _
from clerk import auditing
from clerk.context import clerk_of, page
from clerk.described import file, query
from clerk.roles import Ability, require

router = APIRouter()
PAGE = 100
_BAD_REQUEST = 400


@router.get("/audit", openapi_extra=query(*auditing.FILTERS, "before"))
def audit(request: Request) -> Response:
    """The log, the latest first."""
    require(request, Ability.READ_AUDIT, None)
    clerk = clerk_of(request)
    filters = auditing.filters_of(request.query_params)
    problem, rows = "", list[Any]()
    with clerk.archive.engine.connect() as connection:
        try:
            rows = list(auditing.rows(connection, filters.asked(clerk.archive.settings.zone), PAGE + 1))
        except ValueError as error:
            problem = str(error)
        actions = auditing.actions(connection)
    clerk.record(request, "audit log read", None, filters.chosen)
    return page(
        request,
        "audit.html",
        status=_BAD_REQUEST if problem else 200,
        title=_("Audit log"),
        rows=rows[:PAGE],
        filters=filters,
        actions=actions,
        problem=problem,
        next_address=filters.address(before=str(rows[PAGE - 1].id)) if len(rows) > PAGE else None,
        file_address=filters.address("/audit.csv"),
    )


@router.get("/audit.csv", response_class=Response, responses=file("text/csv"), openapi_extra=query(*auditing.FILTERS))
def as_file(request: Request) -> Response:
    """The same as CSV, all of it."""
    require(request, Ability.READ_AUDIT, None)
    clerk = clerk_of(request)
    filters = auditing.filters_of(request.query_params)
    zone = clerk.archive.settings.zone
    try:
        asked = filters.asked(zone)
    except ValueError as error:
        raise HTTPException(_BAD_REQUEST, str(error)) from error
    clerk.record(request, "audit log downloaded", None, filters.chosen)
    return StreamingResponse(
        auditing.as_csv(clerk.archive.engine, asked, zone),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="audit.csv"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
