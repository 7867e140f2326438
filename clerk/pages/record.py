"""A record: what it says, its conversation, its versions, and where its bytes are."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from archiver import asked, moderation
from archiver.database import repeatable_read
from archiver.records.shapes import load_shapes
from archiver.records.store.thumbnails import thumbnails_of
from clerk import capturing, kept, messages, reading, views
from clerk.context import clerk_of, page
from clerk.roles import Ability, allowed, require
from clerk.shown import LONGEST
from clerk.thread import page_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.records.shapes import ItemShape
    from clerk.context import Clerk

router = APIRouter()
THREAD_PAGE = 500
MOST_ACTS = 500
_MOST_REPLIES = 10_000_000
NO_RECORD = "The archive holds no such record: check that the address was copied whole."


@router.get("/items/{public_id}")
def record(
    request: Request, public_id: uuid.UUID, start: Annotated[int, Query(ge=0, le=_MOST_REPLIES)] = 0
) -> Response:
    """One record with everything around it. `start`: how many replies are on the pages before."""
    return show(request, public_id, start)


def show(
    request: Request,
    public_id: uuid.UUID,
    start: int,
    *,
    given: moderation.Given | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    """The page of a record; with what was `given` in its form and the `problems` of it, where it was refused."""
    clerk = clerk_of(request)
    zone = clerk.archive.settings.zone
    with repeatable_read(clerk.archive.engine) as connection:
        item_id = reading.item_id_of(connection, public_id)
        if item_id is None:
            raise HTTPException(404, NO_RECORD)
        item = load_shapes(connection, [item_id])[item_id]
        _may_open(request, item)
        above, missing_above = reading.ancestors(connection, item)
        replies = page_of(item_id, reading.replies_below(connection, item), start=start, size=THREAD_PAGE)
        shapes = load_shapes(connection, {*above, *replies.ids, *replies.answered, item_id})
        pointers = reading.version_evidence(connection, item_id)
        evidence = reading.evidence(connection, [exchange for exchange, _ in pointers.values()])
        attached = item.current.media if item.current else ()
        made = thumbnails_of(connection, [each.sha256 for each in attached if each.sha256 is not None])
        place = reading.thread_of(connection, public_id)
        whole = reading.whole_of(connection, item_id, place) if place is not None and place.is_top else None
        acts = moderation.listed(connection, moderation.Wanted(item_id=item_id), messages=True, most=MOST_ACTS)
        asked_for = asked.progress(connection, place.account_id, post_id=place.post_id, thread=True) if place else None
    if asked_for is not None and asked_for.running:
        capturing.look(clerk.archive, asked_for.row)
        with clerk.archive.engine.connect() as connection:
            asked_for = (
                asked.progress(connection, place.account_id, post_id=place.post_id, thread=True) if place else None
            )
    clerk.record(request, "record opened", str(public_id), {"revision": item.revision})
    card = views.card(item, zone, longest=LONGEST, thumbnails=made)
    return page(
        request,
        "record.html",
        status=400 if problems else 200,
        title=card.label,
        item=item,
        card=card,
        links=views.links(item.current),
        facts=views.facts(item),
        above=[views.card(shapes[each], zone, longest=views.IN_THREAD) for each in above],
        missing_above=missing_above,
        thread=replies,
        replies=views.thread_items(replies.replies, shapes, zone),
        thread_page=THREAD_PAGE,
        versions=views.versions(item, pointers, longest=LONGEST),
        places=views.places(item, zone),
        history=views.history(item, {each.account_id: each.account for each in item.sightings}),
        whole=whole,
        place=place,
        acts=acts,
        given=given or moderation.Given("", ""),
        problems=problems or {},
        may_moderate=allowed(request, Ability.RECORD_MODERATION),
        may_capture=place is not None
        and allowed(request, Ability.CAPTURE_NOW)
        and capturing.can_capture(item.platform, place.status),
        progress=asked_for,
        evidence=evidence,
        current_number=item.current.number if item.current else None,
    )


@router.get("/items/{public_id}/versions/{number}/text")
def version_text(request: Request, public_id: uuid.UUID, number: Annotated[int, Path(ge=1)]) -> Response:
    """The whole text of one version, as a file."""
    clerk = clerk_of(request)
    item = _item(clerk, public_id)
    _may_open(request, item)
    version = next((each for each in item.versions if each.number == number), None)
    if version is None:
        raise HTTPException(404, NO_RECORD)
    clerk.record(request, "record opened", str(public_id), {"revision": item.revision, "version": number})
    return PlainTextResponse(
        (version.text or "").encode("utf-8", "replace"),
        headers={
            "Content-Disposition": f'attachment; filename="{public_id}-version-{number}.txt"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _may_open(request: Request, item: ItemShape) -> None:
    if item.kind == messages.MESSAGE:
        require(request, Ability.OPEN_MESSAGES, str(item.public_id))


def _item(clerk: Clerk, public_id: uuid.UUID) -> ItemShape:
    with repeatable_read(clerk.archive.engine) as connection:
        item_id = reading.item_id_of(connection, public_id)
        if item_id is None:
            raise HTTPException(404, NO_RECORD)
        return load_shapes(connection, [item_id])[item_id]


@router.get("/exchanges/{exchange_id}")
def exchange(request: Request, exchange_id: uuid.UUID) -> Response:
    """One exchange with a platform, as it is kept."""
    clerk = clerk_of(request)
    with clerk.archive.engine.connect() as connection:
        found = reading.evidence(connection, [exchange_id]).get(exchange_id)
        private = messages.in_exchange(connection, exchange_id)
    if private:
        require(request, Ability.OPEN_MESSAGES, str(exchange_id))
    if found is None:
        raise HTTPException(404, "The archive holds no such exchange: check that the address was copied whole.")
    clerk.record(request, "exchange opened", str(exchange_id), {})
    shown, problem = None, ""
    if found.record is not None:
        try:
            shown = kept.show(clerk.archive, found.record)
        except kept.NotKept as error:
            problem = str(error)
    return page(
        request, "exchange.html", title=f"Exchange {exchange_id}", found=found, record=shown, problem=problem,
        most_shown=kept.MOST_SHOWN,
    )  # fmt: skip


@router.get("/exchanges/{exchange_id}/record")
def exchange_record(request: Request, exchange_id: uuid.UUID) -> Response:
    """The kept record as a file: a gzipped WARC with this record alone, byte for byte as it lies in its own file."""
    clerk = clerk_of(request)
    with clerk.archive.engine.connect() as connection:
        found = reading.evidence(connection, [exchange_id]).get(exchange_id)
        private = messages.in_exchange(connection, exchange_id)
    if private:
        require(request, Ability.OPEN_MESSAGES, str(exchange_id))
    if found is None or found.record is None:
        raise HTTPException(404, "No bytes are kept of this exchange.")
    clerk.record(request, "exchange opened", str(exchange_id), {"downloaded": True})
    try:
        pieces = kept.member(clerk.archive, found.record)
    except kept.NotKept as error:
        raise HTTPException(404, str(error)) from error
    return StreamingResponse(
        pieces,
        media_type="application/gzip",
        headers={
            "Content-Disposition": f'attachment; filename="{exchange_id}.warc.gz"',
            "Content-Length": str(found.record.length),
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
