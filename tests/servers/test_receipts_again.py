"""Search receipts run again: each difference with the reason that the archive recorded, each damage said."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver.blobs import BlobStore
from search import analysis, indices, mapping
from search.rebuild import rebuild
from search.receipts import copies
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
    """Gone from both: no longer in the archive, and nothing says why. Gone from the index alone: another fault, unless a change
    waits.
    """
    kept = desk.receipt("pothole")
    desk.forget("filled")
    with desk.owner() as owner:
        owner.execute(sa.text("delete from items where id = :id"), {"id": desk.items["filled"]})
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.GONE, Cause.LEFT)]
    assert not checked.sound
    desk.forget("rosa")
    checked = desk.again(kept)
    assert set(desk.found(checked)) == {
        (Kind.GONE, Cause.LOST),
        (Kind.GONE, Cause.LEFT),
    }
    assert not checked.sound
    assert checked.unexplained == 2
    desk.searchable.records.touch(desk.items["rosa"])
    checked = desk.again(kept)
    assert set(desk.found(checked)) == {(Kind.GONE, Cause.NOT_INDEXED_NOW), (Kind.GONE, Cause.LEFT)}
    assert checked.unexplained == 1
    assert any("1 change of records waits for the index now" in each for each in checked.notes)


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


def tamper(desk: Desk, item: int, text: str) -> None:
    """Let the index say that the versions of a record say something else, under the revision that it has."""
    client, alias = desk.searchable.client, desk.searchable.alias
    found = client.get(index=alias, id=str(item))
    source = found["_source"]
    for version in source["versions"]:
        version["text"] = text
    client.index(
        index=alias, id=str(item), document=source, version=found["_version"], version_type="external_gte", refresh=True
    )


def rewrite(desk: Desk, name: str, text: str) -> None:
    """Let the archive hold that a record said something else, as whoever owns the database can."""
    with desk.owner() as owner:
        owner.execute(
            sa.text(
                "update versions set text = :text, fields = jsonb_set(fields, '{text}', to_jsonb(cast(:text as text))) "
                "where item_id = :id"
            ),
            {"id": desk.items[name], "text": text},
        )


def test_another_definition_explains_nothing_of_what_the_index_has_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that is not in the index, one that another is in the place of: faults, also after every release."""
    kept, dated = desk.receipt("pothole"), desk.receipt("date:2026-03")
    monkeypatch.setattr(analysis, "probe", lambda _: analysis.Capabilities({"en": "none", "es": "none"}, False))
    rebuild(desk.archive.engine, desk.searchable.client, desk.searchable.alias)
    desk.searchable.records.edit(desk.accounts()["works"], desk.items["filled"], "A pothole was filled.")
    desk.searchable.drain()
    desk.forget("filled")
    tamper(desk, desk.items["rosa"], "Nothing")
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.GONE, Cause.INDEX), (Kind.GONE, Cause.LOST), (Kind.GONE, Cause.LOST)]
    assert (checked.sound, checked.unexplained) == (False, 2)
    assert any("The index has 1 record fewer than the archive holds" in each for each in checked.damage)
    checked = desk.again(dated)
    assert desk.found(checked) == [(Kind.GONE, Cause.LOST)]
    assert [each.cause for each in checked.differences[0].reasons] == [Cause.LOST, Cause.VERSION]


def test_another_definition_explains_nothing_of_a_search_without_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account is compared as it is, however words are taken apart: what is found no more is not explained by that."""
    kept = desk.receipt("account:LPVParks type:story")
    with desk.owner() as owner:
        owner.execute(sa.text("update items set kind = 'post' where id = :id"), {"id": desk.items["reel"]})
    monkeypatch.setattr(analysis, "probe", lambda _: analysis.Capabilities({"en": "none", "es": "none"}, False))
    rebuild(desk.archive.engine, desk.searchable.client, desk.searchable.alias)
    assert desk.found(desk.again(kept)) == [(Kind.GONE, Cause.UNEXPLAINED)]


def test_another_definition_explains_that_states_are_told_otherwise(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release may tell a record's state from what was seen in another way: no row of states says so."""
    kept = desk.receipt("account:works.example.gov state:present")
    desk.sql("update items set state = 'not_returned' where id = :id", id=desk.items["filled"])
    desk.searchable.records.touch(desk.items["filled"])
    desk.searchable.drain()
    assert desk.found(desk.again(kept)) == [(Kind.GONE, Cause.UNEXPLAINED)]
    monkeypatch.setattr(analysis, "probe", lambda _: analysis.Capabilities({"en": "none", "es": "none"}, False))
    rebuild(desk.archive.engine, desk.searchable.client, desk.searchable.alias)
    assert desk.found(desk.again(kept)) == [(Kind.GONE, Cause.INDEX)]
    desk.forget("filled")
    assert desk.found(desk.again(kept)) == [(Kind.GONE, Cause.LOST)]


def test_an_index_of_a_definition_that_is_not_known_explains_nothing(desk: Desk) -> None:
    """A line in the index that says so is no reason: else whoever may write to it could explain everything."""
    kept = desk.receipt("pothole")
    client, alias = desk.searchable.client, desk.searchable.alias
    tamper(desk, desk.items["filled"], "A hole")
    client.indices.put_mapping(index=alias, meta={**indices.meta(client, alias), "fingerprint": "0" * 64})
    assert desk.found(desk.again(kept)) == [(Kind.GONE, Cause.UNEXPLAINED)]


def test_an_index_whose_fields_were_changed_is_said_so(desk: Desk) -> None:
    """By the check, and by a receipt that is made of it: what it finds is not to be relied on."""
    kept = desk.receipt("pothole")
    assert kept.body["index"]["as_defined"]
    client, alias = desk.searchable.client, desk.searchable.alias
    properties = mapping.index_body(analysis.probe(client))["mappings"]["properties"]
    properties["versions"]["properties"]["text"] |= {"search_analyzer": "keyword"}
    client.indices.put_mapping(index=alias, properties={"versions": properties["versions"]})
    checked = desk.again(kept)
    assert (checked.differing, checked.sound) == (0, False)
    assert any("is not what its definition says" in each for each in checked.damage)
    assert any("was not what its definition says" in each for each in desk.receipt("pothole").body["not_searched"])
    rebuild(desk.archive.engine, client, alias)
    assert desk.again(kept).sound


def test_a_record_that_is_found_and_that_the_archive_does_not_hold_is_a_fault(desk: Desk) -> None:
    """Deleted behind the archive, or never in it: it is found both times, or now, and is a difference all the same."""
    kept = desk.receipt("pothole")
    client, alias = desk.searchable.client, desk.searchable.alias
    with desk.owner() as owner:
        owner.execute(sa.text("delete from items where id = :id"), {"id": desk.items["filled"]})
        owner.execute(sa.text("delete from versions where item_id = :id and number = 1"), {"id": desk.items["rosa"]})
    forged = client.get(index=alias, id=str(desk.items["potholes"]))["_source"]
    forged |= {"item_id": 99_999, "public_id": str(uuid.uuid4())}
    client.index(index=alias, id="99999", document=forged, version=1, version_type="external", refresh=True)
    checked = desk.again(kept)
    assert desk.found(checked) == [
        (Kind.UNHELD, Cause.LEFT), (Kind.UNHELD, Cause.LEFT), (Kind.NEW, Cause.LOST),
    ]  # fmt: skip
    assert (checked.sound, checked.same) == (False, 1)


def test_a_record_under_the_number_of_another_is_not_that_one(desk: Desk) -> None:
    """A database that was set back gives numbers again: the record found then is gone, the one found now was never found."""
    kept = desk.receipt("pothole")
    with desk.owner() as owner:
        owner.execute(
            sa.text("update items set public_id = gen_random_uuid() where id = :id"), {"id": desk.items["filled"]}
        )
    rebuild(desk.archive.engine, desk.searchable.client, desk.searchable.alias)
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.NEW, Cause.UNEXPLAINED), (Kind.GONE, Cause.LEFT)]
    assert not checked.sound


def test_an_archive_that_was_set_back_is_said_so(desk: Desk) -> None:
    """What changed a record since is not in it any more: the record is found as ever."""
    desk.searchable.records.edit(desk.accounts()["works"], desk.items["filled"], "A pothole was filled.")
    desk.searchable.drain()
    kept = desk.receipt("pothole")
    with desk.owner() as owner:
        owner.execute(sa.text("update items set revision = revision - 1 where id = :id"), {"id": desk.items["filled"]})
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.UNHELD, Cause.LEFT)]
    assert "it was set back" in checked.differences[0].reasons[0].words


def test_what_was_written_a_moment_ago_is_found(desk: Desk) -> None:
    """An indexer that has deleted its row of the outbox and not refreshed the index yet hides nothing."""
    records = desk.searchable.records
    desk.searchable.client.indices.put_settings(index=desk.searchable.alias, settings={"refresh_interval": "-1"})
    kept = desk.receipt("pothole state:present")
    records.state(desk.accounts()["works"], desk.items["filled"], "gone_confirmed", "NotFound")
    records.item(desk.accounts()["works"], "Another pothole")
    desk.searchable.drain(refresh=False)
    assert desk.found(desk.again(kept)) == [(Kind.NEW, Cause.CAPTURED), (Kind.GONE, Cause.STATE)]


def test_an_indexer_at_work_meanwhile_is_no_fault(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a change between the look at the archive and the look at the index: both are looked at again."""
    kept = desk.receipt("pothole state:present")
    works, records = desk.accounts()["works"], desk.searchable.records
    records.state(works, desk.items["filled"], "gone_confirmed", "NotFound")
    desk.searchable.drain()
    looks, of = [], copies.of

    def overtaken(*arguments: Any, **options: Any) -> Any:
        looks.append(arguments[2])
        if len(looks) == 1:
            records.edit(works, desk.items["filled"], "Filled")
            desk.searchable.drain()
        return of(*arguments, **options)

    monkeypatch.setattr(copies, "of", overtaken)
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.GONE, Cause.STATE)]
    assert len(looks) == 2


def test_what_nothing_explains_says_so(desk: Desk) -> None:
    """A text that was rewritten behind the archive, and indexed anew: nothing on record tells of a change."""
    kept = desk.receipt("pothole")
    rewrite(desk, "filled", "A hole")
    rebuild(desk.archive.engine, desk.searchable.client, desk.searchable.alias)
    checked = desk.again(kept)
    assert desk.found(checked) == [(Kind.GONE, Cause.UNEXPLAINED)]
    assert (checked.sound, checked.unexplained) == (False, 1)
    assert checked.sentence == "3 records found then, 2 now; 1 difference, 1 not explained."


def test_an_index_that_was_tampered_with_is_a_fault_whatever_else_happened(desk: Desk) -> None:
    """Under the same revision it says something else: of a record found then, and of one captured since."""
    kept = desk.receipt("pothole")
    tamper(desk, desk.items["filled"], "A hole")
    since = desk.searchable.records.item(desk.accounts()["works"], "Nothing of the kind")
    desk.searchable.drain()
    tamper(desk, since, "A pothole")
    checked = desk.again(kept)
    assert set(desk.found(checked)) == {(Kind.GONE, Cause.LOST), (Kind.NEW, Cause.LOST)}
    assert (checked.sound, checked.unexplained) == (False, 2)
    assert [each.cause for each in checked.differences[1].reasons] == [Cause.LOST, Cause.CAPTURED]


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
