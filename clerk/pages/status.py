"""How the archive is doing: the index, the captures of the last nights, what a search can and cannot do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from archiver import gaps
from archiver.i18n.translation import _
from archiver.platforms import PLATFORMS
from clerk import reading
from clerk.context import clerk_of, page
from clerk.visibility import Seen, Sight  # noqa: TC001 - FastAPI reads the annotation
from search.errors import SearchError
from search.freshness import freshness
from search.query import SearchRequest, count

if TYPE_CHECKING:
    from clerk.context import Clerk

router = APIRouter()
_CAPTURES = 60


@router.get("/status")
def status(request: Request, sight: Seen) -> Response:
    """The state of the archive and of its index."""
    clerk = clerk_of(request)
    with clerk.archive.engine.connect() as connection:
        held = reading.held(connection, messages=sight.messages, accounts=sight.account_ids)
        open_gaps = [
            row
            for row in gaps.listed(connection, only_open=True, messages=sight.messages)
            if row.status != "closed" and sight.sees_account(row.account_id)
        ]
        allowed = timedelta(hours=clerk.archive.settings.gap_hours)
        overdue = [
            each
            for each in gaps.overdue(connection, list(PLATFORMS), clerk.archive.now(), allowed)
            if sight.sees_account(each.account_id)
        ]
        captures = reading.recent_captures(connection, _CAPTURES, sight.account_ids)
    return page(
        request,
        "status.html",
        title=_("Status"),
        held=held,
        messages=sight.messages,
        indexed=_indexed(clerk, sight, messages=False),
        messages_indexed=_indexed(clerk, sight, messages=True) if sight.messages else None,
        gaps=open_gaps,
        overdue=overdue,
        captures=captures,
        fresh=freshness(
            clerk.archive.engine, clerk.client, clerk.index, accounts=sight.account_ids, messages=sight.messages
        ),
    )


def _indexed(clerk: Clerk, sight: Sight, *, messages: bool) -> int | None:
    """How many records that somebody may see the index has, direct messages among them or not; None: it cannot be asked."""
    asked = SearchRequest(zone=clerk.archive.settings.zone, limits=sight.limits, messages=messages)
    try:
        return count(clerk.client, clerk.index, asked)
    except SearchError:
        return None
