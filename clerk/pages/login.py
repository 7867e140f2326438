"""Logging in and out, and the address that says whether the program is alive."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from archiver import audit
from archiver.i18n.translation import _, ngettext
from archiver.records.storable import mend
from clerk import security, sessions, users
from clerk.context import clerk_of, page, signed_in
from clerk.described import query
from clerk.limiter import network_of

if TYPE_CHECKING:
    from datetime import timedelta

router = APIRouter()
_LONGEST_IN_LOG = 100


@router.get("/healthz", response_class=PlainTextResponse)
def health() -> Response:
    """Whether the program answers; says nothing else."""
    return PlainTextResponse("ok\n")


@router.get("/login", openapi_extra=query("next"))
def form(request: Request) -> Response:
    """The log-in form."""
    target = security.local_target(request.query_params.get("next", "/"))
    if request.state.session is not None:
        return RedirectResponse(target, 303)
    return form_page(request, target)


def form_page(request: Request, target: str, *, name: str = "", problem: str = "", status: int = 200) -> Response:
    """The log-in form; with what is wrong, where something is."""
    clerk = clerk_of(request)
    token = security.login_token(request) or security.new_token()
    response = page(
        request, "login.html", status=status, target=target, name=name, problem=problem, csrf_token=token,
        title=_("Log in"), sign_on=clerk.sign_on, local=clerk.archive.settings.local_login,
    )  # fmt: skip
    security.set_login_token(request, response, token)
    return response


@router.post("/login", status_code=303, response_class=RedirectResponse)
def log_in(
    request: Request,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    target: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Check name and password; open a session."""
    clerk = clerk_of(request)
    engine, now = clerk.archive.engine, clerk.archive.now()
    target = security.local_target(target)
    normal = users.normal_name(name)
    address = request.client.host if request.client else "unknown"
    wait = clerk.limiter.attempt(normal, network_of(address), now)
    if wait is not None:
        return too_many(request, target, wait, name=name)
    local = clerk.archive.settings.local_login
    user = users.verify(engine, name, password) if local else None
    with engine.begin() as connection:
        audit.write(
            connection,
            user.name if user else "nobody",
            "logged in" if user else "log-in refused",
            mend(normal[:_LONGEST_IN_LOG]),
            {"address": address, **({} if local else {"because": "local log-in is switched off"})},
        )
    if user is None:
        problem = _("The name or the password is not right.") if local else _("Nobody logs in with a password here.")
        return form_page(request, target, name=name, problem=problem, status=401)
    clerk.limiter.succeeded(normal, network_of(address))
    if (old := security.session_token(request)) is not None:
        sessions.end(engine, old)
    response = RedirectResponse(target, 303)
    security.set_session(request, response, sessions.begin(engine, user, now))
    return response


def too_many(request: Request, target: str, wait: timedelta, *, name: str = "") -> Response:
    """The form again, after too many attempts."""
    minutes = max(math.ceil(wait.total_seconds() / 60), 1)
    problem = ngettext(
        "There were too many attempts to log in: try again in %(num)s minute.",
        "There were too many attempts to log in: try again in %(num)s minutes.",
        minutes,
    )
    response = form_page(request, target, name=name, problem=problem, status=429)
    response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


@router.post("/logout")
def log_out(request: Request) -> Response:
    """Close the session; who came by single sign-on is led to log out there as well, where it offers that."""
    clerk = clerk_of(request)
    by_sign_on = signed_in(request).by_single_sign_on
    clerk.record(request, "logged out", None, {})
    if (token := security.session_token(request)) is not None:
        sessions.end(clerk.archive.engine, token)
    request.state.session = None
    elsewhere = None
    if by_sign_on and clerk.sign_on is not None:
        elsewhere = clerk.sign_on.log_out_address(security.own_address(request, "/login"))
    response: Response = RedirectResponse("/login", 303)
    if elsewhere is not None:
        # Led there by a page, as the policy lets no form of ours end at another site.
        response = page(request, "logged_out.html", title=_("Logged out"), elsewhere=elsewhere, sign_on=clerk.sign_on)
    security.clear_session(request, response)
    return response
