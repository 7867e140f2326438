"""Walking a listing newest first: what is new, the window that each night re-reads, and a slow sweep of the rest.

The cursor of a listing stream:

* `closed`: the highest order key at the last walk that was finished. It moves only when a walk has closed, so that a
  walk that broke off never hides what it did not reach.
* `open`: of a walk that has not closed: `high`, the key it started at, and `resume`, where it stands.
* `sweep`: where the sweep of older items stands; None before its start and after its end.
* `validators`: what to send so that the platform can say that nothing changed.

* `failed`: a place at which the platform failed before it showed anything, and since when.

A place of an earlier night may be refused: on some platforms it lasts as long as the item that it points at
(developers.facebook.com/docs/graph-api/results). It is forgotten then, and the walk begins again without it; so it is where the
platform fails there for days, while it shows what comes before.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

import sqlalchemy as sa

from archiver.capture.apart import Completing
from archiver.capture.errors import PageLoop, RequestFailed, UnexplainedZero
from archiver.capture.loops import LoopWatch
from archiver.capture.running import LIGHT
from archiver.platforms.items import Json, Skipped, State
from archiver.platforms.pages import Count, Page

if TYPE_CHECKING:
    from archiver.capture.running import RunningCapture

_ASKED_ABOUT_ZERO = 5
_PATIENCE = timedelta(days=2)
"""How long the platform may fail at a place that an earlier night left before the walk begins again without it."""

Stop = Callable[[Page], bool]


def capture_listing(capture: RunningCapture, counts: list[Count]) -> None:
    """Capture a listing stream as far as this night goes. Raises what the session raises, `PageLoop`, `UnexplainedZero`."""
    walk = _Walk(capture, counts)
    opened = capture.cursor.get("open")
    if isinstance(opened, dict):
        high = str(opened["high"])
        walk.run(None, lambda page: _lowest(page) <= high, track=None)
        if not walk.run(opened["resume"], walk.old_enough, track=str(walk.high or high)):
            walk.run(None, walk.old_enough, track="")
    else:
        walk.run(None, walk.old_enough, track="")
    walk.close()
    if capture.context.mode != LIGHT:
        walk.sweep(capture.archive.settings.sweep_pages)
    walk.completing.rest()


class _Walk:
    def __init__(self, capture: RunningCapture, counts: list[Count]) -> None:
        self._capture = capture
        self._counts = counts
        self._since = capture.reread_since
        self.completing = Completing(capture)
        self.high: str | None = None
        self._stopped_at: Json = None

    def old_enough(self, page: Page) -> bool:
        """Whether the walk may end after this page: all of it is older than the window, and was reached before."""
        closed = self._capture.cursor.get("closed")
        if closed is None or not page.items:
            return False
        newest = max((item.created_at for item in page.items if item.created_at), default=None)
        return newest is not None and newest < self._since and _lowest(page) <= str(closed)

    def run(self, resume: Json, stop: Stop, *, track: str | None) -> bool:
        """Walk from `resume` until `stop` or the end; `track` None leaves the open walk's place as it is.

        Gives False where the platform does not take the place `resume` any more: it is forgotten then.
        """
        capture = self._capture
        validators = capture.cursor.get("validators")
        pages = self._pages(
            resume, {str(k): str(v) for k, v in validators.items()} if isinstance(validators, dict) else {}
        )
        if pages is None:
            self._forget("open", "validators")
            return False
        first = True
        watch = LoopWatch()
        for page in pages:
            if first and resume is None:
                self._check_zero(page)
                self.high = max((item.order_key for item in page.items if item.order_key), default=None)
            first = False
            if watch.circles(page):
                self._leave(page)
            self.completing.save(page, self._cursor_after(page, track))
            self._stopped_at = page.resume
            if page.resume is None or stop(page):
                break
        return True

    def close(self) -> None:
        """The walk reached its end: move the high-water mark, and forget where it stood."""
        cursor = {name: value for name, value in self._capture.cursor.items() if name != "open"}
        highest = max((key for key in (self.high, cursor.get("closed")) if isinstance(key, str)), default=None)
        if highest is not None:
            cursor["closed"] = highest
        self._capture.save(Page((), ()), cursor)
        self._capture.pages -= 1

    def sweep(self, pages: int) -> None:
        """Go on through older pages, some each night, and begin anew after the last."""
        capture = self._capture
        if self._stopped_at is None or not pages:
            return
        kept = capture.cursor.get("sweep")
        walk = self._pages(kept, {}) if kept else None
        if walk is None:
            if kept:
                self._forget("sweep")
            walk = capture.platform.pages(
                capture.session, capture.account, capture.context.stream, self._stopped_at, {}
            )
        watch = LoopWatch()
        for number, page in enumerate(walk, 1):
            if watch.circles(page):
                self._leave(page)
            self.completing.save(page, {**capture.cursor, "sweep": page.resume})
            if page.resume is None or number >= pages:
                return

    def _pages(self, resume: Json, validators: dict[str, str]) -> Iterator[Page] | None:
        """The pages from a place on; None where the platform refuses the place, which is noted. A limit or a failing server
        leaves the place as it is for a while, and a walk without one has none to refuse.
        """
        capture = self._capture
        walk = iter(
            capture.platform.pages(capture.session, capture.account, capture.context.stream, resume, validators)
        )
        try:
            first = list(itertools.islice(walk, 1))
        except RequestFailed as error:
            if resume is None or not (error.final or self._failed_for_days(resume)):
                raise
            capture.note(
                "the place where an earlier night's walk stood",
                f"the platform does not go on from there any more, and the walk begins again without it: {error}",
            )
            return None
        return itertools.chain(first, walk)

    def _failed_for_days(self, place: Json) -> bool:
        """Whether the platform has failed at a place for days; else it is remembered that it does."""
        capture = self._capture
        failed, now = capture.cursor.get("failed"), capture.context.started_at
        since = failed.get("since") if isinstance(failed, dict) and failed.get("place") == place else None
        if isinstance(since, str):
            return now - datetime.fromisoformat(since) >= _PATIENCE
        capture.save(Page((), ()), {**capture.cursor, "failed": {"place": place, "since": now.isoformat()}})
        capture.pages -= 1
        return False

    def _forget(self, *names: str) -> None:
        """Forget a place that led nowhere; the answer that said so is kept with it. `validators` go too where the walk begins at
        the top again: that nothing changed there says nothing of what was never reached.
        """
        capture = self._capture
        cursor = {name: value for name, value in capture.cursor.items() if name not in {*names, "failed"}}
        capture.save(Page((), ()), cursor)
        capture.pages -= 1

    def _leave(self, page: Page) -> NoReturn:
        """Leave a walk that goes in circles. Where it stood is forgotten, since the place that the platform named led nowhere:
        the next run walks down from the top again, as far as the last walk that was finished. The page is evidence.
        """
        capture = self._capture
        cursor = {name: value for name, value in capture.cursor.items() if name not in {"open", "sweep"}}
        seen_before = Skipped("what comes after", "the platform sends a page again that it has sent before")
        capture.save(Page((), page.exchanges, skipped=(seen_before,)), cursor)
        raise PageLoop(capture.account.name, capture.context.stream.value, repr(page.resume))

    def _cursor_after(self, page: Page, track: str | None) -> dict[str, Json]:
        cursor = dict(self._capture.cursor)
        if page.validators is not None:
            cursor["validators"] = dict(page.validators)
        high = (track or self.high) if track is not None else None
        if high and page.resume is not None:
            cursor["open"] = {"high": high, "resume": page.resume}
        return cursor

    def _check_zero(self, page: Page) -> None:
        """Nothing from an account that has always had something is an error, unless the platform's count says none."""
        if page.items or page.unchanged or page.resume is not None:
            return
        if self._capture.context.stream in self._capture.platform.manifest.may_be_empty:
            return
        stated = next(
            (count.platform for count in self._counts if count.of == self._capture.context.stream.value), None
        )
        held = held_count(self._capture, self._capture.context.stream_id)
        if held and stated != 0 and not self._said_to_be_gone():
            raise UnexplainedZero(self._capture.account.name, self._capture.context.stream.value, held)

    def _said_to_be_gone(self) -> bool:
        """Whether the platform says of every held item asked for (some of them) that it is not there any more."""
        capture = self._capture
        with capture.archive.engine.connect() as connection:
            ids = connection.scalars(
                sa.text(
                    "select i.platform_id from sightings s join items i on i.id = s.item_id "
                    "where s.stream_id = :id and s.state = 'present' order by s.last_seen_at desc, i.id desc limit :n"
                ),
                {"id": capture.context.stream_id, "n": _ASKED_ABOUT_ZERO},
            ).all()
        answers = {lookup.id: lookup.state for lookup in capture.platform.lookup(capture.session, capture.account, ids)}
        # Who answers for none, or for some only, has said nothing of the rest.
        return bool(ids) and all(answers.get(each) is State.GONE_CONFIRMED for each in ids)


def _lowest(page: Page) -> str:
    return min((item.order_key for item in page.items if item.order_key and item.sighted), default="")


def held_count(capture: RunningCapture, stream_id: int) -> int:
    """How many items of a stream are held as present."""
    with capture.archive.engine.connect() as connection:
        return int(
            connection.scalar(
                sa.text("select count(*) from sightings where stream_id = :id and state = 'present'"), {"id": stream_id}
            )
            or 0
        )
