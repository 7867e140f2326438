"""One attachment by itself, large, with its descriptions, and the ones before and after it in the same record."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response

from archiver.database import repeatable_read
from archiver.i18n.translation import _
from archiver.records.store.thumbnails import thumbnails_of
from clerk import reading, views, visibility
from clerk.context import clerk_of, page
from clerk.pages.media import NO_ATTACHMENT
from clerk.security import HEADERS
from clerk.visibility import Seen, require_medium, visible_exchanges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archiver.records.shapes import ItemShape

router = APIRouter()
MOST_RECORDS = 10
"""Of how many records the page of an attachment says that it is theirs, too."""
_POLICY = f"{HEADERS['Content-Security-Policy']}; media-src 'self'"


@router.get("/media/{public_id}/view")
def view(request: Request, sight: Seen, public_id: uuid.UUID, of: uuid.UUID | None = None) -> Response:
    """The attachment's page. `of`: the record (public id) among whose attachments it is shown, where it is of several."""
    clerk = clerk_of(request)
    with repeatable_read(clerk.archive.engine) as connection:
        row = reading.medium_of(connection, public_id)
        if row is None:
            raise HTTPException(404, _(NO_ATTACHMENT))
        showing = require_medium(request, connection, sight, public_id, _(NO_ATTACHMENT))
        known = visibility.shapes(connection, sight, showing[:MOST_RECORDS])
        wanted = None if of is None else reading.item_id_of(connection, of)
        if wanted in showing and wanted not in known:
            known |= visibility.shapes(connection, sight, [wanted])
        item = known[wanted] if wanted in known else next(iter(known.values()), None)
        made = thumbnails_of(connection, _digests(item) if item else [])
        exchange = row.exchange_id
        seen = visible_exchanges(connection, sight, [exchange]) if exchange is not None else set()
    clerk.record(request, "attachment opened", str(public_id), {"view": True})
    attached = views.attachments(item, made) if item else []
    place = next((at for at, each in enumerate(attached) if each.view.public_id == public_id), None)
    if item is None or place is None:
        raise HTTPException(404, _(NO_ATTACHMENT))
    card = views.card(item, clerk.archive.settings.zone, longest=views.IN_RESULT)
    answer = page(
        request,
        "viewer.html",
        title=_(
            "%(kind)s %(place)s of %(count)s, %(record)s",
            kind=attached[place].view.kind.capitalize(),
            place=place + 1,
            count=len(attached),
            record=card.label,
        ),
        row=row,
        card=card,
        this=attached[place],
        place=place + 1,
        count=len(attached),
        before=attached[place - 1].view.public_id if place else None,
        after=attached[place + 1].view.public_id if place + 1 < len(attached) else None,
        others=[
            views.card(each, clerk.archive.settings.zone, longest=0) for each in known.values() if each.id != item.id
        ],
        exchange=exchange if exchange in seen else None,
    )
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def _digests(item: ItemShape) -> Sequence[bytes]:
    return [each.sha256 for version in item.versions for each in version.media if each.sha256 is not None]
