"""What a stream's cursor remembers of a place at which its listing does not go on, and when it is forgotten. Pure.

* `failed`: the place at which nothing came, and since when. It goes with the next page that comes from there.
* `restarted`: when a walk last began again without its place, until one has closed.

A place of an earlier night may be refused: on some platforms it lasts as long as the item that it points at
(developers.facebook.com/docs/graph-api/results). It is forgotten then, and so it is where nothing has come from it for days. But
the page itself may be what fails: a walk that begins again reads all that stands before it (and pays for it) to fail there once
more. So it begins again once in a fortnight at the most, and the place stands in between. A sweep reads so many pages a night
from wherever it stands, and may begin again whenever it must.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from archiver.capture.errors import CaptureError, RequestFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.errors import UnreadableAnswerError
    from archiver.platforms.items import Json

WALK, SWEEP = "open", "sweep"
"""Under which name a cursor has the place of a walk that has not closed, and that of the sweep of older pages."""
RESTARTED = "restarted"
FAILED = "failed"
_PATIENCE = timedelta(days=2)
"""How long nothing may come from a place that is not refused."""
_PAUSE = timedelta(days=14)
"""How long a walk that has not closed does not begin again once more."""


def after_failure(
    cursor: Mapping[str, Json], name: str, place: Json, error: CaptureError | UnreadableAnswerError, now: datetime
) -> dict[str, Json]:
    """The cursor after nothing came from the place that it has under `name`: without it, where what reads from there is to begin
    again; else with the failure taken down. With a walk's place go the `validators`: that nothing changed at the top says nothing
    of what was never reached.
    """
    failed = cursor.get(FAILED)
    since = _moment(failed.get("since")) if isinstance(failed, dict) and failed.get("place") == place else None
    restarted = _moment(cursor.get(RESTARTED)) if name == WALK else None
    useless = _is_refused(error, place) or (since is not None and now - since >= _PATIENCE)
    if not useless or (restarted is not None and now - restarted < _PAUSE):
        return {**cursor, FAILED: {"place": place, "since": (since or now).isoformat()}}
    forgotten = {name, FAILED, "validators"} if name == WALK else {name, FAILED}
    kept = {each: value for each, value in cursor.items() if each not in forgotten}
    return {**kept, RESTARTED: now.isoformat()} if name == WALK else kept


def _is_refused(error: CaptureError | UnreadableAnswerError, place: Json) -> bool:
    """Whether the platform does not take the place: it calls a request wrong that names it. What else was asked for beside the
    listing (posts by their ids) says nothing of it.
    """
    if not isinstance(error, RequestFailed) or not error.final:
        return False
    return not {value for _, value in parse_qsl(urlsplit(error.url).query)}.isdisjoint(_texts(place))


def _texts(place: Json) -> Iterator[str]:
    if isinstance(place, str):
        yield place
    elif isinstance(place, dict):
        for each in place.values():
            yield from _texts(each)


def _moment(told: Json) -> datetime | None:
    return datetime.fromisoformat(told) if isinstance(told, str) else None
