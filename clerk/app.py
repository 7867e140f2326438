"""The clerk's pages as one application."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from archiver.i18n.languages import speaking
from archiver.i18n.translation import _
from clerk.context import clerk_for, error_page
from clerk.described import EVERYWHERE
from clerk.pages import (
    account,
    accounts,
    audit,
    capture,
    exports,
    language,
    login,
    media,
    moderation,
    proof,
    receipts,
    record,
    saved,
    search,
    sign_on,
    status,
    tags,
    terms,
    thread,
    users,
    viewer,
)
from clerk.roles import navigation
from clerk.security import ForgedForm, Guard, NotSignedIn, gate, language_for, set_headers
from clerk.static_files import Files
from clerk.visibility import NotForRecords

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from archiver.archive import Archive

_log = structlog.get_logger()
_NOT_FOUND, _NOT_ALLOWED = 404, 405


def create_app(archive: Archive, search_client: Elasticsearch, index: str) -> FastAPI:
    """The application.

    Args:
        archive: from `archiver.archive.open_archive`; its engine is the application role's.
        search_client: from `search.client.client_for`.
        index: the alias that searches go to.
    """
    # Without the generated API pages: they load scripts from elsewhere, and there is no API yet.
    app = FastAPI(
        title="Civic Archive",
        dependencies=[Depends(gate)],
        default_response_class=HTMLResponse,
        responses=EVERYWHERE,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.clerk = clerk_for(archive, search_client, index)
    app.state.clerk.templates.globals["navigation"] = navigation
    app.add_middleware(Guard)
    app.mount("/static", Files(), name="static")
    for pages in (
        login, sign_on, language, search, terms, saved, receipts, exports, record, proof, thread, viewer, tags, media,
        accounts, account, capture, moderation, status, users, audit,
    ):  # fmt: skip
        app.include_router(pages.router)
    app.add_api_route("/{path:path}", _nothing_here, methods=["GET"], include_in_schema=False)
    app.add_exception_handler(NotSignedIn, _to_login)
    app.add_exception_handler(ForgedForm, _forged)
    app.add_exception_handler(NotForRecords, _not_for_records)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _no_such_page)
    app.add_exception_handler(OperationalError, _database_down)
    app.add_exception_handler(InterfaceError, _database_down)
    app.add_exception_handler(Exception, _broken)
    return app


def _nothing_here() -> None:
    raise HTTPException(_NOT_FOUND)


def _to_login(request: Request, error: Exception) -> Response:
    target = cast("NotSignedIn", error).target
    login = "/login" if target == "/" else f"/login?next={quote(target, safe='')}"
    if "hx-request" in request.headers:
        # A script would follow the other answer by itself, and put the log-in into the middle of the page.
        return Response(status_code=401, headers={"HX-Redirect": login})
    return RedirectResponse(login, 303)


def _not_for_records(request: Request, _error: Exception) -> Response:
    if request.url.path == "/":
        return RedirectResponse("/audit", 303)
    sentence = _("Your role reads the audit log, not the records: ask an administrator if you need another.")
    return error_page(request, 403, _("Not for your role"), sentence)


def _forged(request: Request, _error: Exception) -> Response:
    return error_page(
        request,
        403,
        _("The form has expired"),
        _("Nothing was changed: go back, load the page again, and send the form again."),
    )


def _http_error(request: Request, error: Exception) -> Response:
    error = cast("HTTPException", error)
    if error.status_code in {_NOT_FOUND, _NOT_ALLOWED}:
        sentence = (
            error.detail
            if error.detail not in {"Not Found", "Method Not Allowed"}
            else _("There is nothing at this address.")
        )
        return error_page(request, error.status_code, _("Not found"), sentence)
    return error_page(request, error.status_code, _("That did not work"), error.detail)


def _no_such_page(request: Request, _error: Exception) -> Response:
    return error_page(
        request, 404, _("Not found"), _("There is nothing at this address: check that it was copied whole.")
    )


def _database_down(request: Request, error: Exception) -> Response:
    _log.error("database unavailable", error=str(error))
    request.state.session = None
    return error_page(
        request,
        503,
        _("Not available now"),
        _("The archive's database does not answer: try again in a minute, or tell the operator."),
    )


def _broken(request: Request, _error: Exception) -> Response:
    # Starlette logs the error with its trace; this handler runs outside of our middleware.
    with speaking(language_for(request)):
        response = error_page(
            request,
            500,
            _("Something is broken"),
            _("The page could not be made, and the error has been logged: tell the operator."),
        )
    set_headers(response.headers, secure=request.url.scheme == "https")
    return response
