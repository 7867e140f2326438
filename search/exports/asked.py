"""A search as it is kept with an export: what it asked, the day it went by, the zone, the limits it was asked under. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
import zoneinfo
from typing import TYPE_CHECKING, Any

from search.query import Limits, SearchRequest
from search.query.limits import as_json, limits_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Row

    from search.query.directory import Directory

_TEXTS = ("text", "account", "platform")
_DAYS = ("date_from", "date_to", "today")


def kept(request: SearchRequest) -> dict[str, Any]:
    """The search as JSON; its order, page and cursor are not part of what it finds."""
    found: dict[str, Any] = {name: getattr(request, name) for name in _TEXTS}
    found |= {name: day.isoformat() for name in _DAYS if (day := getattr(request, name)) is not None}
    if request.account_id is not None:
        found["account_id"] = str(request.account_id)
    found = {name: value for name, value in found.items() if value} | {"zone": request.zone.key}
    return found if request.limits == Limits() else found | {"limits": as_json(request.limits)}


def limits_under(job: Row[Any]) -> Limits:
    """The limits that an export was asked for under. One from before there were any is of the whole archive."""
    found = limits_of(job.search.get("limits"))
    return dataclasses.replace(found, messages=found.messages or job.messages)


def request_of(search: Mapping[str, Any], directory: Directory | None) -> SearchRequest:
    """The search again, with the register to look names up in."""
    days = {name: dt.date.fromisoformat(search[name]) for name in _DAYS if name in search}
    return SearchRequest(
        zone=zoneinfo.ZoneInfo(search["zone"]),
        text=search.get("text", ""),
        account=search.get("account"),
        account_id=uuid.UUID(search["account_id"]) if "account_id" in search else None,
        platform=search.get("platform"),
        date_from=days.get("date_from"),
        date_to=days.get("date_to"),
        today=days.get("today"),
        directory=directory,
        limits=limits_of(search.get("limits")),
    )
