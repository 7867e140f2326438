"""Choosing the language of the pages, logged in or not."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from archiver.i18n.languages import LANGUAGES
from archiver.i18n.translation import _
from clerk import security
from clerk.described import query

router = APIRouter()
_A_YEAR = 365 * 24 * 60 * 60
"""Seconds that a browser keeps the choice."""


@router.get("/language/{tag}", openapi_extra=query("next"), status_code=303, response_class=RedirectResponse)
def choose(request: Request, tag: str) -> Response:
    """Keep the choice in the browser, and go back to the page that it was made on.

    It is an address and no form, as it changes nothing but how the pages speak to this browser.
    """
    if tag not in LANGUAGES:
        raise HTTPException(404, _("The pages do not speak that language."))
    response = RedirectResponse(security.local_target(request.query_params.get("next", "/")), 303)
    security.set_cookie(request, response, security.LANGUAGE_COOKIE, tag, seconds=_A_YEAR)
    return response
