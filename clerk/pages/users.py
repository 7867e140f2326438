"""Users, for an administrator: who may log in, as what, with which limits and grants."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from archiver.i18n.translation import _, marked
from clerk import grants, people
from clerk.context import clerk_of, page, signed_in
from clerk.roles import Ability, require
from clerk.users import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Engine

    from clerk.people import Person

router = APIRouter()
_BAD_REQUEST = 400
_NOBODY = marked("There is no such user: check that the address was copied whole.")


@router.get("/users")
def users(request: Request) -> Response:
    """Everybody who may log in."""
    require(request, Ability.ADMINISTER, None)
    archive = clerk_of(request).archive
    with archive.engine.connect() as connection:
        found = people.listed(connection, archive.now())
    return page(request, "users.html", title=_("Users"), people=found)


@router.get("/users/{public_id}")
def user(request: Request, public_id: uuid.UUID) -> Response:
    """One of them, with what can be changed."""
    require(request, Ability.ADMINISTER, str(public_id))
    return _page(request, _person(request, public_id))


@router.post("/users/{public_id}/role", status_code=303, response_class=RedirectResponse)
def set_role(request: Request, public_id: uuid.UUID, role: Annotated[str, Form()] = "") -> Response:
    """Give them another role."""
    return _change(request, public_id, lambda name, actor: people.set_role(_engine(request), name, role, actor=actor))


@router.post("/users/{public_id}/departments", status_code=303, response_class=RedirectResponse)
def set_departments(
    request: Request, public_id: uuid.UUID, department: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Limit them to departments, or to none."""
    wanted = department or []
    return _change(
        request, public_id, lambda name, actor: people.set_departments(_engine(request), name, wanted, actor=actor)
    )


@router.post("/users/{public_id}/email", status_code=303, response_class=RedirectResponse)
def set_email(request: Request, public_id: uuid.UUID, email: Annotated[str, Form()] = "") -> Response:
    """Say where the archive writes to them."""
    return _change(request, public_id, lambda name, actor: people.set_email(_engine(request), name, email, actor=actor))


@router.post("/users/{public_id}/grants", status_code=303, response_class=RedirectResponse)
def set_grant(
    request: Request,
    public_id: uuid.UUID,
    what: Annotated[str, Form()] = "",
    do: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:
    """Give them a grant, or take one back."""
    archive = clerk_of(request).archive

    def change(name: str, actor: str) -> None:
        asked = grants.what_of(what)
        if do == "take back":
            grants.take_back(archive.engine, name, asked, reason, now=archive.now(), actor=actor)
        elif do == "give":
            end = grants.end_of(until, archive.settings.zone)
            grants.give(archive.engine, name, asked, reason, now=archive.now(), until=end, actor=actor)
        else:
            raise UserError(_("Choose whether to give the grant or to take it back."))

    return _change(request, public_id, change)


@router.post("/users/{public_id}/disabled", status_code=303, response_class=RedirectResponse)
def set_disabled(request: Request, public_id: uuid.UUID, disabled: Annotated[str, Form()] = "") -> Response:
    """Let them in no more, or again."""
    if disabled not in {"yes", "no"}:
        raise HTTPException(_BAD_REQUEST, _("The form was not understood. Nothing was changed."))
    return _change(
        request,
        public_id,
        lambda name, actor: people.set_disabled(_engine(request), name, disabled=disabled == "yes", actor=actor),
    )


@router.post("/users/{public_id}/sessions", status_code=303, response_class=RedirectResponse)
def end_sessions(request: Request, public_id: uuid.UUID) -> Response:
    """End every session that they have open."""
    return _change(request, public_id, lambda name, actor: people.end_sessions(_engine(request), name, actor=actor))


def _engine(request: Request) -> Engine:
    return clerk_of(request).archive.engine


def _person(request: Request, public_id: uuid.UUID) -> Person:
    archive = clerk_of(request).archive
    with archive.engine.connect() as connection:
        found = people.listed(connection, archive.now(), public_id)
    if not found:
        raise HTTPException(404, _(_NOBODY))
    return found[0]


def _change(request: Request, public_id: uuid.UUID, change: Callable[[str, str], object]) -> Response:
    """Change a user, given by name, as the administrator, given by name; a mistake is said on their page."""
    require(request, Ability.ADMINISTER, str(public_id))
    person = _person(request, public_id)
    try:
        change(person.row.name, signed_in(request).user.name)
    except UserError as error:
        return _page(request, person, problem=str(error))
    return RedirectResponse(f"/users/{public_id}", 303)


def _page(request: Request, person: Person, *, problem: str = "") -> Response:
    archive = clerk_of(request).archive
    with archive.engine.connect() as connection:
        history = grants.history(connection, person.row.id)
        departments = people.departments(connection)
    return page(
        request,
        "user.html",
        status=_BAD_REQUEST if problem else 200,
        title=_("%(name)s \u2013 User", name=person.row.name),
        person=person,
        history=history,
        departments=list(dict.fromkeys([*departments, *person.row.departments])),
        problem=problem,
    )
