"""Direct messages on Bluesky, night after night: read with the account's own log-in, which is kept, refreshed and lost."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archiver import accounts
from archiver.capture.export import ExportReport, export_account
from archiver.capture.tokens import standings
from archiver.platforms.items import StreamKind
from samplecity.chat import LONG
from samplecity.chat_api import password_of, variable_of
from samplecity.city import City
from samplecity.faults import Fault
from samplecity.running import serve
from tests.fixtures.custody import contents, differences, rows, unproven
from tests.servers.test_five_nights import compare, export_all, night_of, surprises

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from samplecity.running import RunningCity
    from tests.fixtures.archives import ArchiveMaker, TestArchive

MAYOR = "bluesky:mayor.laspalmasverdes.test"


@contextmanager
def talking(
    make: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> Iterator[tuple[City, RunningCity, TestArchive]]:
    """A city with direct messages, its app passwords in the environment, and an archive that has it in its register."""
    city = City.build(chat=True)
    for name, value in city.tokens().items():
        monkeypatch.setenv(name, value)
    with serve(city, faulty=False) as running:
        archive = make(allowed_origins=running.url, **settings)
        archive.register(city.register_rows(running.url))
        yield city, running, archive


def one_night(city: City, running: RunningCity, archive: TestArchive, night: int, *only: StreamKind) -> ExportReport:
    """Export the mayor at the end of a night; all streams, or these."""
    if running.night != night:
        running.at(night)
    archive.clock.set(night_of(city, night))
    return export_account(archive.archive, accounts.find(archive.engine, MAYOR), only=only or None)


def sql(archive: TestArchive, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Rows of the archive's database."""
    return rows(archive.engine, query, **values)


def test_five_nights_with_messages_end_equal_to_the_truth(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every message that could be read, requests, groups and long conversations among them, and nothing else."""
    with talking(make_archive, monkeypatch) as (city, running, archive):
        for night in range(1, city.nights + 1):
            running.at(night)
            archive.clock.set(night_of(city, night))
            assert not surprises(city, night, export_all(archive))
            found = compare(city.truth_after(night), archive)
            assert not found, "\n".join(found[:40]) + f"\n{len(found)} in all"
        assert sql(archive, "select count(*) from items where kind = 'message'")[0][0] > LONG
        before = contents(archive.engine)
        export_all(archive)
        assert not differences(before, contents(archive.engine))
        assert not unproven(archive.archive)
        deleted = sql(
            archive,
            "select action, by_whom, words from moderation m join items i on i.id = m.item_id where i.kind = 'message'",
        )
        assert [row[:2] for row in deleted] == [("deleted", "the city's account")]
        names = "select distinct v.author_handle, v.author_name from versions v where v.text = 'Can the mural stay? 🎨'"
        assert sql(archive, names) == [("marisol-vega.neighbors.test", "Marisol Vega")]


def test_a_session_is_kept_and_refreshed_and_never_shown(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One log-in to see that the password is good, one to begin with; each later night refreshes; nothing is kept in clear."""
    with talking(make_archive, monkeypatch) as (city, running, archive):
        for night in (1, 2, 3):
            assert one_night(city, running, archive, night, StreamKind.MESSAGES).complete
        counted = running.requests
        made = [counted[night].get("/xrpc/com.atproto.server.createSession", 0) for night in (1, 2, 3)]
        refreshed = [counted[night].get("/xrpc/com.atproto.server.refreshSession", 0) for night in (1, 2, 3)]
        assert (made, refreshed) == ([2, 0, 0], [0, 1, 1])
        (standing,) = [each for each in standings(archive.archive) if each.account == MAYOR]
        assert standing.problem is None
        assert standing.alive
        assert standing.scopes == ("com.atproto.appPassPrivileged",)
        assert standing.expires_at is not None
        assert (standing.expires_at - archive.clock()).days >= 88
        kept = b"".join(path.read_bytes() for path in archive.archive.spool.parent.rglob("*") if path.is_file())
        assert password_of("mayor").encode() not in kept
        dump = str(sql(archive, "select * from exchanges")) + str(sql(archive, "select * from captures"))
        assert "eyJ" not in dump
        assert password_of("mayor") not in dump


def test_an_app_password_that_was_revoked_loses_the_messages_alone(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The public streams go on, no message changes its state, somebody is told, and a new password brings them back."""
    with talking(make_archive, monkeypatch) as (city, running, archive):
        assert one_night(city, running, archive, 1).complete
        before = sql(archive, "select count(*) from states")
        monkeypatch.setenv(variable_of("mayor"), "wrong")
        running.at(2)
        running.install(Fault("refreshSession", "expired_token", times=None))
        outcomes = {each.stream: each for each in one_night(city, running, archive, 2).streams}
        assert outcomes["messages"].outcome == "access_lost"
        assert "ExpiredToken" in (outcomes["messages"].error or "")
        assert {each.outcome for name, each in outcomes.items() if name != "messages"} == {"complete"}
        messages = "select count(*) from states s join items i on i.id = s.item_id where i.kind = 'message'"
        assert sql(archive, messages) == [(0,)]
        assert before[0][0] <= sql(archive, "select count(*) from states")[0][0]
        (standing,) = [each for each in standings(archive.archive) if each.account == MAYOR]
        assert "the token is dead" in (standing.problem or "")
        gaps = "select g.cause from gaps g join streams s on s.id = g.stream_id where g.closed_at is null and s.kind = 'messages'"
        assert sql(archive, gaps) == [("access_lost",)]
        monkeypatch.setenv(variable_of("mayor"), password_of("mayor"))
        running.at(3)
        running.install(Fault("refreshSession", "expired_token", times=None))
        assert one_night(city, running, archive, 3).complete
        assert sql(archive, gaps) == []


def test_a_conversation_without_news_is_not_read_again(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the re-read window a conversation is read when its revision says that something happened in it."""
    with talking(make_archive, monkeypatch, reread_days=0) as (city, running, archive):
        read = "/xrpc/chat.bsky.convo.getMessages"
        for night in (1, 2, 3):
            assert one_night(city, running, archive, night, StreamKind.MESSAGES).complete
        assert [running.requests[night].get(read, 0) for night in (1, 2, 3)] == [2, 2, 2]
