"""What guards every page: response headers, a bound on what is sent to us, sessions and tokens against forged forms.

Every page asks for a session unless its path is in `PUBLIC`: a page that is added later is closed until it says otherwise.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse

from archiver.i18n.languages import preferred, speaking
from archiver.i18n.translation import _
from clerk import sessions

if TYPE_CHECKING:
    from fastapi import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from clerk.context import Clerk

SIGN_ON_RETURN = "/login/single-sign-on/return"
PUBLIC = frozenset({"/login", "/login/single-sign-on", SIGN_ON_RETURN, "/healthz", "/language/{tag}"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_FORM = 64 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
SCRIPTED = f"{HEADERS['Content-Security-Policy']}; script-src 'self'; connect-src 'self'"
"""The policy of a page that scripts make more comfortable, which may ask us alone; all others allow none."""
UNATTENDED = "unattended"
"""The header of what a page asks for by itself, nobody having done anything: it keeps no session open."""
FORM_FIELD = "csrf_token"
_BAD_REQUEST = 400
_NO_TEXT = re.compile("[\ud800-\udfff]")
"""What a form in parts can hold that names an encoding of its own: halves of characters, which nothing can store or show."""
_LOGIN_COOKIE = "login_token"
_SESSION_COOKIE = "session"
LANGUAGE_COOKIE = "language"
_ALLOWED_FETCH_SITES = frozenset({"same-origin", "none"})


class NotSignedIn(Exception):
    """The page wants somebody who is logged in. `target`: where to go afterwards."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class ForgedForm(Exception):
    """A form came without the token that our own pages put into it, or from another site."""


class Guard:
    """ASGI middleware: the headers and the language of every response, and no request body larger than a form of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                set_headers(MutableHeaders(scope=message), secure=scope.get("scheme") == "https")
            await send(message)

        with speaking(language_for(Request(scope))):
            refusal = _refusal(scope)
            await (refusal or self._app)(scope, receive, with_headers)


def language_for(request: Request) -> str:
    """The language to answer a request in: the one that was chosen in this browser, else one that it asks for."""
    return preferred(cookie(request, LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


def _refusal(scope: Scope) -> Response | None:
    if scope["method"] in SAFE_METHODS:
        return None
    length = dict(scope["headers"]).get(b"content-length", b"")
    if not length.isdigit():
        return PlainTextResponse(_("The length of what is sent must be stated."), 411)
    if int(length) > LARGEST_FORM:
        return PlainTextResponse(_("That is more than a form of this site can hold."), 413)
    return None


def set_headers(headers: MutableHeaders, *, secure: bool) -> None:
    """Add what a response has not set itself."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


async def gate(request: Request) -> None:
    """Let a request through, or not; put its session, if any, into `request.state.session`.

    Raises:
        NotSignedIn: the page wants a session and there is none.
        ForgedForm: something is to be changed, and the form is not ours.
        HTTPException: the form is no text.
    """
    clerk: Clerk = request.app.state.clerk
    token = request.cookies.get(cookie_name(request, _SESSION_COOKIE))
    session = None
    if token:
        attended = UNATTENDED not in request.headers
        session = await run_in_threadpool(
            sessions.find, clerk.archive.engine, token, clerk.archive.now(), attended=attended
        )
    request.state.session = session
    path = request.scope["route"].path
    if session is None and path not in PUBLIC:
        raise NotSignedIn(asked_address(request))
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("sec-fetch-site", "none") not in _ALLOWED_FETCH_SITES:
        raise ForgedForm
    expected = session.csrf_token if session and path not in PUBLIC else login_token(request)
    form = await request.form()
    if any(_NO_TEXT.search(part) for parts in form.multi_items() for part in parts if isinstance(part, str)):
        raise HTTPException(
            _BAD_REQUEST, _("The form is in no encoding of text. Nothing was changed: send it from its page.")
        )
    given = form.get(FORM_FIELD)
    if not expected or not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise ForgedForm


def own_address(request: Request, path: str) -> str:
    """The whole address of a path of ours, as browsers see it: by the setting, else by what the browser asked for."""
    known = request.app.state.clerk.archive.settings.clerk_url
    return f"{known.rstrip('/')}{path}" if known else str(request.base_url.replace(path=path, query=""))


def asked_address(request: Request) -> str:
    """The path and query that were asked for, to come back to; the front page, where they were no address but a form, and the
    log-in, where they are the single sign-on's answer, which is good for once and not to be repeated by a page.
    """
    if request.method not in SAFE_METHODS:
        return "/"
    if request.url.path == SIGN_ON_RETURN:
        return "/login"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def cookie_name(request: Request, name: str) -> str:
    """A cookie's name: under https with the prefix that browsers hold to this host and to https."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def login_token(request: Request) -> str | None:
    """The token that the log-in form must carry, from the cookie set with the form."""
    return request.cookies.get(cookie_name(request, _LOGIN_COOKIE))


def set_login_token(request: Request, response: Response, token: str) -> None:
    """Give the browser the token of the log-in form."""
    set_cookie(request, response, _LOGIN_COOKIE, token)


def new_token() -> str:
    """A fresh token of 256 random bits."""
    return secrets.token_urlsafe(32)


def session_token(request: Request) -> str | None:
    """The session's token as the browser sent it."""
    return request.cookies.get(cookie_name(request, _SESSION_COOKIE))


def set_session(request: Request, response: Response, token: str) -> None:
    """Give the browser its session."""
    set_cookie(request, response, _SESSION_COOKIE, token)


def clear_session(request: Request, response: Response) -> None:
    """Take the session from the browser."""
    clear_cookie(request, response, _SESSION_COOKIE)


def clear_cookie(request: Request, response: Response, name: str) -> None:
    """Take a cookie of ours from the browser."""
    response.delete_cookie(
        cookie_name(request, name), path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )


def cookie(request: Request, name: str) -> str | None:
    """A cookie of ours as the browser sent it."""
    return request.cookies.get(cookie_name(request, name))


def set_cookie(request: Request, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """Give the browser a cookie that no script reads and no other site's form sends.

    `seconds`: how long it is kept; None: it ends with the browser (and a session on our side with the session).
    """
    secure = request.url.scheme == "https"
    response.set_cookie(
        cookie_name(request, name), value, seconds, path="/", secure=secure, httponly=True, samesite="lax"
    )


def local_target(target: str) -> str:
    """Where to go after logging in: an address of this site, else its front page."""
    if not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return "/"
    return quote(target, safe="/?&=%:+,;@!$'()*~#[]")
