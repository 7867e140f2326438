"""Logging in by the city's single sign-on: the way there, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from archiver import audit
from archiver.i18n.translation import _
from archiver.records.storable import mend
from clerk import security, sessions, users
from clerk.context import clerk_of
from clerk.described import query
from clerk.limiter import network_of
from clerk.pages.login import form_page, too_many
from clerk.single_sign_on import Attempt, SignOnError

if TYPE_CHECKING:
    from clerk.single_sign_on import SingleSignOn

router = APIRouter()
BACK = security.SIGN_ON_RETURN
_COOKIE = "sign_on"
_LONGEST_IN_LOG = 100
_UNAUTHORIZED = 401


@router.get("/login/single-sign-on", status_code=303, response_class=RedirectResponse, openapi_extra=query("next"))
def go(request: Request) -> Response:
    """Send the browser to the provider."""
    sign_on = _sign_on(request)
    target = security.local_target(request.query_params.get("next", "/"))
    attempt = Attempt.begin()
    try:
        address = sign_on.address(attempt, security.own_address(request, BACK))
    except SignOnError as error:
        return _refused(request, error, target)
    response = RedirectResponse(address, 303)
    security.set_cookie(request, response, _COOKIE, f"{attempt.secret}.{target}")
    return response


@router.get(
    BACK, status_code=303, response_class=RedirectResponse, openapi_extra=query("code", "state", "iss", "error")
)
def back(request: Request) -> Response:
    """Take the provider's answer; open a session for whom it names."""
    sign_on = _sign_on(request)
    clerk = clerk_of(request)
    engine, now = clerk.archive.engine, clerk.archive.now()
    network = network_of(request.client.host if request.client else "unknown")
    secret, _dot, target = (security.cookie(request, _COOKIE) or "").partition(".")
    target = security.local_target(target)
    # Limited by address alone: whoever is behind one address must not wait for each other's mistakes.
    attempt = Attempt(secret)
    wait = clerk.limiter.attempt(f"single sign-on {attempt.state}", network, now)
    if wait is not None:
        return too_many(request, target, wait)
    try:
        if not secret:
            raise SignOnError(_("This log-in is out of date: begin again."), "no attempt of this browser")
        claimed = sign_on.finish(attempt, security.own_address(request, BACK), request.query_params)
        user = users.signed_on(engine, claimed.issuer, claimed.subject, claimed.name, claimed.role)
        if user is None:
            raise SignOnError(_("Your user in this archive is disabled: ask an administrator."), "disabled")
    except SignOnError as error:
        return _refused(request, error, target)
    clerk.limiter.succeeded(f"single sign-on {attempt.state}", network)
    with engine.begin() as connection:
        address = request.client.host if request.client else "unknown"
        audit.write(connection, user.name, "logged in", user.name, {"address": address, "by": "single sign-on"})
    if (old := security.session_token(request)) is not None:
        sessions.end(engine, old)
    response = RedirectResponse(target, 303)
    security.clear_cookie(request, response, _COOKIE)
    security.set_session(request, response, sessions.begin(engine, user, now))
    return response


def _sign_on(request: Request) -> SingleSignOn:
    found = clerk_of(request).sign_on
    if found is None:
        raise HTTPException(404, _("There is no single sign-on here: log in with name and password."))
    return found


def _refused(request: Request, error: SignOnError, target: str) -> Response:
    with clerk_of(request).archive.engine.begin() as connection:
        address = request.client.host if request.client else "unknown"
        detail = {"address": address, "by": "single sign-on", "because": mend(error.cause)[:_LONGEST_IN_LOG]}
        audit.write(connection, "nobody", "log-in refused", None, detail)
    response = form_page(request, target, problem=str(error), status=_UNAUTHORIZED)
    security.clear_cookie(request, response, _COOKIE)
    return response
