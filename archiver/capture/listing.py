"""Walking a listing newest first: what is new, the window that each night re-reads, and a slow sweep of the rest.

The cursor of a listing stream:

* `closed`: the highest order key at the last walk that was finished. It moves only when a walk has closed, so that a
  walk that broke off never hides what it did not reach.
* `open`: of a walk that has not closed: `high`, the key it started at, and `resume`, where it stands.
* `sweep`: where the sweep of older items stands; None before its start and after its end.
* `validators`: what to send so that the platform can say that nothing changed.
* `failed`, `restarted`: what is remembered of a place at which the platform does not go on (`archiver.capture.places`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

import sqlalchemy as sa

from archiver.capture import places
from archiver.capture.apart import Completing
from archiver.capture.errors import PageLoop, RequestFailed, UnexplainedZero, Unreachable
from archiver.capture.loops import LoopWatch
from archiver.capture.running import LIGHT
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Json, Skipped, State
from archiver.platforms.pages import Count, Page

if TYPE_CHECKING:
    from archiver.capture.running import RunningCapture

_ASKED_ABOUT_ZERO = 5

Stop = Callable[[Page], bool]


def capture_listing(capture: RunningCapture, counts: list[Count]) -> bool:
    """Capture a listing stream as far as this night goes. Gives whether it was walked as far as it had to be: not where nothing
    came from the place at which an earlier night's walk stood, or more follows than can be reached (`Page.cut`).

    Raises what the session raises, `PageLoop`, `UnexplainedZero`.
    """
    walk = _Walk(capture, counts)
    opened = capture.cursor.get(places.WALK)
    stands = False
    if isinstance(opened, dict):
        high = str(opened["high"])
        walk.run(None, lambda page: _lowest(page) <= high, track=None)
        # What was cut off above the old walk is between the two: the higher mark would have the next night pass it by.
        if not walk.run(opened["resume"], walk.old_enough, track=high if walk.cut else str(walk.high or high)):
            stands = places.WALK in capture.cursor
            if not stands:
                walk.run(None, walk.old_enough, track="")
    else:
        walk.run(None, walk.old_enough, track="")
    walked = not stands and not walk.cut
    if walked:
        walk.close()
        if capture.context.mode != LIGHT:
            walk.sweep(capture.archive.settings.sweep_pages)
    walk.completing.rest()
    return walked


class _Walk:
    def __init__(self, capture: RunningCapture, counts: list[Count]) -> None:
        self._capture = capture
        self._counts = counts
        self._since = capture.reread_since
        self.completing = Completing(capture)
        self.high: str | None = None
        self.cut = False
        """Whether more follows on a page than can be reached, and the walk had to go on there."""
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

        Gives False where nothing comes from the place `resume` (see `_from_place`).
        """
        capture = self._capture
        told = capture.cursor.get("validators")
        validators = {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}
        pages = self._pages(None, validators) if resume is None else self._from_place(places.WALK, resume, validators)
        if pages is None:
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
            if stop(page):
                break
            self.cut = self.cut or page.cut
            if page.resume is None:
                break
        return True

    def close(self) -> None:
        """The walk reached its end: move the high-water mark, and forget where it stood."""
        done = {places.WALK, places.RESTARTED}
        cursor = {name: value for name, value in self._capture.cursor.items() if name not in done}
        highest = max((key for key in (self.high, cursor.get("closed")) if isinstance(key, str)), default=None)
        if highest is not None:
            cursor["closed"] = highest
        self._remember(cursor)

    def sweep(self, pages: int) -> None:
        """Go on through older pages, some each night, and begin anew after the last."""
        capture = self._capture
        if self._stopped_at is None or not pages:
            return
        kept = capture.cursor.get(places.SWEEP)
        walk = self._from_place(places.SWEEP, kept, {}) if kept else None
        if walk is None:
            if capture.cursor.get(places.SWEEP):
                return
            walk = self._pages(self._stopped_at, {})
        watch = LoopWatch()
        for number, page in enumerate(walk, 1):
            if watch.circles(page):
                self._leave(page)
            self.completing.save(page, {**capture.cursor, places.SWEEP: page.resume})
            if page.resume is None or number >= pages:
                return

    def _pages(self, resume: Json, validators: dict[str, str]) -> Iterator[Page]:
        capture = self._capture
        return iter(
            capture.platform.pages(capture.session, capture.account, capture.context.stream, resume, validators)
        )

    def _from_place(self, name: str, resume: Json, validators: dict[str, str]) -> Iterator[Page] | None:
        """The pages from the place that an earlier night left under `name`; None where none comes. Then the place is forgotten,
        and what reads from there begins again; or it stands, and the capture lacks what lies behind it, and goes on with the
        rest. A limit is not about the place, and is raised.
        """
        capture = self._capture
        walk = self._pages(resume, validators)
        try:
            first = list(itertools.islice(walk, 1))
        except (RequestFailed, Unreachable, UnreadableAnswerError) as error:
            if isinstance(error, RequestFailed) and error.limit:
                raise
            if isinstance(error, UnreadableAnswerError) and error.exchange is not None:
                capture.session.failed.append(error.exchange)
            cursor = places.after_failure(capture.cursor, name, resume, error, capture.context.started_at)
            if name in cursor:
                capture.skip("what lies behind the place where an earlier night's walk stood", str(error))
            else:
                capture.note(
                    "the place where an earlier night's walk stood",
                    f"the platform does not go on from there any more, and the walk begins again without it: {error}",
                )
            self._remember(cursor)
            return None
        capture.cursor.pop(places.FAILED, None)
        return itertools.chain(first, walk)

    def _remember(self, cursor: dict[str, Json]) -> None:
        """Store the cursor alone, which is no page; the answers that failed are kept with it."""
        self._capture.save(Page((), ()), cursor)
        self._capture.pages -= 1

    def _leave(self, page: Page) -> NoReturn:
        """Leave a walk that goes in circles. Where it stood is forgotten, since the place that the platform named led nowhere:
        the next run walks down from the top again, as far as the last walk that was finished. The page is evidence.
        """
        capture = self._capture
        cursor = {name: value for name, value in capture.cursor.items() if name not in {places.WALK, places.SWEEP}}
        seen_before = Skipped("what comes after", "the platform sends a page again that it has sent before")
        capture.save(Page((), page.exchanges, skipped=(seen_before,)), cursor)
        raise PageLoop(capture.account.name, capture.context.stream.value, repr(page.resume))

    def _cursor_after(self, page: Page, track: str | None) -> dict[str, Json]:
        cursor = dict(self._capture.cursor)
        if page.validators is not None:
            cursor["validators"] = dict(page.validators)
        high = (track or self.high) if track is not None else None
        if high and page.resume is not None:
            cursor[places.WALK] = {"high": high, "resume": page.resume}
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
