"""An archive of any size, written into its tables by COPY: accounts, threads, authors, edits, deletions, pictures.

It stands as captures would have left it, as far as any page of records looks: every version has its capture and its exchange,
every item its sightings, what was removed its states and what was counted its counts. What only a proof reads (hashes,
commitments, secrets) is filled with random bytes or left out. The same number of items gives the same archive, but for its ids.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import itertools
import os
import random
from typing import TYPE_CHECKING, Any

import orjson
import psycopg2
import uuid_utils
from sqlalchemy.engine import make_url

from bench.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PLATFORMS = ("facebook", "instagram", "x", "bluesky", "threads", "youtube", "linkedin", "flickr")
DEPARTMENTS = ("Public Works", "Parks and Recreation", "Police", "Fire", "Library", "City Council", "Water", "Housing")
STREAMS = ("posts", "comments", "mentions", "messages")
BEGUN = dt.datetime(2021, 1, 4, 15, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC)
_SPAN = (NOW - BEGUN).total_seconds()
_CHUNK = 20_000
_PER_EXCHANGE = 100
_LONGEST_THREAD = 5_000
_COLUMNS = {
    "accounts": "id, public_id, platform, platform_id, handle, department, personal, began_on",
    "streams": "id, account_id, kind",
    "captures": "id, public_id, stream_id, run_id, mode, fence, started_at, finished_at, outcome",
    "parties": "id, platform, namespace, platform_id",
    "exchanges": "id, capture_id, requested_at, method, url, status, received_sha256, received_bytes, elapsed_ms",
    "items": "id, public_id, platform, namespace, platform_id, kind, revision, state, current_version_id, parent_id, root_id, "
    "created_at, first_seen_at",
    "versions": "id, public_id, item_id, number, source, capture_id, exchange_id, pointer, captured_at, created_at, edited_at, "
    "text, url, author_party_id, author_handle, author_name, fields, content_hash, commitment, commitment_scheme",
    "sightings": "item_id, stream_id, state, order_key, first_seen_at, last_seen_at",
    "states": "item_id, stream_id, capture_id, exchange_id, state, words, by_lookup, observed_at",
    "observations": "item_id, capture_id, observed_at, counts",
    "media": "id, public_id, platform, namespace, platform_id, kind, url, state",
    "version_media": "version_id, position, medium_id, alt_text",
}
"""In the order of their foreign keys."""


def fill(superuser_url: str, database: str, count: int) -> None:
    """Fill an empty, migrated archive with so many items, and bring the planner's statistics up to date.

    Args:
        superuser_url: of the server; COPY of so much wants to be asked once.
        database: the archive's, on that server.
        count: items, of which two of a hundred are direct messages.
    """
    url = make_url(superuser_url).set(drivername="postgresql", database=database)
    with contextlib.closing(psycopg2.connect(url.render_as_string(hide_password=False))) as connection:
        with connection, connection.cursor() as cursor:
            for rows in _Filling(count).chunks():
                for table, columns in _COLUMNS.items():
                    if rows.get(table):
                        text = io.StringIO("".join("\t".join(map(_cell, row)) + "\n" for row in rows[table]))
                        cursor.copy_expert(f"copy {table} ({columns}) from stdin", text)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze")


def _cell(value: Any) -> str:
    match value:
        case None:
            return "\\N"
        case bytes():
            return f"\\\\x{value.hex()}"
        case dict():
            return orjson.dumps(value).decode().replace("\\", "\\\\")
        case _:
            return str(value)


class _Filling:
    def __init__(self, count: int) -> None:
        self._count = count
        self._dice = random.Random(count)
        self._texts = Texts(count)
        self._item, self._version, self._medium = itertools.count(1), itertools.count(1), itertools.count(1)
        self._authors = max(count // 12, 50)
        # Few write most, as everywhere.
        self._weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(self._authors)))
        self._accounts = [
            (number + 1, platform, department)
            for number, (platform, department) in enumerate(itertools.product(PLATFORMS, DEPARTMENTS))
        ]
        self._exchange = ("", 0)
        self._rows: dict[str, list[Sequence[Any]]] = {}

    def chunks(self) -> Iterator[dict[str, list[Sequence[Any]]]]:
        """Rows by table, so many at a time."""
        self._register()
        left = self._count
        while left:
            left -= self._thread(left)
            if len(self._rows.get("items", ())) >= _CHUNK:
                yield self._rows
                self._rows = {}
        yield self._rows

    def _add(self, table: str, *row: Any) -> None:
        self._rows.setdefault(table, []).append(row)

    def _register(self) -> None:
        for number, platform, department in self._accounts:
            handle = f"city-{department.lower().replace(' ', '-')}.example"
            # One official's own account, which takes a grant.
            personal = number == len(self._accounts)
            self._add(
                "accounts", number, _uuid(), platform, f"city:{number}", handle, department, personal, "2021-01-04"
            )
            self._add("parties", number, platform, "", f"city:{number}")
            for place, kind in enumerate(STREAMS):
                stream = number * 10 + place
                self._add("streams", stream, number, kind)
                self._add("captures", stream, _uuid(), stream, "bench", "night", 1, BEGUN, NOW, "complete")
        for author in range(self._authors):
            platform = PLATFORMS[author % len(PLATFORMS)]
            self._add("parties", 1000 + author, platform, "", f"person:{author}")

    def _thread(self, most: int) -> int:
        """A post and its comments, or a message; gives how many items."""
        dice = self._dice
        _, platform, _ = account = dice.choice(self._accounts)
        posted = BEGUN + dt.timedelta(seconds=_SPAN * dice.random() ** 0.7)  # more from year to year
        if dice.random() < 0.15:  # noqa: PLR2004 - threads are long, so that this is two of a hundred items
            self._record(account, "message", "messages", posted, None, None)
            return 1
        root = f"{platform}:{dice.getrandbits(60)}"
        kind = dice.choices(("post", "repost", "story"), (90, 8, 2))[0]
        self._record(account, kind, "posts", posted, root, None)
        answers = min(int(dice.paretovariate(0.9)) - 1, _LONGEST_THREAD, most - 1)
        known = [root]
        for _ in range(answers):
            posted = min(posted + dt.timedelta(minutes=dice.expovariate(1 / 90)), NOW)
            parent = root if dice.random() < 0.7 else dice.choice(known[-20:])  # noqa: PLR2004 - most answer the post
            known.append(self._record(account, "comment", "comments", posted, None, (root, parent)))
        return answers + 1

    def _record(
        self,
        account: tuple[int, str, str],
        kind: str,
        stream_kind: str,
        posted: dt.datetime,
        platform_id: str | None,
        thread: tuple[str, str] | None,
    ) -> str:
        dice = self._dice
        number, platform, _ = account
        item, public_id = next(self._item), _uuid()
        platform_id = platform_id or f"{platform}:{dice.getrandbits(60)}"
        root, parent = thread or (None, None)
        stream = number * 10 + STREAMS.index(stream_kind)
        by_city = stream_kind == "posts" or dice.random() < 0.06  # noqa: PLR2004 - the city answers now and then
        party, handle, name = self._author(account, by_city=by_city)
        created = None if dice.random() < 0.003 else posted  # noqa: PLR2004 - some platforms tell no time of some things
        seen = min(posted + dt.timedelta(hours=dice.expovariate(1 / 20)), NOW)
        state = dice.choices(("present", "gone_confirmed", "hidden", "not_returned"), (960, 25, 8, 7))[0]
        versions = dice.choices((1, 2, 3), (955, 38, 7))[0]
        exchange = self._received(stream, seen)
        current = 0
        for version in range(1, versions + 1):
            current = next(self._version)
            text, language = self._texts.one(official=by_city)
            fields: dict[str, Any] = {"text": text, "languages": [language]}
            if dice.random() < 0.05:  # noqa: PLR2004 - a link now and then
                fields["links"] = [f"https://news{dice.randrange(300)}.example/{dice.randrange(5000)}"]
            if dice.random() < 0.08:  # noqa: PLR2004 - a hashtag now and then
                fields["tags"] = [f"tag{int(dice.paretovariate(0.7)) % 4000}"]
            edited = seen if version > 1 else None
            self._add(
                "versions", current, _uuid(), item, version, "api", stream, exchange, f"/data/{item}",
                min(seen + dt.timedelta(days=version - 1), NOW), created, edited, text,
                f"https://{platform}.example/{item}", party, handle, name, fields, os.urandom(32), os.urandom(32), 1,
            )  # fmt: skip
        self._add(
            "items", item, public_id, platform, "", platform_id, kind, versions + (state != "present"), state, current,
            parent, root, created, seen,
        )  # fmt: skip
        self._add("sightings", item, stream, state, platform_id, seen, NOW)
        if dice.random() < 0.01:  # noqa: PLR2004 - seen by another account of the city too, which is mentioned
            other = dice.choice([each for each, at, _ in self._accounts if at == platform and each != number])
            self._add("sightings", item, other * 10 + STREAMS.index("mentions"), "present", platform_id, seen, NOW)
        if state != "present":
            self._add("states", item, stream, stream, exchange, state, "NotFound", state == "gone_confirmed", NOW)
        if dice.random() < 0.4:  # noqa: PLR2004 - what nobody liked has no counts
            self._add("observations", item, stream, seen, {"likes": int(dice.paretovariate(0.8)), "replies": 0})
        if dice.random() < (0.3 if stream_kind == "posts" else 0.02):
            medium, alt = next(self._medium), self._texts.one(official=True)[0] if dice.random() < 0.3 else None  # noqa: PLR2004 - few are described
            self._add("media", medium, _uuid(), platform, "", f"m{medium}", "image", None, "wanted")
            self._add("version_media", current, 0, medium, alt)
        return platform_id

    def _author(self, account: tuple[int, str, str], *, by_city: bool) -> tuple[int, str | None, str]:
        number, platform, department = account
        if by_city:
            return number, f"city-{department.lower().replace(' ', '-')}.example", f"City {department}"
        (author,) = self._dice.choices(range(self._authors), cum_weights=self._weights)
        author += PLATFORMS.index(platform) - author % len(PLATFORMS)  # one of this platform's
        author -= len(PLATFORMS) * (author >= self._authors)
        handle = f"person{author}.example" if platform not in {"facebook", "linkedin"} else None
        return 1000 + author, handle, f"Person {author}"

    def _received(self, stream: int, at: dt.datetime) -> str:
        """The exchange that a record was read from; so many share one."""
        exchange, of = self._exchange
        if not exchange or of != stream or self._dice.random() < 1 / _PER_EXCHANGE:
            exchange = _uuid()
            self._exchange = exchange, stream
            self._add(
                "exchanges", exchange, stream, at, "GET", "https://api.example/data", 200, os.urandom(32), 9000, 80
            )
        return exchange


def _uuid() -> str:
    return str(uuid_utils.uuid7())
