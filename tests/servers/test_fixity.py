"""Everything kept is read again: a healthy archive raises no alarm, and one flipped bit is named exactly, wherever it is."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver import accounts, log_keeping
from archiver.blobs import BlobStore
from archiver.capture.export import export_account
from archiver.custody import roots
from samplecity.city import City
from samplecity.running import serve
from tests.fixtures.custody import rows
from tests.fixtures.log import add_all
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archiver.custody.findings import Finding
    from tests.fixtures.archives import ArchiveMaker, TestArchive


@dataclasses.dataclass
class Kept:
    """An archive with everything there is to check in it, and ways to do harm to it."""

    archive: TestArchive

    @property
    def store(self) -> Path:
        """The folder of blobs and sealed WARCs."""
        return self.archive.archive.spool.parent / "blobs"

    def sql(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        return rows(self.archive.engine, query, **values)

    def check(self, share: float = 1) -> list[Finding]:
        """What is found wrong."""
        return log_keeping.check_fixity(self.archive.archive, share).findings

    @contextlib.contextmanager
    def flipped(self, path: Path, at: int, bit: int = 0) -> Iterator[None]:
        """One bit of a file is another, for a while."""
        data = bytearray(path.read_bytes())
        data[at] ^= 1 << bit
        path.write_bytes(data)
        yield
        data[at] ^= 1 << bit
        path.write_bytes(data)

    @contextlib.contextmanager
    def rewritten(self, table: str, change: str, where: str, **values: Any) -> Iterator[None]:
        """Rows are changed by the tables' owner, triggers off, and put back afterwards."""
        engine = sa.create_engine(self.archive.migration_url)
        with engine.begin() as connection:
            connection.execute(sa.text(f"create table was as select * from {table} where {where}"), values)  # noqa: S608 - test
            connection.execute(sa.text(f"alter table {table} disable trigger user"))
            changed = connection.execute(sa.text(f"update {table} set {change} where {where}"), values).rowcount  # noqa: S608 - test
            assert changed == 1
        yield
        column = change.partition("=")[0].strip()
        with engine.begin() as connection:
            connection.execute(
                sa.text(f"update {table} set {column} = (select was.{column} from was) where {where}"),  # noqa: S608 - test
                values,
            )
            connection.execute(sa.text(f"alter table {table} enable trigger user"))
            connection.execute(sa.text("drop table was"))
        engine.dispose()


@pytest.fixture
def kept(make_archive: ArchiveMaker) -> Kept:
    """Two accounts with pictures on two nights of the sample city, 600 records more, two signed roots."""
    city = City.build()
    with serve(city, faulty=False) as running:
        archive = make_archive(allowed_origins=running.url)
        chosen = [
            row
            for row in city.register_rows(running.url)
            if row["account"] in {"bluesky:elections.laspalmasverdes.test", "rss:parks-news"}
        ]
        archive.register(chosen)
        for night in (1, 2):
            running.at(night)
            archive.clock.set(night_of(city, night))
            for account in accounts.active(archive.engine):
                assert export_account(archive.archive, account).complete
            log_keeping.publish_root(archive.archive)
    add_all(archive.engine, 600, states=3)
    with archive.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into stream_states (stream_id, state, words, observed_at) "
                "select min(id), 'access_lost', 'the session has expired', now() from streams"
            )
        )
    log_keeping.append(archive.archive)
    log_keeping.publish_root(archive.archive)
    return Kept(archive)


def test_a_healthy_archive_raises_no_alarm(kept: Kept) -> None:
    """Nothing is found wrong, everything is read, and each thing that was read is on record."""
    report = log_keeping.check_fixity(kept.archive.archive, 1)
    assert report.findings == []
    files = kept.sql("select count(*), sum(size) from warc_files where state = 'sealed'")[0]
    media = kept.sql("select count(distinct sha256), 0 from media where state = 'kept'")[0]
    assert media[0] > 3
    assert (report.checked["warc"], report.checked["medium"]) == (files[0], media[0])
    assert report.bytes > files[1]
    assert {"version", "state", "stream_state", "log", "root"} <= set(report.checked)
    noted = kept.sql("select kind, count(*) from fixity_checks group by kind")
    assert dict(noted) == report.checked
    assert kept.check(0.05) == []


def test_a_sample_takes_what_was_longest_not_read(kept: Kept) -> None:
    """Night after night the sample moves on, until everything was read once, before anything is read twice."""
    total = kept.sql("select count(*) from warc_files where state = 'sealed'")[0][0]
    media = kept.sql("select count(distinct sha256) from media where state = 'kept'")[0][0]
    for _ in range(60):
        kept.check(0.05)
        ((files, twice),) = kept.sql(
            "select count(*), coalesce(max(n), 0) from "
            "(select count(*) as n from fixity_checks where kind = 'warc' group by subject) t"
        )
        if files < total:
            assert twice == 1
    assert files == total
    assert kept.sql("select count(distinct subject) from fixity_checks where kind = 'medium'") == [(media,)]


def test_a_flipped_bit_of_a_sealed_warc_is_named(kept: Kept) -> None:
    """The file, the record with its place, the items and versions it is the evidence of; other records are not blamed."""
    found = kept.sql(
        'select r.file, r."offset", r.length, cast(r.exchange_id as text), array_agg(cast(v.public_id as text)) '
        "from warc_records r join versions v on v.exchange_id = r.exchange_id group by 1, 2, 3, 4 order by 1, 2"
    )
    for file, offset, length, exchange, versions in found[:: max(1, len(found) // 6)]:
        path = kept.store / BlobStore.warc_key(file)
        with kept.flipped(path, offset + length // 2):
            findings = kept.check()
        assert [each.kind for each in findings] == ["warc_record", "warc_file"]
        record, whole = findings
        assert (record.subject, record.at, record.length) == (f"{exchange} of {file}", offset, length)
        assert {each["version"] for each in record.records} <= set(versions)
        assert len(record.records) == min(20, len(versions))
        assert whole.subject == file
        assert whole.expected == hashlib.sha256(path.read_bytes()).hexdigest() != whole.found
        assert "restore it from a copy" in record.sentence
    assert kept.check() == []


def test_a_sealed_warc_that_is_gone_or_cut_is_named(kept: Kept) -> None:
    """A file that is not there, and one that ends too early."""
    ((file,),) = kept.sql("select name from warc_files where state = 'sealed' order by size desc limit 1")
    path = kept.store / BlobStore.warc_key(file)
    data = path.read_bytes()
    path.unlink()
    (missing,) = kept.check()
    assert (missing.kind, missing.subject) == ("warc_file", file)
    assert "not in the store" in missing.what
    path.write_bytes(data[:-5])
    assert {each.subject for each in kept.check() if each.kind == "warc_file"} == {file}
    path.write_bytes(data)
    assert kept.check() == []


def test_a_flipped_bit_of_a_blob_is_named(kept: Kept) -> None:
    """The blob by its digest, and the item and version that show it; a missing one too."""
    ((digest, version),) = kept.sql(
        "select m.sha256, cast(v.public_id as text) from media m join version_media p on p.medium_id = m.id "
        "join versions v on v.id = p.version_id where m.state = 'kept' order by m.id limit 1"
    )
    path = kept.store / BlobStore.key(digest)
    with kept.flipped(path, path.stat().st_size // 2, 3):
        (found,) = kept.check()
    assert (found.kind, found.subject, found.expected) == ("medium", digest.hex(), digest.hex())
    assert version in {each["version"] for each in found.records}
    data = path.read_bytes()
    path.unlink()
    (found,) = kept.check()
    assert (found.subject, found.found) == (digest.hex(), "no file")
    path.write_bytes(data)


def test_a_changed_version_is_named(kept: Kept) -> None:
    """Its fields, its text, its commitment, or all of them made to fit one another: the version is named, and nothing else."""
    ((number, public, item),) = kept.sql(
        "select v.id, cast(v.public_id as text), cast(i.public_id as text) from versions v join items i on i.id = v.item_id "
        "where v.text like '%e%' order by v.id limit 1"
    )
    for change, words in (
        (
            "fields = jsonb_set(fields, '{text}', to_jsonb(replace(fields ->> 'text', 'e', 'd')))",
            "that were committed to",
        ),
        ("text = replace(text, 'e', 'd')", "its text is not that of its fields"),
        ("commitment = sha256(commitment)", "that were committed to"),
        ("content_hash = sha256(content_hash)", "not those of its hash"),
        ("captured_at = captured_at - interval '1 day'", "is not what leaf"),
    ):
        with kept.rewritten("versions", change, "id = :id", id=number):
            (found,) = kept.check()
        assert found.kind == "version", change
        assert words in found.what
        assert item in {each.get("item") for each in found.records}
        assert public in found.sentence
    assert kept.check() == []


def test_a_changed_state_is_named(kept: Kept) -> None:
    """The state itself or the words that its commitment covers."""
    ((number,),) = kept.sql("select min(id) from states")
    for change in ("state = 'present'", "words = words || '!'"):
        with kept.rewritten("states", change, "id = :id", id=number):
            (found,) = kept.check()
        assert (found.kind, found.subject) == ("state", f"{number} of states")
    ((number,),) = kept.sql("select min(id) from stream_states")
    with kept.rewritten("stream_states", "words = words || '!'", "id = :id", id=number):
        (found,) = kept.check()
    assert (found.kind, found.subject) == ("stream_state", f"{number} of stream_states")


def test_a_changed_leaf_is_named(kept: Kept) -> None:
    """In a whole block or behind the last one: the leaf by its number, with what its record says; not its node, not the root."""
    ((size,),) = kept.sql("select count(*) from log_leaves")
    assert size > 600
    flip = "entry = overlay(entry placing (case substr(entry, 16, 1) when '0' then '1' else '0' end) from 16)"
    for index in (0, 255, 256, 300, size - 1):
        with kept.rewritten("log_leaves", flip, "index = :at", at=index):
            (found,) = kept.check()
        assert (found.kind, found.subject) == ("leaf", str(index))
        assert json.loads(found.expected)["commitment"][1:] == json.loads(found.found)["commitment"][1:]
        assert found.expected != found.found
    assert kept.check() == []


def test_a_changed_node_is_named(kept: Kept) -> None:
    """A flipped bit of a node, of the lowest level kept or above: that node, and none above or below it."""
    for level, index in kept.sql("select level, index from log_nodes order by level desc, index"):
        with kept.rewritten(
            "log_nodes",
            "hash = set_byte(hash, 5, get_byte(hash, 5) # 1)",
            "level = :level and index = :at",
            level=level,
            at=index,
        ):
            findings = kept.check()
        assert [(each.kind, each.subject) for each in findings] == [("node", f"{index} of level {level}")]
    assert kept.check() == []


def test_a_changed_root_is_named(kept: Kept) -> None:
    """A flipped bit of a published file, at its byte; a file that is gone; a row of the database."""
    folder = roots.folder_of(kept.archive.archive)
    files = sorted(folder.glob("root-*.json"))
    assert len(files) == 3
    for at in (0, 40, 500, files[1].stat().st_size - 2):
        with kept.flipped(files[1], at, 2):
            (found,) = kept.check()
        assert (found.kind, found.subject, found.at) == ("root_file", str(files[1]), at)
    data = files[0].read_bytes()
    files[0].unlink()
    (found,) = kept.check()
    assert (found.kind, found.found) == ("root_file", "no file")
    roots.write_missing(kept.archive.archive)
    assert files[0].read_bytes() == data
    with kept.rewritten("log_roots", "size = size - 1", "id = (select min(id) from log_roots where size > 0)"):
        assert {each.kind for each in kept.check()} == {"root"}
    assert kept.check() == []


def test_rows_that_were_taken_away_are_named(kept: Kept) -> None:
    """A state without its row, all of them (their table says no more that there were any), a record kept from the log, leaves
    cut off behind the last root.
    """
    engine = sa.create_engine(kept.archive.migration_url)
    subjects = {f"{each} of states" for (each,) in kept.sql("select id from states")}
    assert len(subjects) > 1
    with engine.begin() as connection:
        ((number,),) = kept.sql("select max(id) from states")
        connection.execute(sa.text("alter table states disable trigger user"))
        connection.execute(sa.text("create table was as select * from states"))
        connection.execute(sa.text("delete from states where id = :id"), {"id": number})
    (found,) = kept.check()
    assert (found.kind, found.subject, found.found) == ("state", f"{number} of states", "no such record")
    with engine.begin() as connection:
        connection.execute(sa.text("delete from states"))
    for share in (1, 0.05):
        assert {each.subject for each in kept.check(share) if each.found == "no such record"} == subjects
    with engine.begin() as connection:
        connection.execute(sa.text("insert into states overriding system value select * from was"))
        connection.execute(sa.text("delete from log_outbox"))
        connection.execute(sa.text("alter table states enable trigger user"))
    assert kept.check() == []
    add_all(kept.archive.engine, 2)
    with kept.archive.engine.begin() as connection:
        connection.execute(sa.text("delete from log_outbox"))
    findings = kept.check()
    assert len(findings) == 2
    assert all("not in the log" in each.what for each in findings)
    assert log_keeping.append(kept.archive.archive, missing=True).leaves == 2
    assert kept.check() == []
    with engine.begin() as connection:
        connection.execute(sa.text("alter table log_leaves disable trigger user"))
        connection.execute(sa.text("delete from log_leaves where index >= (select max(size) - 2 from log_roots)"))
    named = " ".join(each.sentence for each in kept.check())
    assert "fewer than were signed" in named
    engine.dispose()


def test_a_whole_pass_of_many_records_takes_little_memory(make_archive: ArchiveMaker) -> None:
    """Five thousand versions and leaves are read again in pieces: all of them at once would be a kilobyte each and more."""
    archive = make_archive()
    add_all(archive.engine, 5000)
    log_keeping.append(archive.archive)
    log_keeping.publish_root(archive.archive)
    tracemalloc.start()
    began = time.perf_counter()
    report = log_keeping.check_fixity(archive.archive, 1)
    took = time.perf_counter() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.findings == []
    print(f"whole pass over 5,000 versions: {took:.1f} s traced, {peak / 1e6:.0f} MB at most")  # noqa: T201 - shown by -s
    assert peak < 5_000_000
