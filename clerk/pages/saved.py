"""Searches that people keep: saved from the results, run, renamed, shared, told of by e-mail each night, removed."""

from __future__ import annotations

import dataclasses
import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from archiver import mail
from archiver.i18n.translation import _, marked
from archiver.records.storable import mend
from clerk.asking import asked_for, today
from clerk.context import clerk_of, page, signed_in
from clerk.roles import Ability, allowed, require
from clerk.saved import store
from clerk.saved.shared import Start, shared
from clerk.saved.store import BEGINNING, Place, SavedError
from clerk.searching import form_of
from clerk.visibility import WANTED_SEARCH, Seen, Sight, audit_refusal
from search.errors import MessagesRefusedError, QueryError, SearchError
from search.query.run import prepared

if TYPE_CHECKING:
    from clerk.saved.store import Saved
    from clerk.searching import SearchForm

router = APIRouter()
_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _UNAVAILABLE = 400, 403, 404, 503
_MOST_SEARCHES = 10**15
_MOST_STRETCHES = 10**6
_FIRST = Start()
NO_SEARCH = marked("There is no such saved search, or it is not yours to see or change. Nothing was changed.")
_NOT_NOW = marked("The search cannot answer now, and nothing was changed: try again in a minute, or tell the operator.")
NO_ADDRESS = marked(
    "The archive does not know where to write to you: ask an administrator to put your e-mail address on the page Users. Nothing "
    "was changed."
)


@router.get("/searches")
def searches(
    request: Request,
    sight: Seen,
    after: Annotated[str, Query(max_length=4 * store.LONGEST_NAME)] = "",
    behind: Annotated[int, Query(alias="id", ge=0, le=_MOST_SEARCHES)] = 0,
    stretch: Annotated[int, Query(ge=0, le=_MOST_STRETCHES)] = 0,
) -> Response:
    """Their own, and those that others share. `after` and `id`: behind which name and row id the page begins; `stretch`: how many
    times as many as are looked at for one page are passed over.
    """
    place = Place(mend(after), behind) if after else BEGINNING
    return _page(request, sight, start=Start(place, stretch))


@router.post("/searches", status_code=303, response_class=RedirectResponse)
def save(
    request: Request,
    sight: Seen,
    q: Annotated[str, Form()] = "",
    account: Annotated[str, Form()] = "",
    platform: Annotated[str, Form()] = "",
    date_from: Annotated[str, Form(alias="from")] = "",
    date_to: Annotated[str, Form(alias="to")] = "",
    messages: Annotated[str, Form()] = "",
    sort: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    shared: Annotated[str, Form()] = "",
) -> Response:
    """Keep a search as it was typed."""
    require(request, Ability.SAVE_SEARCHES, None)
    archive = clerk_of(request).archive
    form = form_of(
        {
            "q": q, "account": account, "platform": platform, "from": date_from, "to": date_to, "messages": messages,
            "sort": sort,
        }
    )  # fmt: skip
    try:
        _understand(request, sight, form)
        public_id = store.save(
            archive.engine, signed_in(request).user, form.fields, name, shared=shared == "yes", now=archive.now()
        )
    except MessagesRefusedError as error:
        audit_refusal(request, None, WANTED_SEARCH, **form.fields)
        return _page(
            request, sight, status=_FORBIDDEN, problem=_("The search was not saved: %(problem)s", problem=error)
        )
    except (QueryError, SavedError) as error:
        return _page(
            request, sight, status=_BAD_REQUEST, problem=_("The search was not saved: %(problem)s", problem=error)
        )
    except SearchError:
        return _page(request, sight, status=_UNAVAILABLE, problem=_(_NOT_NOW))
    return RedirectResponse(f"/searches#search-{public_id}", 303)


@router.post("/searches/{public_id}/name", status_code=303, response_class=RedirectResponse)
def rename(request: Request, sight: Seen, public_id: uuid.UUID, name: Annotated[str, Form()] = "") -> Response:
    """Call it something else."""
    saved = _own(request, public_id)
    try:
        called = store.usable_name(name)
    except SavedError as error:
        return _page(request, sight, status=_BAD_REQUEST, problem=_("Nothing was changed: %(problem)s", problem=error))
    return _changed(request, saved, "saved search renamed", name=called)


@router.post("/searches/{public_id}/shared", status_code=303, response_class=RedirectResponse)
def share(request: Request, sight: Seen, public_id: uuid.UUID, shared: Annotated[str, Form()] = "") -> Response:  # noqa: ARG001 - who reads no records saves none
    """Let everybody run it, or nobody else."""
    wanted = _yes(shared)
    action = "saved search shared" if wanted else "saved search no longer shared"
    return _changed(request, _own(request, public_id), action, shared=wanted)


@router.post("/searches/{public_id}/nightly", status_code=303, response_class=RedirectResponse)
def tell(request: Request, sight: Seen, public_id: uuid.UUID, nightly: Annotated[str, Form()] = "") -> Response:
    """Have it run each night, with an e-mail when there is something new; or no more."""
    saved, wanted = _own(request, public_id), _yes(nightly)
    if wanted:
        problem = _(NO_ADDRESS) if saved.row.email is None else mail.problem_of(clerk_of(request).archive.settings)
        try:
            _understand(
                request, dataclasses.replace(sight, messages=False), dataclasses.replace(saved.form, messages=False)
            )
        except QueryError as error:
            problem = _("It cannot run by night: %(problem)s", problem=error)
        except SearchError:
            return _page(request, sight, status=_UNAVAILABLE, problem=_(_NOT_NOW))
        if problem is not None:
            return _page(request, sight, status=_BAD_REQUEST, problem=problem)
    action = "nightly e-mail switched on" if wanted else "nightly e-mail switched off"
    return _changed(request, saved, action, nightly=wanted)


@router.post("/searches/{public_id}/remove", status_code=303, response_class=RedirectResponse)
def remove(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:  # noqa: ARG001 - as above
    """Take it off the list; an administrator may do so with what others share."""
    saved = _own(request, public_id, administrators=True)
    return _changed(request, saved, "saved search removed", removed=True)


def _understand(request: Request, sight: Sight, form: SearchForm) -> None:
    """Raise `QueryError` for a search that cannot be understood, or not by whoever asks."""
    clerk = clerk_of(request)
    asked = asked_for(clerk.archive, sight, form, today(clerk.archive))
    prepared(clerk.client, clerk.index, asked)


def _own(request: Request, public_id: uuid.UUID, *, administrators: bool = False) -> Saved:
    """A search of whoever is signed in. Raises `HTTPException`."""
    require(request, Ability.SAVE_SEARCHES, str(public_id))
    with clerk_of(request).archive.engine.connect() as connection:
        saved = store.one(connection, public_id)
    theirs = saved is not None and saved.row.user_id == signed_in(request).user.id
    ours = administrators and saved is not None and saved.row.shared and allowed(request, Ability.ADMINISTER)
    if saved is None or not (theirs or ours):
        raise HTTPException(_NOT_FOUND, _(NO_SEARCH))
    return saved


def _yes(given: str) -> bool:
    if given not in {"yes", "no"}:
        raise HTTPException(_BAD_REQUEST, _("The form was not understood. Nothing was changed."))
    return given == "yes"


def _changed(request: Request, saved: Saved, action: str, **changes: object) -> Response:
    archive = clerk_of(request).archive
    store.change(archive.engine, saved, signed_in(request).user.name, archive.now(), action, **changes)
    return RedirectResponse("/searches", 303)


def _page(request: Request, sight: Sight, *, status: int = 200, problem: str = "", start: Start = _FIRST) -> Response:
    clerk, user = clerk_of(request), signed_in(request).user
    with clerk.archive.engine.connect() as connection:
        own = store.own(connection, user.id)
        others = shared(connection, sight, user.id, today(clerk.archive), start)
        done = store.history(connection, [each.row.id for each in (*own, *others.searches)])
    clerk.record(request, "saved searches listed", None, {})
    return page(
        request,
        "searches.html",
        status=status,
        title=_("Saved searches"),
        own=own,
        shared=others.searches,
        goes_on=others.goes_on.address if others.goes_on else None,
        is_first=start == _FIRST,
        steps={search_id: each.steps for search_id, each in done.items()},
        earlier={search_id: each.earlier for search_id, each in done.items()},
        sight=sight,
        problem=problem,
        longest_name=store.LONGEST_NAME,
        may_save=allowed(request, Ability.SAVE_SEARCHES),
        may_administer=allowed(request, Ability.ADMINISTER),
    )
