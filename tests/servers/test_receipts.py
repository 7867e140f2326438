"""Search receipts over the real Postgres and Elasticsearch: made, kept, numbered, run again with a reason for each difference."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver.archive import Archive as OpenArchive
from archiver.blobs import BlobStore
from archiver.custody import fixity, log
from archiver.database import engine_for
from archiver.settings import Settings
from search import analysis
from search.errors import SearchError
from search.query import SearchRequest, everything
from search.query.directory import directory
from search.rebuild import rebuild
from search.receipts import kept as receipts
from search.receipts import listing
from search.receipts.check import check
from search.receipts.differences import Cause, Kind
from search.receipts.make import make
from search.receipts.model import LONGEST_NOTE, ReceiptError, digest
from tests.fixtures.query_table import TODAY, ZONE, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from search.query.everything import Walk
    from search.receipts.check import Checked
    from search.receipts.model import Kept
    from tests.fixtures.searching import Archive


@dataclasses.dataclass(frozen=True)
class Account:
    """An account of the table, as the builder of records wants it."""

    id: int
    platform: str
    handle: str
    platform_id: str
    streams: dict[str, int]
    captures: dict[str, int]
    exchange: Any


@dataclasses.dataclass
class Desk:
    """A clerk's desk: the archive of the query table, indexed, with everything stored before a receipt is made."""

    searchable: Archive
    archive: OpenArchive
    items: dict[str, int]
    store: Path

    def accounts(self) -> dict[str, Any]:
        """The accounts of the table by short names."""
        handles = {"works.example.gov": "works", "LPVParks": "parks", "LPVPolice": "police", "news": "news"}
        found = {}
        with self.archive.engine.connect() as connection:
            for row in connection.execute(sa.text("select id, platform, handle, platform_id from accounts")).all():
                streams = connection.execute(
                    sa.text(
                        "select s.kind, s.id, min(c.id) as capture, min(cast(e.id as text)) as exchange from streams s "
                        "join captures c on c.stream_id = s.id left join exchanges e on e.capture_id = c.id "
                        "where s.account_id = :id group by s.id"
                    ),
                    {"id": row.id},
                ).all()
                if row.handle in handles:
                    found[handles[row.handle]] = Account(
                        row.id, row.platform, row.handle, row.platform_id,
                        {each.kind: each.id for each in streams}, {each.kind: each.capture for each in streams},
                        next(each.exchange for each in streams if each.exchange),
                    )  # fmt: skip
        return found

    @contextlib.contextmanager
    def owner(self) -> Iterator[sa.Connection]:
        """A connection that nothing of the archive's own refusals binds, as whoever restores a database has it."""
        engine = engine_for(self.searchable.urls.superuser_url)
        try:
            with engine.begin() as connection:
                connection.execute(sa.text("set session_replication_role = replica"))
                yield connection
        finally:
            engine.dispose()

    def forget(self, name: str) -> None:
        """Take a record out of the index alone."""
        self.searchable.client.delete(
            index=self.searchable.alias, id=str(self.items[name]), version=1_000, version_type="external", refresh=True
        )

    def fixity(self) -> list[tuple[str, str]]:
        """What reading receipts and their lists again finds wrong."""
        found = fixity.run(self.archive).findings
        return [(each.kind, each.what) for each in found if each.kind.startswith(("receipt", "leaf"))]

    def receipt(self, typed: str, note: str = "", **request: Any) -> Kept:
        """Make a receipt of a search."""
        with self.archive.engine.connect() as connection:
            known = directory(connection)
        asked = SearchRequest(zone=ZONE, text=typed, today=TODAY, directory=known, **request)
        return make(self.archive, self.searchable.client, self.searchable.alias, asked, made_by="dana.ortiz", note=note)

    def again(self, kept: Kept) -> Checked:
        """Run it again."""
        return check(self.archive, self.searchable.client, self.searchable.alias, kept)

    def sql(self, statement: str, **values: Any) -> None:
        """Do something to the database as the application."""
        with self.archive.engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def ended(self) -> None:
        """Let every capture have ended."""
        self.sql("update captures set outcome = 'complete', finished_at = now() where outcome = 'running'")

    def found(self, checked: Checked) -> list[tuple[Kind, Cause]]:
        """How each record differs, and the nearest reason."""
        return sorted((each.kind, each.cause) for each in checked.differences)


@pytest.fixture
def desk(archive: Archive, tmp_path: Path) -> Desk:
    """The table's archive, and its store."""
    items = fill(archive.records)
    opened = OpenArchive(
        engine=archive.engine,
        settings=Settings.model_validate({"city": "La Puente Verde", "index_name": archive.alias}),
        blobs=BlobStore(str(tmp_path / "blobs")),
        spool=tmp_path / "spool",
    )
    desk = Desk(archive, opened, items, tmp_path / "blobs")
    desk.ended()
    log.append(archive.engine, opened.now())
    archive.drain()
    return desk


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
