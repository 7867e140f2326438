"""How the archive is doing: the index, the captures of the last nights, what a search can and cannot do."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from archiver import gaps
from archiver.platforms import PLATFORMS
from clerk import reading
from clerk.context import clerk_of, page
from clerk.roles import Ability, allowed
from search.freshness import freshness

router = APIRouter()
_CAPTURES = 60


@router.get("/status")
def status(request: Request) -> Response:
    """The state of the archive and of its index."""
    clerk = clerk_of(request)
    messages = allowed(request, Ability.OPEN_MESSAGES)
    with clerk.archive.engine.connect() as connection:
        held = reading.held(connection, messages=messages)
        open_gaps = [row for row in gaps.listed(connection, only_open=True) if row.status != "closed"]
        overdue = gaps.overdue(
            connection, list(PLATFORMS), clerk.archive.now(), timedelta(hours=clerk.archive.settings.gap_hours)
        )
        captures = reading.recent_captures(connection, _CAPTURES)
    return page(
        request,
        "status.html",
        title="Status",
        held=held,
        messages=messages,
        gaps=open_gaps,
        overdue=overdue,
        captures=captures,
        fresh=freshness(clerk.archive.engine, clerk.client, clerk.index),
    )
