"""What every page needs: the archive, the index, the templates; and how a page is made of them."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import jinja2
from fastapi import Response
from fastapi.responses import HTMLResponse

from archiver import audit
from archiver.i18n import calendar
from archiver.records.storable import mend
from clerk import words
from clerk.limiter import LoginLimiter
from clerk.security import SCRIPTED, asked_address
from clerk.shown import plain, shown, stored
from clerk.single_sign_on import single_sign_on
from clerk.speaking import speak
from clerk.static_files import static_version
from clerk.times import day, minute, time_tag
from search.query.facets import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from elasticsearch import Elasticsearch
    from fastapi import Request

    from archiver.archive import Archive
    from clerk.sessions import Session
    from clerk.single_sign_on import SingleSignOn

HERE = Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True, slots=True)
class Clerk:
    """The parts of the running application."""

    archive: Archive
    client: Elasticsearch
    index: str
    templates: jinja2.Environment
    limiter: LoginLimiter
    sign_on: SingleSignOn | None

    def record(self, request: Request, action: str, subject: str | None, detail: Mapping[str, Any]) -> None:
        """Write into the audit log what the signed-in person does; where that fails, the page fails too."""
        session = signed_in(request)
        with self.archive.engine.begin() as connection:
            audit.write(connection, session.user.name, action, subject, mend(dict(detail)))


def clerk_for(archive: Archive, client: Elasticsearch, index: str) -> Clerk:
    """Put the parts together. Raises `clerk.single_sign_on.SignOnSettingsError`."""
    zone = archive.settings.zone
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    speak(templates)
    templates.filters |= {
        "shown": shown,
        "plain": plain,
        "when": partial(time_tag, zone=zone),
        "exactly": partial(time_tag, zone=zone, seconds=True),
        "day": partial(day, zone=zone),
        "minute": partial(minute, zone=zone),
        "size": words.size,
        "number": "{:,}".format,
        "month": calendar.short_month,
    }
    templates.globals |= {
        "city": archive.settings.city,
        "zone_name": archive.settings.time_zone,
        "words": words,
        "stored": stored,
        "outside_months": OUTSIDE,
        "static_version": static_version(),
    }
    return Clerk(archive, client, index, templates, LoginLimiter(), single_sign_on(archive.settings))


def clerk_of(request: Request) -> Clerk:
    """The application's parts, from a request."""
    return cast("Clerk", request.app.state.clerk)


def signed_in(request: Request) -> Session:
    """Whose request it is; only for pages that the gate guards."""
    return cast("Session", request.state.session)


def page(request: Request, template: str, *, status: int = 200, scripted: bool = False, **data: Any) -> HTMLResponse:
    """A page from its template, for whoever is (not) signed in; `scripted`: with HTMX, which it then allows."""
    session = getattr(request.state, "session", None)
    body = (
        clerk_of(request)
        .templates.get_template(template)
        .render(session=session, path=request.url.path, here=asked_address(request), scripted=scripted, **data)
    )
    return HTMLResponse(body, status, {"Content-Security-Policy": SCRIPTED} if scripted else None)


def error_page(request: Request, status: int, title: str, sentence: str) -> HTMLResponse:
    """A page that says in one sentence what went wrong and what to do."""
    return page(request, "error.html", status=status, title=title, sentence=sentence)


def csv_file(name: str, content: bytes) -> Response:
    """A CSV file to be saved, which no browser shows as a page."""
    return download(name, content, "text/csv; charset=utf-8")


def download(name: str, content: bytes, media_type: str) -> Response:
    """A file to be saved, which no browser shows as a page."""
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
