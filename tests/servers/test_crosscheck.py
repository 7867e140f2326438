"""The check of an account's listings with its whole repository, on a served city: what a listing leaves out is found."""

from __future__ import annotations

import dataclasses
import io
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from archiver import accounts, coverage
from archiver.capture.evidence_file import key_of
from archiver.capture.export import ExportReport, export_account
from archiver.capture.warc import read_record
from archiver.platforms.bluesky_car import read_repository
from archiver.platforms.items import StreamKind
from samplecity import records
from samplecity.bulk import bulk_city
from samplecity.city import City
from samplecity.faults import Fault
from samplecity.ids import record_cid
from samplecity.running import serve
from samplecity.world import Stored, World
from tests.fixtures.custody import rows, unproven
from tests.servers.test_five_nights import compare, export_all, night_of, surprises

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samplecity.running import RunningCity
    from tests.fixtures.archives import ArchiveMaker, TestArchive

GET_REPO = "/xrpc/com.atproto.sync.getRepo"


@dataclasses.dataclass
class Town:
    """An archive of one account with 250 posts, all older than the re-read window, and its world to be meddled with."""

    archive: TestArchive
    running: RunningCity
    world: World
    did: str
    name: str

    def night(self, days: int = 1) -> ExportReport:
        """Let days pass and export the posts."""
        self.archive.clock.ahead += timedelta(days=days)
        account = accounts.find(self.archive.engine, self.name)
        return export_account(self.archive.archive, account, only=[StreamKind.POSTS, StreamKind.REPOSTS])

    def sql(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of the archive's database."""
        return rows(self.archive.engine, query, **values)

    def said(self) -> tuple[int | None, int, str]:
        """The last check of the posts that was put on record: the export's number, ours, and the words."""
        [(platform, held, reason)] = self.sql(
            "select platform_count, held_count, reason from completeness where counted like 'posts in%' order by id desc limit 1"
        )
        return platform, held, reason

    def state(self, uri: str) -> str:
        """How a post was last found."""
        return str(self.sql("select state from items where platform_id = :id", id=uri)[0][0])

    def keys(self) -> list[str]:
        """The record keys of the posts as the listing has them, oldest first."""
        return self.world.keys[self.did, records.POST]

    def uri(self, key: str) -> str:
        """A post's address."""
        return f"at://{self.did}/{records.POST}/{key}"

    def change(self, key: str, record: dict[str, Any] | None) -> None:
        """Overwrite a post, or delete it, without the listing's first page showing it."""
        uri = self.uri(key)
        if record is None:
            del self.world.records[uri]
            self.keys().remove(key)
        else:
            before = self.world.records[uri]
            self.world.records[uri] = Stored(uri, self.did, record_cid(record), record, before.at)
        self.world._repositories.clear()

    def checks(self) -> int:
        """How often the repository was asked for."""
        return self.running.requests.get(1, {}).get(GET_REPO, 0)


@contextmanager
def town(make: ArchiveMaker, **settings: str) -> Iterator[Town]:
    """A town on its first night, nothing captured yet. Each night reads one page of posts of three."""
    city = bulk_city(250, 0)
    with serve(city, faulty=False) as running:
        archive = make(allowed_origins=running.url, sweep_pages=0)
        (row,) = city.register_rows(running.url)
        row["settings"] |= settings
        archive.register([row])
        archive.clock.set(night_of(city, 1))
        yield Town(archive, running, city.at(1), city.accounts[0].did, row["account"])


def test_a_whole_listing_is_found_whole_and_the_export_is_not_kept_twice(make_archive: ArchiveMaker) -> None:
    """The first night checks; all that the repository has is held, and its bytes told nothing worth keeping."""
    with town(make_archive) as here:
        report = here.night()
        assert report.complete
        assert here.said()[:2] == (250, 250)
        assert here.said()[2].endswith("all that it has is held")
        assert here.said()[2].startswith("checked with the account's repository at revision ")
        assert here.checks() == 1  # one for posts and reposts together
        kept = (
            "select count(*) from warc_records w join exchanges e on e.id = w.exchange_id where e.url like '%getRepo%'"
        )
        assert here.sql(kept) == [(0,)]
        [(size,)] = here.sql("select received_bytes from exchanges where url like '%getRepo%'")
        assert size > 50_000


@pytest.mark.parametrize(("setting", "nights", "checks"), [("weekly", 8, 2), ("nightly", 3, 3), ("off", 2, 0)])
def test_how_often_is_the_accounts_setting(make_archive: ArchiveMaker, setting: str, nights: int, checks: int) -> None:
    """Weekly checks on the first and the eighth night, nightly each night, off never."""
    with town(make_archive, repository_check=setting) as here:
        for _ in range(nights):
            assert here.night().complete
        assert here.checks() == checks


def test_what_a_listing_leaves_out_is_named_and_captured(make_archive: ArchiveMaker) -> None:
    """Posts that the listing silently drops are in the repository: they are asked for, captured, and named on record."""
    with town(make_archive) as here:
        hidden = [here.keys().pop(200), here.keys().pop(30)]
        report = here.night()
        assert report.complete
        assert here.said()[:2] == (250, 250)
        assert "2 never captured before, captured now: " in here.said()[2]
        for key in hidden:
            assert here.uri(key) in here.said()[2]
            assert here.state(here.uri(key)) == "present"
        [posts] = [stream for stream in report.streams if stream.stream == "posts"]
        [note] = posts.skipped
        assert note["lost"] is False
        keys = "select count(*) from sightings where order_key is null and item_id in (select id from items where kind = 'post')"
        assert here.sql(keys) == [(0,)]
        assert not unproven(here.archive.archive)


def test_the_export_that_told_something_is_evidence(make_archive: ArchiveMaker) -> None:
    """It lies in the WARC byte for byte, and is read from there as the repository that it was."""
    with town(make_archive) as here:
        here.keys().pop(30)
        here.night()
        [(file, offset, length, sha256, digest)] = here.sql(
            'select w.file, w."offset", w.length, e.received_sha256, w.payload_sha256 from warc_records w '
            "join exchanges e on e.id = w.exchange_id where e.url like '%getRepo%'"
        )
        assert sha256 == digest
        with here.archive.archive.blobs.open(key_of(file)) as warc:
            record = read_record(warc, offset, length)  # type: ignore[arg-type]
        body = record.partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
        assert (
            sum(1 for each in read_repository(io.BytesIO(body)).found() if each.uri and records.POST in each.uri) == 250
        )


def test_a_second_stream_that_finds_something_has_its_own_evidence(make_archive: ArchiveMaker) -> None:
    """The posts are whole, a repost was left out: the repository is read anew for it, and kept."""
    with town(make_archive) as here:
        uri = f"at://{here.did}/{records.REPOST}/3mbaaaaaaaa22"
        post = here.world.records[here.uri(here.keys()[0])]
        record = records.repost({"uri": post.uri, "cid": post.cid}, post.at)
        here.world.records[uri] = Stored(uri, here.did, record_cid(record), record, post.at)
        assert here.night().complete
        assert here.state(uri) == "present"
        assert here.checks() == 2
        kept = (
            "select count(*) from warc_records w join exchanges e on e.id = w.exchange_id where e.url like '%getRepo%'"
        )
        assert here.sql(kept) == [(1,)]


def test_what_the_check_said_is_told_with_how_complete_the_stream_is(make_archive: ArchiveMaker) -> None:
    """Each stream that has a second source is shown with the words of its last check, the profile without any."""
    with town(make_archive) as here:
        here.keys().pop(30)
        here.night()
        account = accounts.find(here.archive.engine, here.name)
        coverage.roll_up(here.archive.engine, account.id, "bluesky", "run", here.archive.clock())
        with here.archive.engine.connect() as connection:
            told = {row.stream: row.checked for row in coverage.recorded(connection)}
        assert "1 never captured before, captured now: " in told["posts"]
        assert told["reposts"].endswith("all that it has is held")


def test_an_old_post_that_was_overwritten_is_a_new_version(make_archive: ArchiveMaker) -> None:
    """Far below what the night reads, a post says something else: its CID in the repository tells."""
    with town(make_archive, repository_check="nightly") as here:
        here.night()
        key = here.keys()[10]
        record = {**here.world.records[here.uri(key)].record, "text": "It never said so."}
        here.change(key, record)
        here.night()
        assert "1 overwritten since, captured now: " in here.said()[2]
        said = (
            "select v.text from versions v join items i on i.id = v.item_id where i.platform_id = :id order by v.number"
        )
        assert [text for (text,) in here.sql(said, id=here.uri(key))][1:] == ["It never said so."]
        here.night()
        assert here.said()[2].endswith("all that it has is held")


def test_what_the_repository_lacks_is_looked_up_before_anything_is_concluded(make_archive: ArchiveMaker) -> None:
    """An old post that was deleted is not returned, and gone only once a later night says so again."""
    with town(make_archive, repository_check="nightly") as here:
        here.night()
        key = here.keys()[10]
        here.change(key, None)
        assert here.night().complete
        assert "1 held as present and missing in it, looked up: " in here.said()[2]
        assert here.state(here.uri(key)) == "not_returned"
        here.night()
        assert here.state(here.uri(key)) == "gone_confirmed"
        words = "select words from states s join items i on i.id = s.item_id where i.platform_id = :id order by s.id"
        first = here.sql(words, id=here.uri(key))[0][0]
        assert first.startswith("the account's own export lacks it (the account's repository at revision ")


def test_a_post_that_only_the_export_lacks_stays(make_archive: ArchiveMaker) -> None:
    """Its own address shows it: absence in the export is put on record, and is no deletion."""
    with town(make_archive, repository_check="nightly") as here:
        here.night()
        key = here.keys()[10]
        stored = here.world.records.pop(here.uri(key))
        here.world._repositories.clear()
        here.world.repository(here.did)
        here.world.records[here.uri(key)] = stored
        here.night()
        assert here.state(here.uri(key)) == "present"
        states = "select s.state from states s join items i on i.id = s.item_id where i.platform_id = :id order by s.id"
        assert here.sql(states, id=here.uri(key)) == [("not_returned",), ("present",)]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(r"getRepo\?", "truncated", times=None), "it cannot be relied on (the file ends within"),
        (Fault(r"getRepo\?", "html", times=None), "it cannot be relied on (the header is no DAG-CBOR)"),
        (Fault(r"getRepo\?", "server_error", times=None), "not checked with a second source: "),
        (Fault(r"getRepo\?", "rate_limit", times=None, seconds=99), "not checked with a second source: "),
    ],
)
def test_an_export_that_fails_leaves_the_night_whole(make_archive: ArchiveMaker, fault: Fault, words: str) -> None:
    """It is a warning on record, no failure of the posts; nothing is concluded from it, and it is tried the next night."""
    with town(make_archive) as here:
        here.running.install(fault)
        report = here.night()
        assert report.complete
        assert words in here.said()[2]
        assert here.sql("select count(*) from items where kind = 'post' and state = 'present'") == [(250,)]
        [posts] = [stream for stream in report.streams if stream.stream == "posts"]
        assert words in posts.skipped[0]["reason"]
        assert not unproven(here.archive.archive)
        here.running.install()
        here.night()
        assert here.said()[2].endswith("all that it has is held")


def test_a_damaged_export_is_kept_as_evidence_of_itself(make_archive: ArchiveMaker) -> None:
    """What came, though no repository, is why nothing was checked."""
    with town(make_archive) as here:
        here.running.install(Fault(r"getRepo\?", "truncated", times=None))
        here.night()
        kept = (
            "select count(*) from warc_records w join exchanges e on e.id = w.exchange_id where e.url like '%getRepo%'"
        )
        assert here.sql(kept) == [(1,)]


def test_five_nights_checked_each_night_end_equal_to_the_truth(make_archive: ArchiveMaker) -> None:
    """The whole city, with what is edited, deleted, renamed and closed in it: the check finds nothing that was left out."""
    city = City.build()
    with serve(city, faulty=False) as running:
        archive = make_archive(allowed_origins=running.url)
        register = [row for row in city.register_rows(running.url) if row["platform"] == "bluesky"]
        for row in register:
            row["settings"]["repository_check"] = "nightly"
        archive.register(register)
        for night in range(1, city.nights + 1):
            running.at(night)
            archive.clock.set(night_of(city, night))
            assert not surprises(city, night, export_all(archive))
            truth = city.truth_after(night)
            truth.items = [item for item in truth.items if item.platform == "bluesky"]
            found = compare(truth, archive)
            assert not found, "\n".join(found[:40]) + f"\n{len(found)} in all"
        said = rows(
            archive.engine,
            "select distinct reason from completeness where counted like '% in the account''s own export'",
        )
        assert len(said) > 20
        odd = [reason for (reason,) in said if not reason.endswith("all that it has is held")]
        assert not odd
