"""The button *Capture this now*: an account, or the thread of a record; and how far that is."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from archiver import asked
from archiver.i18n.translation import _, marked
from archiver.records.models import Account
from clerk import capturing, reading
from clerk.context import clerk_of, error_page, page, signed_in
from clerk.pages.account import NO_ACCOUNT
from clerk.pages.record import opened
from clerk.register import STATUSES
from clerk.roles import Ability, allowed, require
from clerk.visibility import Seen, require_account, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Row

    from archiver.asked import Progress

router = APIRouter()
_CONFLICT = 409
_NO_COMMENTS = marked("This record has no comments that could be captured.")


@router.post("/accounts/{public_id}/capture", status_code=303, response_class=RedirectResponse)
def capture_account(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:
    """Have a whole account captured."""
    require(request, Ability.CAPTURE_NOW, str(public_id))
    with clerk_of(request).archive.engine.connect() as connection:
        row = connection.execute(sa.select(Account).where(Account.public_id == public_id)).one_or_none()
    require_account(request, sight, row and row.id, public_id, _(NO_ACCOUNT))
    assert row is not None  # noqa: S101 - as was just required
    return _start(request, row, None, f"/accounts/{public_id}#capture")


@router.post("/items/{public_id}/capture", status_code=303, response_class=RedirectResponse)
def capture_thread(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:
    """Have the thread of a record captured: the comments below its post at once, then the newest posts."""
    require(request, Ability.CAPTURE_NOW, str(public_id))
    with clerk_of(request).archive.engine.connect() as connection:
        item_id = reading.item_id_of(connection, public_id)
        place = reading.thread_of(connection, public_id, sight.account_ids)
        if place is None or item_id is None or item_id not in visible(connection, sight, [item_id]):
            raise HTTPException(404, _(_NO_COMMENTS))
        row = connection.execute(sa.select(Account).where(Account.id == place.account_id)).one()
    return _start(request, row, place.post_id, f"/items/{public_id}#capture")


@router.get("/accounts/{public_id}/capture")
def of_account(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:
    """How far the capture of an account is that was asked for last."""
    with clerk_of(request).archive.engine.connect() as connection:
        row = connection.execute(sa.select(Account).where(Account.public_id == public_id)).one_or_none()
    require_account(request, sight, row and row.id, public_id, _(NO_ACCOUNT))
    assert row is not None  # noqa: S101 - as was just required
    return _page(
        request,
        lambda connection: asked.progress(connection, row.id),
        back=f"/accounts/{public_id}",
        thread_of=None,
        can=capturing.can_capture(row.platform, row.status),
    )


@router.get("/items/{public_id}/capture")
def of_thread(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:
    """How far the capture of a record's thread is. It shows nothing of the record, so that no record is opened by it."""
    item = opened(request, sight, public_id)
    with clerk_of(request).archive.engine.connect() as connection:
        place = reading.thread_of(connection, public_id, sight.account_ids)
    if place is None:
        raise HTTPException(404, _(_NO_COMMENTS))
    return _page(
        request,
        lambda connection: asked.progress(connection, place.account_id, post_id=place.post_id, thread=True),
        back=f"/items/{public_id}",
        thread_of=place.account_name,
        can=capturing.can_capture(item.platform, place.status),
    )


def _page(
    request: Request,
    progress_of: Callable[[Connection], Progress | None],
    *,
    back: str,
    thread_of: str | None,
    can: bool,
) -> Response:
    archive = clerk_of(request).archive
    with archive.engine.connect() as connection:
        progress = progress_of(connection)
    if progress is not None and progress.running:
        capturing.look(archive, progress.row)
        with archive.engine.connect() as connection:
            progress = progress_of(connection)
    return page(
        request,
        "capture.html",
        title=_("Capture it at once"),
        scripted=progress is not None and progress.running,
        progress=progress,
        may_capture=can and allowed(request, Ability.CAPTURE_NOW),
        back=back,
        thread_of=thread_of,
    )


def _start(request: Request, account: Row[Any], post_id: str | None, target: str) -> Response:
    archive = clerk_of(request).archive
    name = f"{account.platform}:{account.handle}"
    if not capturing.can_capture(account.platform, account.status):
        sentence = _(
            "%(account)s is %(status)s or has no connector, so it cannot be captured. Nothing was started.",
            account=name,
            status=_(STATUSES[account.status]),
        )
        return error_page(request, _CONFLICT, _("Nothing was started"), sentence)
    try:
        begun = asked.ask(
            archive.engine,
            account.id,
            name,
            post_id,
            user=signed_in(request).user.name,
            scheduler=capturing.scheduler_of(archive),
            now=archive.now(),
        )
    except asked.AlreadyRunningError:
        sentence = _(
            "A capture of %(account)s that was asked for before has not ended yet: wait for it. Nothing was started.",
            account=name,
        )
        return error_page(request, _CONFLICT, _("Nothing was started"), sentence)
    capturing.start(archive, begun)
    return RedirectResponse(target, 303)
