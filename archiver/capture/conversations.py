"""Messages, read conversation by conversation: what has new messages by the platform's own mark, and the young ones anyway.

A conversation is read when it was never read, when its marker is not the one it had then, or when its newest message lies in
the re-read window (a message may have been unsent).

The listing is left once a whole page of it is old and known, where the last walk through it was finished: the stream's cursor
says so (`finished`). A walk that broke off, or that could not read a conversation, left behind it what the next one must reach,
however old and known all that stands before it may be by then.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.capture import sub_cursors
from archiver.capture.errors import RequestFailed
from archiver.capture.loops import LoopWatch
from archiver.capture.running import BACKFILL
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Skipped
from archiver.platforms.pages import Conversation, Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from archiver.capture.running import RunningCapture
    from archiver.platforms.items import Json

_FINISHED = "finished"

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
    finished = capture.cursor.get(_FINISHED) is True
    under_way = {name: value for name, value in capture.cursor.items() if name != _FINISHED}
    _walk(capture, under_way, finished=finished)
    if not any(each.lost for each in capture.skipped):
        capture.save(Page((), ()), {**under_way, _FINISHED: True})
        capture.pages -= 1


def _walk(capture: RunningCapture, cursor: Mapping[str, Json], *, finished: bool) -> None:
    """Walk through the listing, to its end unless the last walk was `finished`; `cursor` stands while it is under way."""
    for page in capture.platform.conversations(capture.session, capture.account):
        capture.save(Page((), page.exchanges, skipped=page.skipped), cursor)
        due = _due(capture, page.conversations)
        for conversation in due:
            try:
                _read(capture, conversation)
            except (RequestFailed, UnreadableAnswerError) as error:
                _unreadable(capture, conversation, error)
        if finished and page.conversations and not due and capture.context.mode != BACKFILL:
            return


def _due(capture: RunningCapture, conversations: Sequence[Conversation]) -> list[Conversation]:
    known = _markers(capture, [each.id for each in conversations])
    return [
        each
        for each in conversations
        if each.id not in known
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
    capture: RunningCapture, conversation: Conversation, error: RequestFailed | UnreadableAnswerError
) -> None:
    what = f"the conversation {conversation.id}"
    if isinstance(error, UnreadableAnswerError) and error.exchange is not None:
        capture.save(Page((), [error.exchange], skipped=(Skipped(what, str(error)),)))
    else:
        capture.skip(what, str(error))
