"""Search receipts over the real Postgres and Elasticsearch: what they say, how they are kept and numbered."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver.blobs import BlobStore
from archiver.custody import log
from search.errors import SearchError
from search.query import everything
from search.query.everything import Found
from search.receipts import history, listing
from search.receipts import kept as receipts
from search.receipts.differences import Pair
from search.receipts.model import LONGEST_NOTE, ReceiptError, digest
from search.receipts.surroundings import Part

if TYPE_CHECKING:
    from search.query.everything import Walk
    from tests.fixtures.desk import Desk


def test_a_receipt_says_what_was_asked_found_and_how_the_archive_stood(desk: Desk) -> None:
    """The query as typed and as compiled, the sentence, counts per term, account and type, the index, the log, who and when."""
    kept = desk.receipt("(pothole OR sinkhole) date:2026", note="Request 2026-031")
    body = kept.body
    assert (kept.number, kept.made_by, kept.note) == (1, "dana.ortiz", "Request 2026-031")
    assert body["search"]["text"] == "(pothole OR sinkhole) date:2026"
    assert body["search"]["today"] == "2026-04-15"
    assert "pothole" in str(body["query"])
    assert body["sentence"].startswith("Everything that says")
    assert [each["alone"] for each in body["terms"][:2]] == [3, 1]
    assert kept.total == body["total"] == body["results"]["records"] == 4
    by = {each["name"]: each["values"] for each in body["divided"]["by"]}
    assert sum(each["count"] for each in by["Kind"] if each["typed"] in {"type:post", "type:comment"}) == kept.total
    assert {each["name"] for each in body["register"]} >= {"x:LPVPolice", "facebook:LPVParks"}
    assert body["archive"]["log"]["size"] > 0
    assert body["index"]["documents"] == len(desk.items) - 1
    assert body["index"]["waiting"] == 0
    assert any("Direct messages were not searched" in each for each in body["not_searched"])
    assert kept.is_whole
    with desk.archive.engine.connect() as connection:
        assert receipts.load(connection, 1) == kept
        assert receipts.load(connection, 1).is_whole
        assert [each.number for each in receipts.listed(connection)] == [1]
    with listing.opened(desk.archive.blobs, kept.results_sha256, 1) as lines:
        assert sum(line.found for line in lines) == kept.total


def test_receipts_made_at_once_are_numbered_without_holes(desk: Desk) -> None:
    """One that fails takes no number; eight clerks at once get eight numbers in a row."""
    with pytest.raises(SearchError):
        desk.receipt('"unbalanced')
    with pytest.raises(ReceiptError, match="A note has at most"):
        desk.receipt("pothole", note="x" * (LONGEST_NOTE + 1))
    with ThreadPoolExecutor(8) as pool:
        made = [job.result() for job in [pool.submit(desk.receipt, "pothole", f"{number}") for number in range(8)]]
    assert sorted(each.number for each in made) == list(range(1, 9))
    for bad in (3, 11, 0):
        with pytest.raises(sa.exc.DBAPIError, match=r"numbered without holes|duplicate key"):
            desk.sql(
                "insert into receipts (number, public_id, made_at, made_by, note, total, body, body_sha256, results_sha256, "
                "results_size) values (:number, gen_random_uuid(), now(), '', '', 0, '{}', sha256(''), sha256(''), 0)",
                number=bad,
            )


def test_a_list_that_ends_short_keeps_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was listed must be as much as was counted."""

    def short(*arguments: Any) -> Walk:
        walk = everything.every(*arguments)
        next(walk.found)
        return walk

    monkeypatch.setattr("search.receipts.make.every", short)
    with pytest.raises(ReceiptError, match="3 records were counted, and 2 could be listed"):
        desk.receipt("pothole")
    with desk.archive.engine.connect() as connection:
        assert receipts.listed(connection) == []
        assert connection.scalar(sa.text("select count(*) from audit where action = 'receipt made'")) == 0


def test_direct_messages_are_in_no_receipt(desk: Desk) -> None:
    """Neither found nor among what waits for the index, nor counted."""
    desk.searchable.records.touch(desk.items["secret"])
    kept = desk.receipt("secret OR message OR pothole")
    with listing.opened(desk.archive.blobs, kept.results_sha256, kept.number) as lines:
        assert desk.items["secret"] not in {line.item_id for line in lines}
    assert kept.total == 3
    assert [each["alone"] for each in kept.body["terms"]] == [0, 0, 3]


def test_gaps_are_listed_where_they_touch_the_days_and_accounts_searched(desk: Desk) -> None:
    """A gap of another month or of another account is none of this search's."""
    parks = desk.accounts()["parks"]
    for opened, closed in (("2026-02-10", "2026-02-12"), ("2026-03-30", "2026-04-02"), ("2026-04-10", None)):
        desk.sql(
            "insert into gaps (public_id, account_id, stream_id, opened_at, closed_at, reason) "
            "values (gen_random_uuid(), :account, :stream, cast(:opened as date), cast(:closed as date), 'it answered 503')",
            account=parks.id, stream=parks.streams["posts"], opened=opened, closed=closed,
        )  # fmt: skip
    for typed, expected in (
        ("date:2026-03", ["2026-03-30"]),
        ("", ["2026-02-10", "2026-03-30", "2026-04-10"]),
        ("account:LPVPolice", []),
        ("department:Parks date:2026-02-11", ["2026-02-10"]),
        ("platform:x", []),
        ("date:2026-04-12..2026-05-01", ["2026-04-10"]),
    ):
        body = desk.receipt(typed).body
        assert sorted(each["from"][:10] for each in body["gaps"]) == expected, typed
        said = [each for each in body["not_searched"] if "in capture" in each]
        assert bool(said) == bool(expected)


def test_a_receipt_is_a_leaf_of_the_log_and_is_read_again(desk: Desk) -> None:
    """Its digests are committed to; fixity names a receipt that was rewritten, and a list that is not what was stored."""
    kept = desk.receipt("pothole")
    log.append(desk.archive.engine, desk.archive.now())
    with desk.archive.engine.connect() as connection:
        entry = connection.scalar(sa.text("select entry from log_leaves where kind = 'receipt'"))
    assert str(kept.public_id) in str(entry)
    assert kept.sha256.hex() not in str(entry)
    assert desk.fixity() == []
    path = desk.store / BlobStore.key(kept.results_sha256)
    path.chmod(0o644)
    path.write_bytes(b"another list")
    with desk.owner() as owner:
        owner.execute(sa.text("update receipts set body = jsonb_set(body, '{total}', '7')"))
    assert desk.fixity() == [
        ("receipt_list", "it is not what was stored"),
        ("receipt", "it does not say what it said when it was made"),
    ]
    path.write_bytes(b"")
    path.unlink()
    with desk.owner() as owner:
        owner.execute(
            sa.text("update receipts set body = cast(:body as jsonb), body_sha256 = :sha256"),
            {"body": "{}", "sha256": digest({})},
        )
    assert desk.fixity() == [
        ("receipt_list", "it is not in the store"),
        ("leaf", "it is not what its record says"),
    ]


def test_what_waits_is_read_once_for_many_records(desk: Desk) -> None:
    """However much waits: also more than Postgres keeps at hand of it, of records that are looked at closely or all."""
    found = [Found(key, uuid.UUID(int=key), 1, None) for key in desk.items.values()]
    pairs = [Pair(each.item_id, each.public_id, None, each) for each in found]
    with desk.owner() as owner:
        owner.execute(
            sa.text(
                "insert into outbox (item_id, revision) select (select min(id) from items), 1 from generate_series(1, 30000)"
            )
        )
        owner.execute(sa.text("analyze outbox"))
    scans = sa.text("select seq_scan from pg_stat_xact_user_tables where relname = 'outbox'")
    with desk.archive.engine.connect() as connection:
        connection.execute(sa.text("set local work_mem = '64kB'"))
        history.suspects(connection, pairs)
        assert connection.scalar(scans) == 1
        history._recorded(connection, list(desk.items.values()), Part())
        assert connection.scalar(scans) == 2
