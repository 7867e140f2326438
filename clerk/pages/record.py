"""A record: what it says, its conversation, its versions, and where its bytes are."""

from __future__ import annotations

import dataclasses
import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from archiver import asked, moderation, notes, tags
from archiver.database import repeatable_read
from archiver.i18n.translation import _, marked
from archiver.records.shapes import load_shapes
from archiver.records.store.thumbnails import thumbnails_of
from clerk import capturing, kept, reading, views, visibility
from clerk.context import clerk_of, page
from clerk.described import file
from clerk.removals import removals
from clerk.roles import Ability, allowed
from clerk.shown import LONGEST
from clerk.stretch import stretch
from clerk.thread import page_of, seen_above, seen_below
from clerk.thread_views import Look, thread_items
from clerk.visibility import Seen, Sight, require_exchange, require_item, visible, visible_exchanges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

    from archiver.records.shapes import ItemShape, VersionShape

router = APIRouter()
THREAD_PAGE = 500
MOST_ACTS = 500
TAGS_PAGE, NOTES_PAGE = 200, 100
_MOST_REPLIES = 10_000_000
NO_RECORD = marked("The archive holds no such record: check that the address was copied whole.")
NO_EXCHANGE = marked("The archive holds no such exchange: check that the address was copied whole.")


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """What was typed to be put beside the record, and the sentence that says why it was not."""

    tag: str = ""
    tag_problem: str = ""
    note: str = ""
    note_problem: str = ""

    @property
    def problem(self) -> bool:
        """Whether something was refused."""
        return bool(self.tag_problem or self.note_problem)


@router.get("/items/{public_id}")
def record(
    request: Request,
    sight: Seen,
    public_id: uuid.UUID,
    start: Annotated[int, Query(ge=0, le=_MOST_REPLIES)] = 0,
    tags_start: Annotated[int, Query(ge=0, le=_MOST_REPLIES)] = 0,
    notes_start: Annotated[int, Query(ge=0, le=_MOST_REPLIES)] = 0,
) -> Response:
    """One record with everything around it. `start`: how many replies are on the pages before; `tags_start`, `notes_start`: how
    many of the later tags and notes are left out.
    """
    return show(request, sight, public_id, start, tags_start=tags_start, notes_start=notes_start)


def show(
    request: Request,
    sight: Sight,
    public_id: uuid.UUID,
    start: int,
    *,
    given: moderation.Given | None = None,
    problems: Mapping[str, str] | None = None,
    written: Written | None = None,
    tags_start: int = 0,
    notes_start: int = 0,
) -> Response:
    """The page of a record; with what was `given` in its form and the `problems` of it, or what was `written` to be put beside
    it, where that was refused. The rest as `record`.
    """
    clerk = clerk_of(request)
    zone = clerk.archive.settings.zone
    with repeatable_read(clerk.archive.engine) as connection:
        item = item_of(request, connection, sight, public_id)
        item_id = item.id
        above, missing_above = reading.ancestors(connection, item)
        below = reading.replies_below(connection, item)
        seen = visible(connection, sight, [*above, *(each.id for each in below)])
        above, hidden_above = seen_above(above, seen)
        replies = page_of(item_id, seen_below(item_id, below, seen), start=start, size=THREAD_PAGE)
        shapes = visibility.shapes(connection, sight, {*above, *replies.ids, *replies.answered, item_id})
        if hidden_above:
            missing_above = shapes[above[0]].parent_id if above else item.parent_id
        pointers = reading.version_evidence(connection, item_id)
        exchanges = visible_exchanges(connection, sight, [exchange for exchange, _pointer in pointers.values()])
        evidence = reading.evidence(connection, list(exchanges))
        attached = item.current.media if item.current else ()
        made = thumbnails_of(connection, [each.sha256 for each in attached if each.sha256 is not None])
        away = removals(connection, shapes.values(), sight.account_ids)
        place = reading.thread_of(connection, public_id, sight.account_ids)
        whole = reading.whole_of(connection, item_id, place) if place is not None and place.is_top else None
        acts = moderation.listed(
            connection,
            moderation.Wanted(item_id=item_id),
            messages=True,
            accounts=sight.account_ids,
            most=MOST_ACTS,
        )
        noticed = visible_exchanges(connection, sight, [act.exchange_id for act in acts if act.exchange_id is not None])
        asked_for = asked.progress(connection, place.account_id, post_id=place.post_id, thread=True) if place else None
        tag_stretch = stretch(tags_start, TAGS_PAGE, tags.changes(connection, item_id))
        note_stretch = stretch(notes_start, NOTES_PAGE, notes.number(connection, item_id))
        tagging = tags.history(connection, item_id, TAGS_PAGE, tag_stretch.start)
        noted = notes.listed(connection, item_id, NOTES_PAGE, note_stretch.start)
    if asked_for is not None and asked_for.running:
        capturing.look(clerk.archive, asked_for.row)
        with clerk.archive.engine.connect() as connection:
            asked_for = (
                asked.progress(connection, place.account_id, post_id=place.post_id, thread=True) if place else None
            )
    clerk.record(request, "record opened", str(public_id), {"revision": item.revision})
    card = views.card(item, zone, longest=LONGEST, thumbnails=made, removals=away)
    return page(
        request,
        "record.html",
        status=400 if problems or (written and written.problem) else 200,
        scripted=asked_for is not None and asked_for.running,
        title=card.label,
        item=item,
        card=card,
        links=views.links(item.current),
        facts=views.facts(item),
        above=[views.card(shapes[each], zone, longest=views.IN_THREAD, removals=away) for each in above],
        missing_above=missing_above,
        thread=replies,
        replies=thread_items(replies.replies, shapes, Look(zone, removals=away)),
        thread_page=THREAD_PAGE,
        versions=views.versions(item, pointers, longest=LONGEST),
        places=views.places(item, zone),
        history=views.history(item, {each.account_id: each.account for each in item.sightings}),
        whole=whole,
        place=place,
        acts=acts,
        given=given or moderation.Given("", ""),
        problems=problems or {},
        tagging=tagging,
        noted=noted,
        tag_stretch=tag_stretch,
        note_stretch=note_stretch,
        written=written or Written(),
        longest_tag=tags.LONGEST,
        longest_note=notes.LONGEST,
        may_tag=allowed(request, Ability.TAG),
        may_moderate=allowed(request, Ability.RECORD_MODERATION),
        may_capture=place is not None
        and allowed(request, Ability.CAPTURE_NOW)
        and capturing.can_capture(item.platform, place.status),
        progress=asked_for,
        evidence=evidence,
        noticed=noticed,
        current_number=item.current.number if item.current else None,
    )


@router.get("/items/{public_id}/versions/{number}/text", response_class=Response, responses=file("text/plain"))
def version_text(request: Request, sight: Seen, public_id: uuid.UUID, number: Annotated[int, Path(ge=1)]) -> Response:
    """The whole text of one version, as a file."""
    clerk = clerk_of(request)
    item = opened(request, sight, public_id)
    version = version_of(item, number)
    clerk.record(request, "record opened", str(public_id), {"revision": item.revision, "version": number})
    return PlainTextResponse(
        (version.text or "").encode("utf-8", "replace"),
        headers={
            "Content-Disposition": f'attachment; filename="{public_id}-version-{number}.txt"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def version_of(item: ItemShape, number: int) -> VersionShape:
    """A version of a record by its number. Raises `HTTPException` (404)."""
    version = next((each for each in item.versions if each.number == number), None)
    if version is None:
        raise HTTPException(404, _(NO_RECORD))
    return version


def opened(request: Request, sight: Sight, public_id: uuid.UUID) -> ItemShape:
    """A record that whoever asks may see.

    Raises:
        HTTPException: 404 or 403, as `clerk.visibility.require_item`.
    """
    with repeatable_read(clerk_of(request).archive.engine) as connection:
        return item_of(request, connection, sight, public_id)


def item_of(request: Request, connection: Connection, sight: Sight, public_id: uuid.UUID) -> ItemShape:
    """As `opened`, read on this connection."""
    item_id = reading.item_id_of(connection, public_id)
    found = None if item_id is None else load_shapes(connection, [item_id])[item_id]
    return require_item(request, sight, found, public_id, _(NO_RECORD))


@router.get("/exchanges/{exchange_id}")
def exchange(request: Request, sight: Seen, exchange_id: uuid.UUID) -> Response:
    """One exchange with a platform, as it is kept."""
    clerk = clerk_of(request)
    with clerk.archive.engine.connect() as connection:
        require_exchange(request, connection, sight, exchange_id, _(NO_EXCHANGE))
        found = reading.evidence(connection, [exchange_id])[exchange_id]
    clerk.record(request, "exchange opened", str(exchange_id), {})
    shown, problem = None, ""
    if found.record is not None:
        try:
            shown = kept.show(clerk.archive, found.record)
        except kept.NotKept as error:
            problem = str(error)
    return page(
        request, "exchange.html", title=_("Exchange %(exchange)s", exchange=exchange_id), found=found, record=shown,
        problem=problem, most_shown=kept.MOST_SHOWN,
    )  # fmt: skip


@router.get("/exchanges/{exchange_id}/record", response_class=Response, responses=file("application/gzip"))
def exchange_record(request: Request, sight: Seen, exchange_id: uuid.UUID) -> Response:
    """The kept record as a file: a gzipped WARC with this record alone, byte for byte as it lies in its own file."""
    clerk = clerk_of(request)
    with clerk.archive.engine.connect() as connection:
        require_exchange(request, connection, sight, exchange_id, _(NO_EXCHANGE))
        found = reading.evidence(connection, [exchange_id])[exchange_id]
    if found.record is None:
        raise HTTPException(404, _("No bytes are kept of this exchange."))
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
