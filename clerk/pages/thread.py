"""A whole conversation: from its first record on, as a tree, now or as it was last captured by an earlier moment."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from archiver.database import repeatable_read
from archiver.i18n.translation import _
from archiver.records.store.thumbnails import thumbnails_of
from clerk import as_of, conversation, views, visibility
from clerk.context import clerk_of, page
from clerk.last_capture import last_capture
from clerk.messages import MESSAGE
from clerk.pages.record import item_of
from clerk.removals import removals
from clerk.thread import page_of, seen_below, start_of
from clerk.thread_views import Look, changes, thread_items
from clerk.visibility import Seen, Sight, visible

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from archiver.records.shapes import ItemShape
    from clerk.as_of import Moment

router = APIRouter()
SIZE = 200
_MOST_REPLIES = 10_000_000
_NOTHING = 0
"""The row id of no record: what hangs on a first record that is not shown hangs on this."""
_LONGEST = 40


@router.get("/threads/{public_id}")
def thread(
    request: Request,
    sight: Seen,
    public_id: uuid.UUID,
    start: Annotated[int | None, Query(ge=0, le=_MOST_REPLIES)] = None,
    by: Annotated[str, Query(max_length=_LONGEST)] = "",
    time: Annotated[str, Query(max_length=_LONGEST)] = "",
) -> Response:
    """The conversation of any of its records. `start`: how many replies are on the pages before; without it, the page is the
    one that the record stands on. `by` and `time`: as it was last captured by then.
    """
    clerk = clerk_of(request)
    settings = clerk.archive.settings
    moment, problem = None, ""
    try:
        moment = as_of.moment_of(by, time, settings.zone, clerk.archive.now())
    except as_of.NoMoment as error:
        problem = str(error)
    with repeatable_read(clerk.archive.engine) as connection:
        item = item_of(request, connection, sight, public_id)
        data = _read(connection, sight, item, moment, start)
        data["days"] = conversation.days(connection, data.pop("ids"), sight.account_ids, settings.time_zone)
    detail = {"by": moment.typed} if moment else {}
    clerk.record(request, "conversation opened", str(public_id), detail)
    look = Look(
        settings.zone,
        item.id,
        then=moment is not None,
        changes=True,
        thumbnails=data.pop("thumbnails"),
        removals=data.pop("removals"),
    )
    shapes: dict[int, ItemShape] = data.pop("shapes")
    first: ItemShape | None = data.pop("first")
    card = views.card(item, settings.zone, longest=views.IN_THREAD)
    return page(
        request,
        "conversation.html",
        status=400 if problem else 200,
        title=_("Conversation of %(kind)s by %(author)s", kind=card.kind_within, author=card.author_name),
        problem=problem,
        form={"by": moment.day if moment else by, "time": moment.clock if moment else time},
        moment=moment,
        public_id=public_id,
        came_from=card,
        is_first=first is not None and first.id == item.id,
        top=look.card(first) if first else None,
        top_changes=changes(first) if first else [],
        shown_replies=thread_items(data["replies"].replies, shapes, look),
        size=SIZE,
        **data,
    )


def _read(
    connection: Connection, sight: Sight, item: ItemShape, moment: Moment | None, start: int | None
) -> dict[str, Any]:
    """What the page shows, and the row ids of all that whoever asks may see of the conversation (`ids`)."""
    until = moment.until if moment else None
    top, every = conversation.whole(connection, item)
    ids = visible(connection, sight, {item.id, *(each.id for each in every), *([] if top is None else [top])})
    standings = conversation.standing(connection, ids, sight.account_ids, until)
    shown_top = top if top in standings else None
    hangs_on = _NOTHING if shown_top is None else shown_top
    replies = seen_below(hangs_on, every, standings)
    begin = start_of(hangs_on, replies, item.id, SIZE) if start is None else start
    found = page_of(hangs_on, replies, start=begin, size=SIZE)
    wanted = {*found.ids, *found.answered, *([] if shown_top is None else [shown_top])}
    shapes = visibility.shapes(connection, sight, wanted)
    if until is not None:
        then = {key: as_of.captured_by(shape, until) for key, shape in shapes.items()}
        shapes = {key: shape for key, shape in then.items() if shape is not None}
    media = [each.sha256 for shape in shapes.values() if shape.current for each in shape.current.media]
    counted = conversation.counted(standings)
    return {
        "ids": ids,
        "shapes": shapes,
        "first": shapes.get(hangs_on),
        "replies": found,
        "thumbnails": thumbnails_of(connection, [each for each in media if each is not None]),
        "removals": removals(connection, shapes.values(), sight.account_ids, until),
        "counted": counted,
        "shown": len(standings),
        "later": len(ids) - len(standings),
        "not_then": item.id not in standings,
        "last": None
        if until is None
        else last_capture(connection, ids, top, sight.account_ids, until, messages=item.kind == MESSAGE),
    }
