"""A feed that goes on elsewhere, captured night after night: to its end the first time, then as far as there is news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from archiver import accounts, coverage
from archiver.capture.export import ExportReport, export_account
from tests.fixtures.custody import rows, unproven
from tests.fixtures.town import OddServer, Page, odd_server

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker, TestArchive

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
COMPLETE = "<fh:complete xmlns:fh='http://purl.org/syndication/history/1.0'/>"


def page(first: int, last: int, older: str = "", head: str = "", said: str = "") -> Page:
    """Entries of so many days ago, one a day, and where it goes on."""
    link = f"<link rel='next' href='{older}'/>" if older else ""
    body = "".join(
        f"<entry><id>e{ago}</id><title>{ago} days ago{said}</title>"
        f"<published>{(NOW - timedelta(days=ago)).isoformat()}</published></entry>"
        for ago in range(first, last)
    )
    return Page(f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{link}{body}</feed>".encode())


def registered(make: ArchiveMaker, odd: OddServer) -> TestArchive:
    """An archive with the feed in its register."""
    archive = make(allowed_origins=odd.url, sweep_pages=0)
    accounts.add(archive.engine, "rss:parks-news", {"department": "Parks"}, {"url": f"{odd.url}/feed"})
    return archive


def night(archive: TestArchive, number: int) -> ExportReport:
    """Export the feed at the end of a night."""
    archive.clock.set(NOW + timedelta(days=number))
    (account,) = accounts.active(archive.engine)
    return export_account(archive.archive, account)


def sql(archive: TestArchive, query: str) -> list[tuple[Any, ...]]:
    """Rows of the archive's database."""
    return rows(archive.engine, query)


def test_older_pages_are_walked_once_and_the_young_ones_again(make_archive: ArchiveMaker) -> None:
    """The first night reads all 150 entries of five pages; later nights stop below the re-read window; an edit there is found."""
    with odd_server() as odd:
        odd.pages["/feed"] = page(0, 30, "/2")
        for number in range(2, 6):
            odd.pages[f"/{number}"] = page(30 * number - 30, 30 * number, f"/{number + 1}" if number < 5 else "")
        archive = registered(make_archive, odd)
        assert night(archive, 1).complete
        assert odd.asked == ["/feed", "/2", "/3", "/4", "/5"]
        assert sql(archive, "select count(*) from items where kind = 'post'") == [(150,)]
        odd.asked.clear()
        odd.pages["/feed"] = page(0, 30, "/2", said=", corrected")
        assert night(archive, 2).complete
        assert odd.asked == ["/feed", "/2"]
        assert sql(archive, "select count(*) from versions where text is null and number = 2") == [(30,)]
        assert not unproven(archive.archive)


def test_a_complete_feed_tells_what_was_taken_out(make_archive: ArchiveMaker) -> None:
    """An entry that it no longer shows is not returned; nobody says that it was deleted, and no later night does either."""
    with odd_server() as odd:
        odd.pages["/feed"] = page(0, 5, head=COMPLETE)
        archive = registered(make_archive, odd)
        assert night(archive, 1).complete
        odd.pages["/feed"] = page(0, 4, head=COMPLETE)
        for number in (2, 3, 4):
            assert night(archive, number).complete
        states = "select platform_id, state from items where kind = 'post' and state <> 'present'"
        assert sql(archive, states) == [("e4", "not_returned")]
        odd.pages["/feed"] = page(0, 5, head=COMPLETE)
        night(archive, 5)
        assert sql(archive, states) == []


def test_a_link_that_leads_nowhere_leaves_the_night_whole(make_archive: ArchiveMaker) -> None:
    """A page that is gone is named with the capture, which is complete: the feed itself was read."""
    with odd_server() as odd:
        odd.pages["/feed"] = page(0, 5, "/gone")
        archive = registered(make_archive, odd)
        report = night(archive, 1)
        assert report.complete
        [posts] = report.streams
        assert "they are not there (404" in posts.skipped[0]["reason"]
        assert sql(archive, "select count(*) from items where kind = 'post'") == [(5,)]


def test_comments_are_kept_below_the_entries_that_name_a_feed_of_them(make_archive: ArchiveMaker) -> None:
    """New ones come with the next night, edits are versions, and how complete it is can be told."""
    with odd_server() as odd:
        item = "<item><guid>{0}</guid><title>{0}</title><wfw:commentRss>/{0}/comments</wfw:commentRss></item>"
        items = "".join(item.format(name) for name in ("a", "b"))
        head = "<rss version='2.0' xmlns:wfw='http://wellformedweb.org/CommentAPI/'><channel><title>T</title>"
        odd.pages["/feed"] = Page(f"{head}{items}</channel></rss>".encode(), headers={"ETag": '"1"'})
        odd.pages["/a/comments"] = page(3, 6)
        archive = registered(make_archive, odd)
        with archive.engine.begin() as connection:
            connection.exec_driver_sql('update accounts set settings = settings || \'{"comments": "yes"}\'')
        report = night(archive, 1)
        assert {each.stream: each.outcome for each in report.streams} == {"posts": "complete", "comments": "complete"}
        said = "select platform_id, parent_id, root_id from items where kind = 'comment' order by 1"
        assert sql(archive, said) == [(f"e{ago}", "a", "a") for ago in (3, 4, 5)]
        odd.pages["/a/comments"] = page(2, 6, said=", edited")
        odd.pages["/b/comments"] = page(0, 1)
        assert night(archive, 2).complete
        assert sql(archive, said) == [("e0", "b", "b"), *((f"e{ago}", "a", "a") for ago in (2, 3, 4, 5))]
        assert sql(archive, "select count(*) from versions where number = 2") == [(3,)]
        with archive.engine.connect() as connection:
            measured = coverage.measured(connection, accounts.active(archive.engine)[0].id, "rss")
        assert {each.stream: each.states["present"] for each in measured} == {
            "posts": 3,
            "comments": 5,
        }  # with the profile
        assert not unproven(archive.archive)
