"""Search receipts run again: each difference with the reason that the archive recorded, each damage said."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.blobs import BlobStore
from search import analysis
from search.rebuild import rebuild
from search.receipts import kept as receipts
from search.receipts.differences import Cause, Kind

if TYPE_CHECKING:
    from tests.fixtures.desk import Desk


def test_where_nothing_happened_nothing_differs(desk: Desk) -> None:
    """Also once the index was built anew by the same definition, which is said."""
    kept = desk.receipt("pothole")
    checked = desk.again(kept)
    assert checked.sound
    assert checked.sentence == "Nothing differs: 3 records found now, the same as then."
    rebuild(desk.archive.engine, desk.searchable.client, desk.searchable.alias)
    checked = desk.again(kept)
    assert (checked.sound, checked.differing) == (True, 0)
    assert [each for each in checked.notes if "built anew" in each and "same definition" in each]


def test_every_difference_gets_the_reason_that_the_archive_recorded(desk: Desk) -> None:
    """A capture, an edit that is found now, an edit of what was found by its current version: each its own reason; what changed
    otherwise is counted.
    """
    records, accounts = desk.searchable.records, desk.accounts()
    kept = desk.receipt("pothole")
    records.item(accounts["works"], "Another pothole")
    records.edit(accounts["works"], desk.items["answer"], "Thank you, that pothole is filled")
    records.edit(accounts["works"], desk.items["filled"], "The pothole on 5th Street was filled again.")
    records.state(accounts["works"], desk.items["rosa"], "not_returned", stream="comments")
    desk.searchable.drain()
    checked = desk.again(kept)
    assert set(desk.found(checked)) == {
        (Kind.NEW, Cause.VERSION),
        (Kind.NEW, Cause.CAPTURED),
        (Kind.OTHER_VERSION, Cause.VERSION),
    }
    assert (checked.then, checked.now, checked.same, checked.touched) == (3, 5, 2, 1)
    assert checked.sound
    assert "Version 2 was captured on" in str(checked.differences)


@pytest.mark.parametrize(
    ("typed", "differs"),
    [
        ("pothole", []),
        ("pothole state:present", [(Kind.GONE, Cause.STATE)]),
        ("pothole state:deleted", [(Kind.NEW, Cause.STATE)]),
    ],
)
def test_a_state_explains_only_what_asks_for_it(desk: Desk, typed: str, differs: list[tuple[Kind, Cause]]) -> None:
    """A record that was deleted since is found all the same, unless the search asked for what is still there."""
    kept = desk.receipt(typed)
    desk.searchable.records.state(desk.accounts()["works"], desk.items["filled"], "gone_confirmed", "NotFound")
    desk.searchable.drain()
    checked = desk.again(kept)
    assert desk.found(checked) == differs
    assert checked.sound


def test_what_the_index_had_not_taken_then_is_told_from_what_was_not_captured(desk: Desk) -> None:
    """A record in the archive whose change waited for the index: the receipt knew it, and says so."""
    desk.searchable.records.item(desk.accounts()["works"], "A pothole that waits")
    desk.ended()
    kept = desk.receipt("pothole")
    assert kept.total == 3
    assert kept.body["index"]["waiting"] == 1
    assert any("1 change of records already captured waited" in each for each in kept.body["not_searched"])
    desk.searchable.drain()
    assert desk.found(desk.again(kept)) == [(Kind.NEW, Cause.NOT_INDEXED_THEN)]


def test_what_a_capture_was_just_storing_is_told(desk: Desk) -> None:
    """Seen before the receipt was made, stored after it, by a capture that ended later."""
    kept = desk.receipt("pothole")
    desk.searchable.records.now = lambda: kept.made_at - dt.timedelta(seconds=2)
    desk.searchable.records.item(desk.accounts()["works"], "A pothole on its way")
    desk.sql("update captures set outcome = 'complete', finished_at = now()")
    desk.searchable.drain()
    assert desk.found(desk.again(kept)) == [(Kind.NEW, Cause.UNDER_WAY)]


def test_what_became_another_place_or_another_register_is_told(desk: Desk) -> None:
    """Seen through another account since; an author who is the city's since; an account renamed since."""
    accounts = desk.accounts()
    seen = desk.receipt("account:LPVParks pothole")
    resident = desk.receipt("is:resident pothole")
    named = desk.receipt("account:works.example.gov")
    desk.searchable.records.see(accounts["parks"], desk.items["filled"])
    desk.searchable.records.account("rosa.example", platform_id="did:plc:rosa", department="Mayor")
    desk.searchable.records.touch(desk.items["rosa"])
    desk.sql(
        "insert into account_handles (account_id, handle, first_seen_at, last_seen_at) "
        "values (:id, 'works.example.gov', now(), now())",
        id=accounts["works"].id,
    )
    desk.sql("update accounts set handle = 'publicworks.example.gov' where id = :id", id=accounts["works"].id)
    desk.searchable.drain()
    assert desk.found(desk.again(seen)) == [(Kind.NEW, Cause.PLACE)]
    checked = desk.again(resident)
    assert desk.found(checked) == [(Kind.GONE, Cause.REGISTER)]
    assert "The account bluesky:rosa.example was not in the register" in str(checked.differences)
    checked = desk.again(named)
    assert (checked.sound, checked.differing) == (True, 0)
    assert any("its name was" in each for each in checked.notes)


def test_what_the_archive_or_the_index_has_no_longer_is_told_apart(desk: Desk) -> None:
    """Gone from both: no longer in the archive. Gone from the index alone: a fault, named as one, unless a change waits."""
    kept = desk.receipt("pothole")
    desk.forget("filled")
    with desk.owner() as owner:
        owner.execute(sa.text("delete from items where id = :id"), {"id": desk.items["filled"]})
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.GONE, Cause.LEFT)]
    assert checked.sound
    desk.forget("rosa")
    checked = desk.again(kept)
    assert set(desk.found(checked)) == {
        (Kind.GONE, Cause.LOST),
        (Kind.GONE, Cause.LEFT),
    }
    assert not checked.sound
    assert checked.differences[0].cause is Cause.LOST
    desk.searchable.records.touch(desk.items["rosa"])
    checked = desk.again(kept)
    assert set(desk.found(checked)) == {(Kind.GONE, Cause.NOT_INDEXED_NOW), (Kind.GONE, Cause.LEFT)}
    assert checked.sound


def test_an_index_built_by_another_definition_explains_what_it_takes_apart_otherwise(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without stemmers the same words find less; the receipt was made with them."""
    kept = desk.receipt("pothole")
    monkeypatch.setattr(analysis, "probe", lambda _: analysis.Capabilities({"en": "none", "es": "none"}, False))
    rebuild(desk.archive.engine, desk.searchable.client, desk.searchable.alias)
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.GONE, Cause.INDEX)]
    assert checked.sound
    assert any("another definition" in each for each in checked.notes)


def test_what_nothing_explains_says_so(desk: Desk) -> None:
    """An index that was tampered with: the record's own history tells of no change, and neither does anything else."""
    kept = desk.receipt("pothole")
    client, alias, item = desk.searchable.client, desk.searchable.alias, desk.items["filled"]
    source = client.get(index=alias, id=str(item))["_source"]
    for version in source["versions"]:
        version["text"] = "A hole"
    revision = client.get(index=alias, id=str(item))["_version"]
    client.index(
        index=alias, id=str(item), document=source, version=revision, version_type="external_gte", refresh=True
    )
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.GONE, Cause.UNEXPLAINED)]
    assert (checked.sound, checked.unexplained) == (False, 1)
    assert checked.sentence == "3 records found then, 2 now; 1 difference, 1 not explained."


def test_a_list_that_is_damaged_or_missing_is_said_so(desk: Desk) -> None:
    """Nothing is compared with what is not what it was."""
    kept = desk.receipt("pothole")
    path = desk.store / BlobStore.key(kept.results_sha256)
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    checked = desk.again(kept)
    assert (checked.sound, checked.now) == (False, None)
    assert "is damaged" in checked.damage[0]
    path.unlink()
    assert "is missing from the store" in desk.again(kept).damage[0]
    path.write_bytes(content)
    assert desk.again(kept).sound


def test_a_receipt_or_a_log_that_was_altered_is_said_so(desk: Desk) -> None:
    """Its body against its digest; the log's beginning against the root that it then had."""
    kept = desk.receipt("pothole")
    with desk.owner() as owner:
        owner.execute(sa.text("update receipts set body = jsonb_set(body, '{sentence}', '\"Nothing.\"')"))
    with desk.archive.engine.connect() as connection:
        altered = receipts.load(connection, kept.number)
    assert not altered.is_whole
    checked = desk.again(altered)
    assert not checked.sound
    assert "Receipt 1 is not what it was when it was made" in checked.damage[0]
    with desk.owner() as owner:
        owner.execute(sa.text("update log_leaves set entry = replace(entry, 'version', 'virsion') where index = 0"))
    assert "are not what they were" in desk.again(kept).damage[0]
    with desk.owner() as owner:
        owner.execute(sa.text("delete from log_leaves where index >= 3"))
    assert "leaves are gone" in desk.again(kept).damage[0]
