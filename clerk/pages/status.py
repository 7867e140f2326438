"""How the archive is doing: the index, the captures of the last nights, what a search can and cannot do."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from archiver.records.models import Item, Version
from clerk import reading
from clerk.context import clerk_of, page
from search.freshness import freshness

router = APIRouter()
_CAPTURES = 60


@router.get("/status")
def status(request: Request) -> Response:
    """The state of the archive and of its index."""
    clerk = clerk_of(request)
    with clerk.archive.engine.connect() as connection:
        items = connection.scalar(sa.select(sa.func.count()).select_from(Item))
        versions = connection.scalar(sa.select(sa.func.count()).select_from(Version))
        captures = reading.recent_captures(connection, _CAPTURES)
    return page(
        request,
        "status.html",
        title="Status",
        items=items,
        versions=versions,
        captures=captures,
        fresh=freshness(clerk.archive.engine, clerk.client, clerk.index),
    )
