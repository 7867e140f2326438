"""What a receipt states besides its list, when it is run again: counts, gaps, the register, the receipt itself in the log."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.custody import log
from search.receipts import kept as receipts
from search.receipts.differences import Cause, Kind
from search.receipts.model import digest
from tests.fixtures.query_table import at

if TYPE_CHECKING:
    from search.receipts.model import Kept
    from tests.fixtures.desk import Desk


def loaded(desk: Desk, kept: Kept) -> Kept:
    """The receipt as the database has it now."""
    with desk.archive.engine.connect() as connection:
        return receipts.load(connection, kept.number)


def test_where_nothing_was_found_what_each_term_has_is_compared(desk: Desk) -> None:
    """Nothing differs record by record, and a term that had three records has four."""
    kept = desk.receipt("pothole zeppelin date:2026")
    desk.searchable.records.item(desk.accounts()["works"], "Another pothole", created_at=at("2026-04-01T10:00"))
    desk.searchable.records.item(desk.accounts()["works"], "A pothole under the zeppelin", created_at=None)
    desk.searchable.drain()
    checked = desk.again(kept)
    assert (checked.sound, checked.differing) == (True, 0)
    assert [each for each in checked.notes if "pothole" in each] == [
        "Everything that says \u201cpothole\u201d in any form, by itself: 5 records now, 3 then."
    ]
    assert "Left out, having no date: 1 record now, 0 then." in checked.notes


def test_how_what_was_found_divides_otherwise_is_said(desk: Desk) -> None:
    """The same records, seen through another account and in another state since."""
    kept = desk.receipt("pothole")
    assert desk.again(kept).notes == []
    desk.searchable.records.see(desk.accounts()["parks"], desk.items["filled"])
    desk.searchable.records.state(desk.accounts()["works"], desk.items["potholes"], "gone_confirmed", "NotFound")
    desk.searchable.drain()
    checked = desk.again(kept)
    assert (checked.sound, checked.differing, checked.touched) == (True, 0, 2)
    assert "Department: Parks 1 now, 0 then." in checked.notes
    assert any(each.startswith("State: ") and "1 now, 2 then" in each for each in checked.notes)


def test_gaps_that_became_known_since_and_gaps_that_went_are_said(desk: Desk) -> None:
    """Only those that the receipt should have listed, had they been known: not of other days, not of after it was made."""
    parks = desk.accounts()["parks"]

    def gap(opened: str, reason: str) -> None:
        desk.sql(
            "insert into gaps (public_id, account_id, stream_id, opened_at, reason) values (gen_random_uuid(), :account, "
            ":stream, cast(:opened as timestamptz), :reason)",
            account=parks.id, stream=parks.streams[reason.partition(" ")[0]], opened=opened, reason=reason,
        )  # fmt: skip

    gap("2026-03-02", "posts answered 503")
    kept = desk.receipt("budget date:2026-03")
    elsewhere = desk.receipt("budget account:LPVPolice date:2026-03")
    future = (desk.archive.now() + dt.timedelta(days=1)).isoformat()
    gap("2026-03-10", "comments answered 503")
    with desk.owner() as owner:
        owner.execute(sa.text("delete from gaps where reason like 'posts%'"))
    gap(future, "posts is of tomorrow")
    notes = desk.again(kept).notes
    assert [each.partition(":")[0] for each in notes] == [
        "A gap in capture that the receipt does not list is on record now",
        "A gap in capture that the receipt lists is not on record any more",
    ]
    assert "facebook:LPVParks, comments, from 9 March 2026, 17:00 PDT and open (comments answered 503)" in notes[0]
    assert desk.again(elsewhere).notes == []


def test_an_account_that_is_no_longer_in_the_register_is_said(desk: Desk) -> None:
    """What the receipt names, and nobody can look up any more."""
    kept = desk.receipt("pothole")
    with desk.owner() as owner:
        owner.execute(sa.text("delete from accounts where handle = 'news'"))
    expected = "The account rss:news was in the register when the receipt was made, and is not in it now."
    assert expected in desk.again(kept).notes


def test_that_a_name_stands_for_another_account_explains_what_came_through_it(desk: Desk) -> None:
    """And nothing else: a record of an account that is still meant, and found no more, is not explained by that."""
    kept = desk.receipt("account:LPVParks pothole OR account:LPVParks budget OR account:LPVParks hearing")
    assert kept.total == 2
    works = desk.accounts()["works"]
    desk.sql(
        "insert into account_handles (account_id, handle, first_seen_at, last_seen_at) values (:id, 'LPVParks', now(), now())",
        id=works.id,
    )
    client, alias, item = desk.searchable.client, desk.searchable.alias, str(desk.items["hearing"])
    source = client.get(index=alias, id=item)["_source"]
    source["account_keys"] = ["facebook:lpvparks"]
    version = client.get(index=alias, id=item)["_version"]
    client.index(index=alias, id=item, document=source, version=version, version_type="external_gte", refresh=True)
    checked = desk.again(kept)
    assert set(desk.found(checked)) == {(Kind.NEW, Cause.QUERY), (Kind.GONE, Cause.LOST)}
    assert len(checked.differences) == 4


@pytest.mark.parametrize("change", ["made_at = made_at - interval '1 year'", "made_by = 'nobody'", "note = 'Another'"])
def test_a_receipt_that_was_dated_back_or_given_to_somebody_else_is_not_what_it_was(desk: Desk, change: str) -> None:
    """Dated back, all that ever happened would be of after it, and explain what it does not."""
    kept = desk.receipt("pothole")
    assert loaded(desk, kept).is_whole
    with desk.owner() as owner:
        owner.execute(sa.text(f"update receipts set {change}"))  # noqa: S608 - ours
    checked = desk.again(loaded(desk, kept))
    assert not checked.sound
    assert "is not what it was when it was made" in checked.damage[0]


def test_a_receipt_that_was_exchanged_for_another_is_told_by_the_log(desk: Desk) -> None:
    """Body and digest both: the leaf says what it was. One that the log never got is said as well."""
    kept = desk.receipt("pothole")
    log.append(desk.archive.engine, desk.archive.now())
    assert desk.again(kept).damage == []
    forged = desk.receipt("zeppelin")
    changed = {**forged.body, "number": 1, "public_id": str(kept.public_id)}
    with desk.owner() as owner:
        owner.execute(
            sa.text(
                "update receipts r set body = :body, body_sha256 = :digest, total = 0, results_sha256 = other.results_sha256, "
                "made_at = other.made_at from receipts other where r.number = 1 and other.number = 2"
            ).bindparams(sa.bindparam("body", type_=sa.JSON)),
            {"body": changed, "digest": digest(changed)},
        )
        owner.execute(sa.text("delete from log_outbox where kind = 'receipt'"))
    altered = loaded(desk, kept)
    assert altered.is_whole
    checked = desk.again(altered)
    assert checked.damage == [
        f"Receipt 1 is not what leaf {log_place(desk):,} of the log says of it; run `civic-archive log fixity --whole`."
    ]
    checked = desk.again(forged)
    assert checked.damage == [
        "Receipt 2 is not in the log, and does not wait for it: run `civic-archive log fixity --whole`."
    ]


def log_place(desk: Desk) -> int:
    """Where in the log the leaf of a receipt is."""
    with desk.archive.engine.connect() as connection:
        return int(connection.scalar(sa.text("select index from log_leaves where kind = 'receipt'")) or 0)


def test_an_index_that_lacks_records_is_said_on_the_receipt(desk: Desk) -> None:
    """Also where nothing was found: what it lacks may be what was searched for. What waits is not lacking."""
    desk.searchable.records.item(desk.accounts()["works"], "A zeppelin that waits")
    assert desk.receipt("zeppelin").body["index"]["lacking"] == 0
    desk.searchable.drain()
    desk.forget("filled")
    kept = desk.receipt("zebra")
    assert (kept.total, kept.body["index"]["lacking"]) == (0, 1)
    assert any("The index had 1 record fewer than the archive held" in each for each in kept.body["not_searched"])
    assert not desk.again(kept).sound


def test_a_check_of_a_part_of_the_archive_keeps_to_it(desk: Desk) -> None:
    """What is lacking elsewhere is nothing of it; what somebody does in another part neither."""
    parks = desk.accounts()["parks"]
    with desk.archive.engine.connect() as connection:
        public_id = str(connection.scalar(sa.text("select public_id from accounts where id = :id"), {"id": parks.id}))
    from search.query.model import Limits  # noqa: PLC0415

    kept = desk.receipt("budget OR pothole", limits=Limits(accounts=(public_id,), messages=False, words=("of Parks",)))
    desk.forget("filled")
    assert (desk.again(kept).sound, desk.again(kept).notes) == (True, [])
    desk.forget("sam")
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.GONE, Cause.LOST)]
    assert dataclasses.asdict(checked)["damage"]
