"""The comments below an account's posts: each thread whole, the young ones every night, the rest by need and in turn.

A post's thread is read when it was never read, when it lies in the re-read window, when the platform's count of replies
is not what is held, or when its turn comes in the slow sweep (the thread that was read longest ago goes first).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import __version__
from archiver.capture import sub_cursors
from archiver.capture.ahead import ahead
from archiver.capture.errors import RequestFailed
from archiver.capture.recheck import is_gone
from archiver.capture.retry import RETRYABLE
from archiver.capture.running import BACKFILL, LIGHT
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Json, Skipped
from archiver.platforms.pages import Count, Page
from archiver.records import bulk
from archiver.records.store import FenceLost, Ready, ready

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

    from archiver.capture.running import RunningCapture

_BATCH = 200
_AHEAD = 4
_TOGETHER_ITEMS = 500
_TOGETHER_PAGES = 25
"""So many are stored in one transaction at the most (or one page more)."""
_NOT_WHOLE = b""
"""Stands among the digests of a thread of which a part could not be read: it is read, and said to be partial, every night."""
_GIVE_UP_AFTER = 10
"""Threads that a failing platform fails in a row, each after every attempt: then it is the platform, not the threads."""

# What the account answered below a post of its own stands in that post's thread, and is asked for by itself only while the
# thread does not show it, though it is there: then nothing else may lead to what stands below it.
_POSTS = """
    with posts as (
        select i.id, i.platform_id, coalesce(i.created_at, i.first_seen_at) as at, t.state as in_thread
        from streams p
        join sightings s on s.stream_id = p.id and s.state in ('present', 'hidden')
        join items i on i.id = s.item_id
        left join sightings t on t.item_id = i.id and t.stream_id = :stream
        where p.account_id = :account and p.kind = any(:kinds) and i.kind not in ('repost', 'message')
          and (t.state = 'not_returned' or t.unlisted or not exists (
              select from items r
              join sightings rs on rs.item_id = r.id and rs.stream_id = p.id and rs.state in ('present', 'hidden')
              where i.root_id is not null and r.platform = i.platform and r.namespace = i.namespace
                and r.platform_id = i.root_id))
    ), read as (
        select posts.*, c.last_read_at, (c.cursor ->> 'replies')::bigint as replies_then, c.cursor ->> 'digest' as digest,
               (select (o.counts ->> 'replies')::bigint from observations o where o.item_id = posts.id
                order by o.id desc limit 1) as replies_now
        from posts left join sub_cursors c on c.stream_id = :stream and c.key = posts.platform_id
    )
"""

_SWEPT = f"""{_POSTS}
    select platform_id from read
    where last_read_at is not null and at < :since and replies_now is not distinct from replies_then
    order by last_read_at, id limit :sweep
"""  # noqa: S608 - put together from constants

_CANDIDATES = f"""{_POSTS}
    select id, platform_id, replies_now, digest, at, last_read_at is null as new from read
    where (last_read_at is null and not :light or at >= :since or replies_now is distinct from replies_then
           or platform_id = any(:swept))
      and (cast(:at as timestamptz) is null or (at, id) < (:at, :id))
    order by at desc, id desc limit :batch
"""  # noqa: S608 - put together from constants

_LEFT_OUT = f"""{_POSTS}
    select platform_id, replies_now, digest, last_read_at is null as new from read
    where in_thread = 'not_returned' and (last_read_at is null or last_read_at < :started_at)
    order by at desc, id desc
"""  # noqa: S608 - put together from constants

_COMPLETE = """
    insert into completeness (capture_id, stream_id, item_id, counted, platform_count, held_count, difference, reason,
                              observed_at)
    select :capture, :stream, i.id, r.counted, r.platform, h.held, r.platform - h.held,
           coalesce(r.reason, case when r.platform is null then 'the platform gives no count'
                                   when r.platform = h.held then 'all that the platform counts is held'
                                   when r.platform > h.held then 'the platform counts more than it shows '
                                        '(blocked, hidden or removed elsewhere)'
                                   else 'the platform counts less than it shows, or some have gone since' end),
           :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(item text, counted text, platform bigint, reason text)
    join items i on i.platform = :platform and i.namespace = :namespace and i.platform_id = r.item
    cross join lateral (
        select count(*) as held from items c
        where c.platform = i.platform and c.namespace = i.namespace and c.parent_id = i.platform_id and c.state = 'present'
    ) h
    where not exists (
        select from completeness last
        where last.id = (select max(id) from completeness m where m.item_id = i.id and m.counted = r.counted)
          and last.platform_count is not distinct from r.platform and last.held_count = h.held
          and last.reason = coalesce(r.reason, last.reason))
"""


@dataclasses.dataclass(frozen=True, slots=True)
class _Thread:
    """A post whose thread is to be read: how many replies it has by its own count, and the digest of the one answer that
    its thread came in the last time (None where it came in several, or never).
    """

    post_id: str
    replies: int | None = None
    digest: bytes | None = None
    new: bool = False
    """Whether it was never read, so that all that it shows is probably new."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Answer:
    """One page of a post's thread, or why the thread cannot be read."""

    thread: _Thread
    page: Page | None = None
    error: RequestFailed | UnreadableAnswerError | None = None
    gone: str | None = None
    """The platform's words, where the post itself is not there any more: it went after it was listed."""
    prepared: Mapping[int, Ready] = dataclasses.field(default_factory=dict)


def capture_threads(capture: RunningCapture) -> None:
    """Read every thread whose turn it is. A thread that cannot be read is named, and the others go on.

    What the account answered, and a thread read now left out (a comment above it was removed), is read on by itself at once.

    Raises what stops the whole stream: no answer, a rate limit beyond what a capture may wait, a platform that fails one
    thread after the other. What was read before is stored first.
    """
    _capture_all(capture, _candidates(capture))
    if capture.context.mode == LIGHT:
        return
    tried: set[str] = set()
    while left_out := [each for each in _left_out(capture) if each.post_id not in tried]:
        tried.update(each.post_id for each in left_out)
        _capture_all(capture, left_out)


def _capture_all(capture: RunningCapture, threads: Iterable[_Thread]) -> None:
    in_a_row = 0
    shelf = _Shelf(capture)
    try:
        for answer in ahead(_answers(capture, threads), depth=_AHEAD):
            if answer.page is not None:
                in_a_row = 0
                shelf.add(answer.thread, answer.page, answer.prepared)
            elif answer.error is not None:
                shelf.drop(answer.thread)
                if answer.gone is not None:
                    capture.note(
                        f"the comments below {answer.thread.post_id}", f"the post is not there any more: {answer.gone}"
                    )
                    continue
                _unreadable(capture, answer.thread.post_id, answer.error)
                in_a_row += isinstance(answer.error, UnreadableAnswerError) or answer.error.status in RETRYABLE
                if in_a_row >= _GIVE_UP_AFTER:
                    raise answer.error
    except FenceLost:
        raise
    except Exception:
        shelf.store()
        raise
    shelf.store()


def _unreadable(capture: RunningCapture, post_id: str, error: RequestFailed | UnreadableAnswerError) -> None:
    """Say that a thread could not be read, with the answer that made it so as evidence where there is one."""
    what = f"the comments below {post_id}"
    if isinstance(error, UnreadableAnswerError) and error.exchange is not None:
        capture.save(Page((), [error.exchange], skipped=(Skipped(what, str(error)),)))
    else:
        capture.skip(what, str(error))


def _answers(capture: RunningCapture, threads: Iterable[_Thread]) -> Iterator[_Answer]:
    for thread in threads:
        try:
            for page in capture.platform.thread(capture.session, capture.account, thread.post_id, thread.digest):
                yield _Answer(thread, page, prepared=ready(page.items, likely_new=thread.new))
        except UnreadableAnswerError as error:
            yield _Answer(thread, error=error)
        except RequestFailed as error:
            gone = None if error.status in RETRYABLE else is_gone(capture, thread.post_id)
            yield _Answer(thread, error=error, gone=gone)


def capture_thread(capture: RunningCapture, post_id: str) -> None:
    """Read one thread now, whenever its turn is (before a comment is removed). Raises what the session raises."""
    shelf, thread = _Shelf(capture), _Thread(post_id)
    for page in capture.platform.thread(capture.session, capture.account, post_id):
        shelf.add(thread, page)
    shelf.store()


class _Shelf:
    """Pages that wait to be stored together: most threads are small, and a transaction for each would cost more than they.

    A thread's cursor moves with its last page, in the same transaction.
    """

    def __init__(self, capture: RunningCapture) -> None:
        self._capture = capture
        self._pages: list[Page] = []
        self._items = 0
        self._prepared: dict[int, Ready] = {}
        self._counts: dict[str, list[Count]] = {}
        self._digests: dict[str, set[bytes]] = {}
        self._read: dict[str, dict[str, Json]] = {}

    def add(self, thread: _Thread, page: Page, prepared: Mapping[int, Ready] | None = None) -> None:
        """Take a page; store all that wait once they are many."""
        self._pages.append(page)
        self._prepared.update(prepared or {})
        self._items += len(page.items)
        self._counts.setdefault(thread.post_id, []).extend(page.counts)
        digests = self._digests.setdefault(thread.post_id, set())
        digests.update(digests_of(page))
        if page.coverage is not None:
            self._read[thread.post_id] = {"replies": thread.replies, "digest": cursor_digest(digests)}
        if self._items >= _TOGETHER_ITEMS or len(self._pages) >= _TOGETHER_PAGES:
            self.store()

    def drop(self, thread: _Thread) -> None:
        """Forget what was counted of a thread that broke off; its pages stay."""
        self._counts.pop(thread.post_id, None)
        self._digests.pop(thread.post_id, None)

    def store(self) -> None:
        """Store what waits in one transaction."""
        if not self._pages:
            return
        pages, read, prepared = self._pages, self._read, self._prepared
        counts = [count for post_id in read for count in self._counts.pop(post_id, ())]
        for post_id in read:
            self._digests.pop(post_id, None)
        self._pages, self._items, self._read, self._prepared = [], 0, {}, {}
        self._capture.save_all(
            pages,
            also=lambda connection: _were_read(connection, self._capture, read, counts),
            prepared=prepared,
        )


def digests_of(page: Page) -> set[bytes]:
    """The digests of a page's answers, and `_NOT_WHOLE` beside them where a part of it could not be read."""
    lost = any(each.lost for each in page.skipped)
    return {exchange.received_sha256 for exchange in page.exchanges} | ({_NOT_WHOLE} if lost else set())


def cursor_digest(digests: Collection[bytes]) -> str | None:
    """How a thread's cursor remembers its one answer: with the program's version, since another one may read more in it.
    None where the thread came in several answers, or not whole.
    """
    return f"{__version__}:{next(iter(digests)).hex()}" if len(digests) == 1 else None


def known_digest(kept: str | None, mode: str) -> bytes | None:
    """The digest that a cursor remembers, as far as it counts for this program and mode: a backfill reads everything anew."""
    version, _, digest = (kept or "").rpartition(":")
    return bytes.fromhex(digest) if digest and version == __version__ and mode != BACKFILL else None


def _candidates(capture: RunningCapture) -> Iterator[_Thread]:
    """The posts whose thread's turn it is, newest first, some at a time, however many there are."""
    values = {**_own(capture), "since": capture.reread_since}
    light = capture.context.mode == LIGHT
    sweep = 0 if light else capture.archive.settings.sweep_pages
    with capture.archive.engine.connect() as connection:
        swept = list(connection.scalars(sa.text(_SWEPT), {**values, "sweep": sweep}))
    after: dict[str, Any] = {"at": None, "id": None}
    while True:
        with capture.archive.engine.connect() as connection:
            rows = connection.execute(
                sa.text(_CANDIDATES), {**values, "light": light, "swept": swept, **after, "batch": _BATCH}
            ).all()
        yield from (_thread(capture, row) for row in rows)
        if len(rows) < _BATCH:
            return
        after = {"at": rows[-1].at, "id": rows[-1].id}


def _left_out(capture: RunningCapture) -> list[_Thread]:
    """What the account wrote and this capture's threads do not show any more, though its own listing does."""
    values = {**_own(capture), "started_at": capture.context.started_at}
    with capture.archive.engine.connect() as connection:
        return [_thread(capture, row) for row in connection.execute(sa.text(_LEFT_OUT), values)]


def _own(capture: RunningCapture) -> dict[str, Any]:
    kinds = [kind.value for kind in capture.platform.manifest.threads_of]
    return {"account": capture.account.id, "kinds": kinds, "stream": capture.context.stream_id}


def _thread(capture: RunningCapture, row: Row[Any]) -> _Thread:
    return _Thread(row.platform_id, row.replies_now, known_digest(row.digest, capture.context.mode), row.new)


def _were_read(
    connection: Connection, capture: RunningCapture, read: Mapping[str, Mapping[str, Json]], counts: Sequence[Count]
) -> None:
    """Move the cursors of threads that were read to their end, and record how complete they are."""
    now = capture.archive.now()
    sub_cursors.remember(connection, capture, read)
    counted = [
        {"item": count.item, "counted": count.of, "platform": count.platform, "reason": count.reason}
        for count in counts
        if count.item is not None
    ]
    if counted:
        bulk.run(
            connection,
            _COMPLETE,
            counted,
            capture=capture.context.capture_id,
            stream=capture.context.stream_id,
            platform=capture.account.platform,
            namespace=capture.account.namespace,
            now=now,
        )
