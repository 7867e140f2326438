"""Messages, read conversation by conversation: what has new messages by the platform's own mark, and the young ones anyway.

A conversation is read when it was never read, when its marker is not the one it had then, or when its newest message lies in
the re-read window (a message may have been unsent).

The listing is left once a whole page of it is old and known, where the last walk through it was finished. A walk that broke off
left behind it what the next one must reach, however old and known all that stands before it may be by then. The stream's cursor:

* `finished`: whether the last walk was finished. One is that left out single things: they are no reason to read all of the
  listing every night.
* `unread`: the conversations that could not be read, by id, as the listing showed them. They are asked for by themselves, until
  they are read, or a walk to the end does not show them any more.
* `again`: where a walk lost something (an entry of the listing may be a conversation, and tells none): when the listing is
  walked to its end once more.
"""

from __future__ import annotations

import dataclasses
import functools
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.capture import sub_cursors
from archiver.capture.errors import RequestFailed, Unreachable
from archiver.capture.loops import LoopWatch
from archiver.capture.running import BACKFILL
from archiver.platforms.answers import number_of, text_of
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Skipped
from archiver.platforms.pages import Conversation, Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from archiver.capture.running import RunningCapture
    from archiver.platforms.items import Json

_FINISHED, _UNREAD, _AGAIN = "finished", "unread", "again"
_PAUSE = timedelta(days=14)
_GIVE_UP_AFTER = 3
"""So many conversations in a row without any answer are no matter of theirs."""

_KNOWN = sa.text(
    "select key, cursor ->> 'marker' as marker from sub_cursors where stream_id = :stream and key = any(:keys)"
)

_COMPLETE = sa.text("""
    insert into completeness (capture_id, stream_id, counted, platform_count, held_count, difference, reason, observed_at)
    values (:capture, :stream, :counted, :platform, :held, cast(:platform as bigint) - :held, :reason, :now)
""")


def capture_conversations(capture: RunningCapture) -> None:
    """Read every conversation whose turn it is; one that cannot be read is named, and the others go on.

    Raises what stops the whole stream.
    """
    now, again = capture.context.started_at, capture.cursor.get(_AGAIN)
    finished = capture.cursor.get(_FINISHED) is True and not (
        isinstance(again, str) and datetime.fromisoformat(again) <= now
    )
    under_way = {name: value for name, value in capture.cursor.items() if name != _FINISHED}
    walk = _Walk(capture, _unread(under_way))
    walk.through(under_way, to_end=not finished or capture.context.mode == BACKFILL)
    walk.rest()
    capture.save(Page((), ()), walk.cursor_after(under_way))
    capture.pages -= 1


@dataclasses.dataclass(slots=True)
class _Walk:
    """A walk through the listing. `left` is what earlier nights could not read, as far as this one has not come to it."""

    capture: RunningCapture
    left: dict[str, Conversation]
    failed: dict[str, Conversation] = dataclasses.field(default_factory=dict)
    ended: bool = False
    """Whether it has shown the whole listing."""
    cut: bool = False
    _unanswered: int = 0

    def through(self, cursor: Mapping[str, Json], *, to_end: bool) -> None:
        """Go as far as something may be due, or `to_end`; `cursor` stands while this is under way."""
        capture = self.capture
        for page in capture.platform.conversations(capture.session, capture.account):
            capture.save(Page((), page.exchanges, skipped=page.skipped), cursor)
            self.cut = self.cut or page.cut
            due = _due(capture, page.conversations, self.left)
            for conversation in due:
                self._read(conversation)
            if not to_end and page.conversations and not due:
                return
        self.ended = not self.cut

    def rest(self) -> None:
        """Ask for what is left by itself; what a whole listing did not show is asked for this once more."""
        for conversation in list(self.left.values()):
            self._read(conversation)
            if self.ended:
                self.failed.pop(conversation.id, None)

    def _read(self, conversation: Conversation) -> None:
        self.left.pop(conversation.id, None)
        try:
            _read(self.capture, conversation)
        except (RequestFailed, UnreadableAnswerError, Unreachable) as error:
            self._unanswered = self._unanswered + 1 if isinstance(error, Unreachable) else 0
            if self._unanswered >= _GIVE_UP_AFTER:
                raise
            _unreadable(self.capture, conversation, error)
            self.failed[conversation.id] = conversation
        else:
            self._unanswered = 0

    def cursor_after(self, cursor: Mapping[str, Json]) -> dict[str, Json]:
        """What the stream remembers now."""
        after = {name: value for name, value in cursor.items() if name not in {_UNREAD, _AGAIN}}
        if not self.cut:
            after[_FINISHED] = True
        if self.failed:
            after[_UNREAD] = {
                each.id: {"marker": each.marker, "platform_count": each.platform_count} for each in self.failed.values()
            }
        again = None if self.ended else cursor.get(_AGAIN)
        if again is None and any(each.lost for each in self.capture.skipped):
            again = (self.capture.context.started_at + _PAUSE).isoformat()
        return after if again is None else {**after, _AGAIN: again}


def _unread(cursor: Mapping[str, Json]) -> dict[str, Conversation]:
    kept = cursor.get(_UNREAD)
    return {
        each: Conversation(each, marker=text_of(told, "marker"), platform_count=number_of(told, "platform_count"))
        for each, told in (kept.items() if isinstance(kept, dict) else ())
        if isinstance(told, dict)
    }


def _due(
    capture: RunningCapture, conversations: Sequence[Conversation], left: Mapping[str, Conversation]
) -> list[Conversation]:
    known = _markers(capture, [each.id for each in conversations])
    return [
        each
        for each in conversations
        if each.id in left
        or each.id not in known
        or each.marker is None
        or known[each.id] != each.marker
        or (each.updated_at is not None and each.updated_at >= capture.reread_since)
    ]


def _markers(capture: RunningCapture, ids: list[str]) -> Mapping[str, str | None]:
    with capture.archive.engine.connect() as connection:
        rows = connection.execute(_KNOWN, {"stream": capture.context.stream_id, "keys": ids})
        return {row.key: row.marker for row in rows}


def _read(capture: RunningCapture, conversation: Conversation) -> None:
    """Read one to its end; its mark moves with its last page, in the same transaction."""
    watch = LoopWatch()
    seen: set[str] = set()
    for page in capture.platform.conversation(capture.session, capture.account, conversation):
        seen.update(item.id for item in page.items if item.sighted)
        if watch.circles(page):
            what = f"the rest of the conversation {conversation.id}"
            why = "the platform sends a page again that it has sent before"
            capture.save(Page((), page.exchanges, skipped=(Skipped(what, why),)))
            return
        read = functools.partial(_was_read, capture=capture, conversation=conversation, shown=len(seen))
        capture.save(page, also=read if page.coverage is not None else None)


def _was_read(connection: Connection, capture: RunningCapture, conversation: Conversation, shown: int) -> None:
    now = capture.archive.now()
    sub_cursors.remember(connection, capture, {conversation.id: {"marker": conversation.marker}})
    if conversation.platform_count is not None and conversation.platform_count != shown:
        connection.execute(
            _COMPLETE,
            {
                "capture": capture.context.capture_id,
                "stream": capture.context.stream_id,
                "counted": f"messages of {conversation.id}",
                "platform": conversation.platform_count,
                "held": shown,
                "reason": "the platform counts messages that it does not show (old, unsent or of another kind)"
                if conversation.platform_count > shown
                else "the platform counts fewer than it shows",
                "now": now,
            },
        )


def _unreadable(
    capture: RunningCapture, conversation: Conversation, error: RequestFailed | UnreadableAnswerError | Unreachable
) -> None:
    what = f"the conversation {conversation.id}"
    if isinstance(error, UnreadableAnswerError) and error.exchange is not None:
        capture.save(Page((), [error.exchange], skipped=(Skipped(what, str(error)),)))
    else:
        capture.skip(what, str(error))
