"""Tags and notes beside records: put on, taken off, written; and the list of the tags."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from archiver import notes
from archiver import tags as record
from archiver.i18n.translation import _
from clerk.context import clerk_of, page, signed_in
from clerk.pages.record import Written, opened, show
from clerk.roles import Ability, require
from clerk.views import tag_address
from clerk.visibility import Seen  # noqa: TC001 - FastAPI reads the annotation

router = APIRouter()


@router.get("/tags")
def tags(request: Request, sight: Seen) -> Response:
    """Every tag that is on a record which whoever asks may see, with how many."""
    clerk = clerk_of(request)
    with clerk.archive.engine.connect() as connection:
        found = record.counts(connection, sight.account_ids, messages=sight.messages)
    clerk.record(request, "tags listed", None, {})
    return page(
        request,
        "tags.html",
        title=_("Tags"),
        tags=[(each, tag_address(each.name), tag_address(each.name, " type:message")) for each in found],
        sight=sight,
    )


@router.post("/items/{public_id}/tags", status_code=303, response_class=RedirectResponse)
def put_on(request: Request, sight: Seen, public_id: uuid.UUID, tag: Annotated[str, Form()] = "") -> Response:
    """Put a tag on a record."""
    require(request, Ability.TAG, str(public_id))
    archive = clerk_of(request).archive
    item = opened(request, sight, public_id)
    try:
        record.put_on(archive.engine, item.id, tag, user=signed_in(request).user.name, now=archive.now())
    except record.TagError as error:
        return show(request, sight, public_id, 0, written=Written(tag=tag, tag_problem=str(error)))
    return RedirectResponse(f"/items/{public_id}#tags", 303)


@router.post("/items/{public_id}/tags/off", status_code=303, response_class=RedirectResponse)
def take_off(request: Request, sight: Seen, public_id: uuid.UUID, tag: Annotated[str, Form()] = "") -> Response:
    """Take a tag off a record."""
    require(request, Ability.TAG, str(public_id))
    archive = clerk_of(request).archive
    item = opened(request, sight, public_id)
    record.take_off(archive.engine, item.id, tag, user=signed_in(request).user.name, now=archive.now())
    return RedirectResponse(f"/items/{public_id}#tags", 303)


@router.post("/items/{public_id}/notes", status_code=303, response_class=RedirectResponse)
def write(request: Request, sight: Seen, public_id: uuid.UUID, note: Annotated[str, Form()] = "") -> Response:
    """Write a note beside a record."""
    require(request, Ability.TAG, str(public_id))
    archive = clerk_of(request).archive
    item = opened(request, sight, public_id)
    try:
        notes.add(archive.engine, item.id, note, user=signed_in(request).user.name, now=archive.now())
    except notes.NoteError as error:
        return show(request, sight, public_id, 0, written=Written(note=note, note_problem=str(error)))
    return RedirectResponse(f"/items/{public_id}#tags", 303)
