"""Everything that a search finds, as a file: asked for, looked after, fetched."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from archiver.blobs import BlobStore
from archiver.i18n.translation import _, marked
from clerk import described
from clerk.asking import asked_to_keep, today
from clerk.context import clerk_of, page, signed_in
from clerk.roles import Ability, require
from clerk.searching import form_of
from clerk.visibility import WANTED_SEARCH, Seen, Sight, audit_refusal, refuse_messages, require_covered
from search.errors import MessagesRefusedError, QueryError, SearchError
from search.exports import asking, jobs
from search.exports.asked import limits_under
from search.exports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Any

    from sqlalchemy.engine import Row

    from clerk.searching import SearchForm

router = APIRouter()
_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _UNAVAILABLE = 400, 403, 404, 503
_CHUNK = 1 << 18
_LISTED = 100
_TYPES = {
    "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NO_EXPORT = marked("There is no such export: check that the address was copied whole.")


@router.get("/exports")
def exports(request: Request, sight: Seen) -> Response:
    """The latest exports of what whoever asks sees all of, and how far each is."""
    require(request, Ability.EXPORT, None)
    return _page(request, sight)


@router.post("/exports", status_code=303, response_class=RedirectResponse)
def ask(
    request: Request,
    sight: Seen,
    q: Annotated[str, Form()] = "",
    account: Annotated[str, Form()] = "",
    platform: Annotated[str, Form()] = "",
    date_from: Annotated[str, Form(alias="from")] = "",
    date_to: Annotated[str, Form(alias="to")] = "",
    form: Annotated[str, Form(alias="format")] = "",
    messages: Annotated[str, Form()] = "",
) -> Response:
    """Have everything that a search finds, of what whoever asks may see, made into a file."""
    require(request, Ability.EXPORT, None)
    if messages and not sight.messages:
        refuse_messages(request, None)
    asked = form_of({"q": q, "account": account, "platform": platform, "from": date_from, "to": date_to})
    try:
        _ask(request, sight, asked, form, messages=bool(messages))
    except MessagesRefusedError as error:
        audit_refusal(request, None, WANTED_SEARCH, **asked.fields)
        return _page(request, sight, status=_FORBIDDEN, problem=str(error))
    except QueryError as error:
        return _page(request, sight, status=_BAD_REQUEST, problem=str(error))
    except SearchError:
        sentence = _(
            "The search cannot answer now, and nothing was asked for: try again in a minute, or tell the operator."
        )
        return _page(request, sight, status=_UNAVAILABLE, problem=sentence)
    return RedirectResponse("/exports", 303)


def _ask(request: Request, sight: Sight, asked: SearchForm, form: str, *, messages: bool) -> None:
    if form not in FORMATS:
        raise QueryError(lambda: _("Choose a format from the list."))
    clerk = clerk_of(request)
    asking.ask(
        clerk.archive.engine,
        clerk.client,
        clerk.index,
        asked_to_keep(clerk.archive, sight, asked, today(clerk.archive)),
        form=form,
        messages=messages,
        by=signed_in(request).user.name,
        now=clerk.archive.now(),
    )


@router.post("/exports/{public_id}/cancel", status_code=303, response_class=RedirectResponse)
def cancel(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:
    """Have an export end that is not made yet."""
    job = _job(request, sight, public_id)
    archive = clerk_of(request).archive
    with archive.engine.begin() as connection:
        done = jobs.cancel(connection, job.public_id, signed_in(request).user.name, archive.now())
    if not done:
        return _page(
            request, sight, status=_BAD_REQUEST, problem=_("That export had ended already; nothing was cancelled.")
        )
    return RedirectResponse("/exports", 303)


@router.get("/exports/{public_id}/file", response_class=Response, responses=described.file(*_TYPES.values()))
def file(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:
    """The finished file, which no browser shows as a page."""
    job = _job(request, sight, public_id)
    if job.sha256 is None:
        raise HTTPException(_NOT_FOUND, _("There is no file of this export: the page Exports says how far it is."))
    clerk = clerk_of(request)
    digest = bytes(job.sha256)
    try:
        opened = clerk.archive.blobs.open(BlobStore.key(digest))
    except FileNotFoundError as error:
        raise HTTPException(_NOT_FOUND, _("The file is missing from the store: tell the operator.")) from error
    clerk.record(request, "export downloaded", str(public_id), {"sha256": digest.hex(), "records": job.written})
    return StreamingResponse(
        _pieces(opened),
        media_type=_TYPES[FORMATS[job.format].suffix],
        headers={
            "Content-Disposition": f'attachment; filename="{job.file_name}"',
            "Content-Length": str(job.size),
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _job(request: Request, sight: Sight, public_id: uuid.UUID) -> Row[Any]:
    """An export that whoever asks may have. Raises `HTTPException`."""
    require(request, Ability.EXPORT, str(public_id))
    with clerk_of(request).archive.engine.connect() as connection:
        job = jobs.one(connection, public_id)
    if job is None:
        raise HTTPException(_NOT_FOUND, _(_NO_EXPORT))
    require_covered(request, sight, limits_under(job), str(public_id), _(_NO_EXPORT))
    return job


def _pieces(opened: IO[bytes]) -> Iterator[bytes]:
    with opened:
        while piece := opened.read(_CHUNK):
            yield piece


def _page(request: Request, sight: Sight, *, status: int = 200, problem: str = "") -> Response:
    with clerk_of(request).archive.engine.connect() as connection:
        rows = jobs.listed(connection, sight.limits, most=_LISTED)
    under_way = [row.public_id for row in rows if row.finished_at is None]
    return page(
        request,
        "exports.html",
        status=status,
        scripted=bool(under_way),
        title=_("Exports"),
        rows=rows,
        formats={name: _(each.title) for name, each in FORMATS.items()},
        problem=problem,
        under_way=under_way,
    )
