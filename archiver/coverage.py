"""How complete an account is: per post and per stream, the platform's count beside ours, the difference explained in numbers.

The facts of all counts of an account are read in two statements, however many comments there are; `archiver.explanation`
decides what they mean; after each night's capture the roll-up is added to the record.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import media_missing
from archiver.explanation import Explained, Facts, Part, Read, explain, sentence, together
from archiver.platforms import PLATFORMS
from archiver.records.derived import DERIVED
from archiver.records.models import CoverageRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine, Row

_STREAMS = sa.text("""
    select s.id, s.kind, s.cursor ? 'open' as walking, last.outcome, last.skipped, k.platform_count, k.reason,
           coalesce(g.present, 0) as present, coalesce(g.hidden, 0) as hidden, coalesce(g.gone, 0) as gone,
           coalesce(g.not_returned, 0) as not_returned,
           (select count(*) from gaps o where o.closed_at is null
              and (o.stream_id = s.id or o.stream_id is null and o.account_id = s.account_id)) as gaps_open
    from streams s
    left join lateral (
        select c.outcome, c.skipped from captures c
        where c.stream_id = s.id and c.mode <> 'light' and c.outcome <> 'running' order by c.id desc limit 1
    ) last on true
    left join lateral (
        select c.platform_count, c.reason from completeness c
        where c.stream_id = s.id and c.item_id is null and c.counted = s.kind order by c.id desc limit 1
    ) k on true
    left join lateral (
        select count(*) filter (where state = 'present') as present, count(*) filter (where state = 'hidden') as hidden,
               count(*) filter (where state = 'gone_confirmed') as gone,
               count(*) filter (where state = 'not_returned') as not_returned
        from sightings where stream_id = s.id
    ) g on true
    where s.account_id = :account and s.kind <> 'lists' order by s.kind
""")
# Joined in Python: without statistics (after a large import) Postgres takes minutes for what dictionaries do at once.
_POSTS = sa.text("""
    select i.id, i.platform_id, i.root_id, min(i.first_seen_at) as first_seen_at, array_agg(p.id) as streams
    from streams p join sightings g on g.stream_id = p.id join items i on i.id = g.item_id
    where p.account_id = :account and p.kind = any(:kinds) and g.state in ('present', 'hidden')
    group by i.id
""")
_POST = sa.text("""
    select i.id, i.platform_id, i.root_id, i.first_seen_at, array_agg(p.id) as streams
    from items i join sightings g on g.item_id = i.id join streams p on p.id = g.stream_id
    where i.id = :only and p.account_id = :account and p.kind = any(:kinds) and g.state in ('present', 'hidden')
    group by i.id
""")
# In the state in which this account found them: what another one sees of the same records explains none of its counts, and is
# not told to those who see this one alone.
_BY_STATE = f"""
    select parent_id, root_id, state, count(*) as number from (
        select i.parent_id, i.root_id, {DERIVED.format(sightings="g", streams="s")} as state from {{seen}}
        where s.account_id = :account and i.kind <> 'message' and (i.parent_id is not null or i.root_id is not null)
        group by i.id
    ) held group by parent_id, root_id, state
"""  # noqa: S608 - put together from constants
_HELD = sa.text(
    _BY_STATE.format(seen="streams s join sightings g on g.stream_id = s.id join items i on i.id = g.item_id")
)
_HELD_BELOW = sa.text(
    _BY_STATE.format(
        seen="""
        (select * from items where id = :only) o
        join items i on i.platform = o.platform and i.namespace = o.namespace and i.root_id = o.platform_id
        join sightings g on g.item_id = i.id join streams s on s.id = g.stream_id"""
    )
)
_SAID = sa.text("""
    with said as (
        select distinct on (item_id) item_id, counted, platform_count, reason from completeness
        where stream_id = :stream and item_id is not null order by item_id, id desc
    )
    select said.*, i.platform_id, coalesce(i.root_id, i.platform_id) as root from said join items i on i.id = said.item_id
""")
_SAID_BELOW = sa.text("""
    with o as (
        select id, platform, namespace, platform_id from items where id = :only
    ), i as (
        select id, platform_id, platform_id as root from o
        union
        select i.id, i.platform_id, i.root_id from o
        join items i on i.platform = o.platform and i.namespace = o.namespace and i.root_id = o.platform_id
    )
    select i.id as item_id, k.counted, k.platform_count, k.reason, i.platform_id, i.root
    from i join lateral (
        select counted, platform_count, reason from completeness k
        where k.item_id = i.id and k.stream_id = :stream order by k.id desc limit 1
    ) k on true
""")
_NOW = sa.text("""
    select distinct on (item_id) item_id, (counts ->> 'replies')::bigint as now from observations
    where item_id = any(:ids) order by item_id, id desc
""")
_CURSORS = sa.text("""
    select key, last_read_at, (cursor ->> 'replies')::bigint as then from sub_cursors
    where stream_id = :stream and (cast(:key as text) is null or key = :key)
""")
# With what a second source, where there is one, said of the stream when it was last checked with it (`capture.crosscheck`).
_CHECKED = """
    left join lateral (
        select k.reason as checked from completeness k
        where k.stream_id = c.stream_id and k.counted = s.kind || ' in the account''s own export'
          and k.observed_at <= c.observed_at
        order by k.id desc limit 1
    ) x on true
"""
_LATEST = f"""
    select distinct on (c.stream_id) c.*, s.kind as stream, a.platform || ':' || a.handle as account, x.checked
    from coverage c join streams s on s.id = c.stream_id join accounts a on a.id = c.account_id {_CHECKED}
    where (cast(:account as bigint) is null or c.account_id = :account)
    order by c.stream_id, c.id desc
"""  # noqa: S608 - put together from constants
_HISTORY = f"""
    select c.*, s.kind as stream, a.platform || ':' || a.handle as account, x.checked
    from coverage c join streams s on s.id = c.stream_id join accounts a on a.id = c.account_id {_CHECKED}
    where (cast(:account as bigint) is null or c.account_id = :account) and c.observed_at >= :since
    order by c.id desc limit :most
"""  # noqa: S608 - put together from constants
_GENERATED = frozenset(
    {
        "the platform gives no count",
        "all that the platform counts is held",
        "the platform counts more than it shows (blocked, hidden or removed elsewhere)",
        "the platform counts less than it shows, or some have gone since",
        "the platform counts items that it does not show (deleted, hidden or restricted there)",
        "the platform counts fewer than it shows, or its counter is late",
    }
)
"""What `archiver.capture.completeness` and `threads` say where a connector gives no reason of its own."""
_COUNTLESS = frozenset({"profile", "import"})


@dataclasses.dataclass(frozen=True, slots=True)
class PostCoverage:
    """One post: how many its thread should have, and how far that is explained. `unread`: it is to be read (again)."""

    item_id: int
    platform_id: str
    explained: Explained
    read: Read
    waiting_since: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class StreamCoverage:
    """One stream, as the roll-up keeps it."""

    stream_id: int
    stream: str
    explained: Explained
    states: Mapping[str, int]
    gaps_open: int
    media_missing: int
    unread: int = 0
    oldest: PostCoverage | None = None


def posts_of(
    connection: Connection, account_id: int, platform: str, *, item_id: int | None = None
) -> list[PostCoverage]:
    """How complete the thread of each of an account's posts is, or of one post; none where no comments are captured."""
    stream = connection.execute(
        sa.text("select id from streams where account_id = :account and kind = 'comments'"), {"account": account_id}
    ).scalar()
    if stream is None or platform not in PLATFORMS:
        return []
    values = {
        "account": account_id,
        "stream": stream,
        "kinds": [kind.value for kind in PLATFORMS[platform].manifest.threads_of],
        "only": item_id,
    }
    rows = connection.execute(_POSTS if item_id is None else _POST, values).all()
    listed = {(row.platform_id, each) for row in rows for each in row.streams}
    roots = {row.platform_id: row for row in rows if not any((row.root_id, each) in listed for each in row.streams)}
    counts = _Counts(connection, values, roots.values())
    return [counts.of(row) for row in roots.values()]


class _Counts:
    """Everything that is known of the threads of some posts, by platform id."""

    def __init__(self, connection: Connection, values: Mapping[str, Any], posts: Iterable[Row[Any]]) -> None:
        whole = values["only"] is None
        posts = list(posts)
        self._lost = {str(each["what"]).rsplit(" ", 1)[-1] for each in _skipped(connection, values["stream"])}
        self._direct: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._below: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for row in connection.execute(_HELD if whole else _HELD_BELOW, values):
            self._direct[row.parent_id][row.state] += row.number
            self._below[row.root_id][row.state] += row.number
        self._said: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        for row in connection.execute(_SAID if whole else _SAID_BELOW, values):
            self._said[row.root].append(row)
        key = None if whole or not posts else posts[0].platform_id
        self._cursors = {row.key: row for row in connection.execute(_CURSORS, {**values, "key": key})}
        self._now = {row.item_id: row.now for row in connection.execute(_NOW, {"ids": [post.id for post in posts]})}

    def of(self, post: Row[Any]) -> PostCoverage:
        """One post: what is counted of it and of each comment below it, together."""
        name = post.platform_id
        cursor, now = self._cursors.get(name), self._now.get(post.id)
        read = self._read(name, now, cursor)
        said = {row.platform_id: row for row in self._said.get(name, ())}
        own = said.pop(name, None)
        explained = [
            explain(
                self._facts(
                    name,
                    own,
                    _latest(read, now, own),
                    read,
                    own.platform_count if own else cursor.then if cursor else None,
                )
            )
        ]
        for row in said.values():
            partly = Read.PARTLY if read is Read.PARTLY or row.platform_id in self._lost else Read.WHOLE
            explained.append(explain(self._facts(row.platform_id, row, row.platform_count, partly, row.platform_count)))
        since = cursor.last_read_at if cursor else post.first_seen_at
        return PostCoverage(post.id, name, together(explained), read, since)

    def _read(self, name: str, now: int | None, cursor: Row[Any] | None) -> Read:
        if name in self._lost:
            return Read.PARTLY
        if cursor is None:
            return Read.NEVER
        return Read.WHOLE if now == cursor.then else Read.CHANGED

    def _facts(self, name: str, said: Row[Any] | None, platform: int | None, read: Read, at_read: int | None) -> Facts:
        # `replies` counts what answers an item itself, any other word what stands below a post.
        held = self._direct if said is None or said.counted == "replies" else self._below
        states = held.get(name, Counter())
        return Facts(
            platform,
            states["present"],
            states["hidden"],
            states["gone_confirmed"],
            states["not_returned"],
            read,
            at_read,
            None if said is None or said.reason in _GENERATED else said.reason,
        )


def _latest(read: Read, now: int | None, said: Row[Any] | None) -> int | None:
    """The count that came with the thread goes before the one beside the post, unless that one has changed since."""
    at_read: int | None = said.platform_count if said else None
    if at_read is not None and read is Read.WHOLE:
        return at_read
    return at_read if now is None else now


def _skipped(connection: Connection, stream_id: int) -> list[dict[str, Any]]:
    found: Sequence[dict[str, Any]] | None = connection.scalar(
        sa.text(
            "select skipped from captures where stream_id = :stream and mode <> 'light' and outcome <> 'running' "
            "order by id desc limit 1"
        ),
        {"stream": stream_id},
    )
    return [each for each in found or () if each.get("lost", True)]


def measured(connection: Connection, account_id: int, platform: str) -> list[StreamCoverage]:
    """How complete each stream of an account is by what the archive holds now."""
    found = []
    missing = media_missing.by_stream(connection, account_id)
    for row in connection.execute(_STREAMS, {"account": account_id}).all():
        media = missing.get(row.id, 0)
        states = {name: getattr(row, name) for name in ("present", "hidden", "not_returned", "gone")}
        if row.kind == "comments":
            posts = posts_of(connection, account_id, platform)
            behind = [each for each in posts if each.read is not Read.WHOLE]
            found.append(
                StreamCoverage(
                    row.id,
                    row.kind,
                    together(each.explained for each in posts),
                    states,
                    row.gaps_open,
                    media,
                    len(behind),
                    min(behind, key=lambda each: each.waiting_since, default=None),
                )
            )
        else:
            found.append(StreamCoverage(row.id, row.kind, explain(_stream_facts(row)), states, row.gaps_open, media))
    return found


def _stream_facts(row: Row[Any]) -> Facts:
    read = Read.PARTLY if row.walking or row.outcome not in {None, "complete"} else Read.WHOLE
    stated = "nothing is counted there" if row.kind in _COUNTLESS else row.reason
    return Facts(
        row.platform_count,
        row.present,
        row.hidden,
        row.gone,
        row.not_returned,
        Read.NEVER if row.outcome is None else read,
        row.platform_count,
        None if stated in _GENERATED or "could not be read in this capture" in (stated or "") else stated,
    )


def roll_up(engine: Engine, account_id: int, platform: str, run_id: str, now: datetime) -> list[StreamCoverage]:
    """Add to the record how complete an account is. Gives what was added, by stream."""
    with engine.begin() as connection:
        found = measured(connection, account_id, platform)
        if found:
            connection.execute(sa.insert(CoverageRow), [_row(each, account_id, run_id, now) for each in found])
    return found


def _row(each: StreamCoverage, account_id: int, run_id: str, now: datetime) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "stream_id": each.stream_id,
        "run_id": run_id,
        "platform_count": each.explained.platform,
        **each.states,
        "difference": each.explained.difference,
        "reasons": each.explained.as_json(),
        "gaps_open": each.gaps_open,
        "unread": each.unread,
        "oldest_unread": each.oldest.platform_id if each.oldest else None,
        "oldest_unread_since": each.oldest.waiting_since if each.oldest else None,
        "media_missing": each.media_missing,
        "observed_at": now,
    }


def recorded(
    connection: Connection, account_id: int | None = None, *, since: datetime | None = None, most: int = 5000
) -> Sequence[Row[Any]]:
    """The last roll-up of each stream, or all of them since a time, the latest first."""
    if since is None:
        return connection.execute(sa.text(_LATEST), {"account": account_id}).all()
    return connection.execute(sa.text(_HISTORY), {"account": account_id, "since": since, "most": most}).all()


def as_lines(name: str, found: Iterable[StreamCoverage]) -> str:
    """A roll-up as lines of text, for a task's log."""
    lines = [f"How complete {name} is:"]
    for each in found:
        held = ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in each.states.items() if number)
        waits = f"; {each.unread} threads to be read, the oldest {each.oldest.platform_id}" if each.oldest else ""
        open_gaps = f"; {each.gaps_open} open gaps" if each.gaps_open else ""
        media = f"; {each.media_missing} attachments are not kept" if each.media_missing else ""
        lines.append(f"  {each.stream}: holds {held or 'nothing'}; {each.explained.sentence}{waits}{media}{open_gaps}")
    return "\n".join(lines)


__all__ = [
    "Part",
    "PostCoverage",
    "StreamCoverage",
    "as_lines",
    "measured",
    "posts_of",
    "recorded",
    "roll_up",
    "sentence",
]
