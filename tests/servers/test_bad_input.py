"""What platforms, proxies and strangers may answer: nothing half-read is kept, nothing is taken for a deletion."""

from __future__ import annotations

import dataclasses
import gzip
import json
import logging
import random
from typing import TYPE_CHECKING, Any

import pytest

from archiver import accounts
from archiver.capture.evidence_file import key_of
from archiver.capture.export import export_account
from archiver.platforms.items import StreamKind
from samplecity.city import City
from samplecity.faults import BIG_TEXT, POISON, Fault
from samplecity.running import serve
from tests.fixtures.custody import rows, unproven
from tests.fixtures.town import Page, odd_server, town
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.capture.export import StreamReport
    from archiver.platforms.pages import AccountRef
    from tests.fixtures.archives import ArchiveMaker, TestArchive
    from tests.fixtures.town import OddServer, Town

LISTING = r"listRecords.*app\.bsky\.feed\.post\b"
POSTS = 250
"""Three pages of a listing."""


@pytest.fixture
def small(make_archive: ArchiveMaker) -> Iterator[Town]:
    """A town of three pages of posts; requests are tried twice."""
    with town(make_archive, POSTS, max_attempts=2, max_wait=2) as made:
        yield made


@pytest.fixture
def odd() -> Iterator[OddServer]:
    """A server that answers what the test says."""
    with odd_server() as server:
        yield server


def feed_of(archive: TestArchive, odd: OddServer, path: str = "/feed", **settings: str) -> AccountRef:
    """A feed account of the odd server."""
    name = f"rss:{odd.url}{path.partition('?')[0]}"
    accounts.add(archive.engine, name, {"department": "Parks"}, {"url": f"{odd.url}{path}", **settings})
    return accounts.find(archive.engine, name)


def entries(*items: str) -> bytes:
    """An RSS feed."""
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{"".join(items)}</channel></rss>'.encode()


def entry(guid: str, body: str = "text") -> str:
    """One entry of it."""
    return f"<item><guid>{guid}</guid><title>{guid}</title><description><![CDATA[{body}]]></description></item>"


def kept_body(archive: TestArchive) -> bytes:
    """Everything in the sealed WARCs of an archive, unpacked."""
    names = [name for (name,) in rows(archive.engine, "select name from warc_files where state = 'sealed'")]
    found = b""
    for name in names:
        with archive.archive.blobs.open(key_of(name)) as file:
            found += gzip.decompress(file.read())
    return found


def whole_after(town: Town, report: StreamReport, held: int) -> None:
    """A first run ended early with so many posts kept; the next goes on to the end, and closes the gap."""
    assert report.outcome == "failed"
    assert town.count() == held
    assert town.cursor().get("closed") is None
    assert town.count("gaps where closed_at is null") == 1
    town.running.install()
    again = town.posts()
    assert again.outcome == "complete", again.error
    assert town.count() == POSTS
    assert town.count("sightings where state = 'present'") == POSTS
    assert town.count("versions") == town.count("items")
    assert town.cursor()["closed"]
    assert "open" not in town.cursor()
    assert town.count("gaps where closed_at is null") == 0
    assert town.count("gaps") == 1
    assert unproven(town.archive.archive) == []


@pytest.mark.parametrize("kind", ["truncated", "html"])
def test_an_answer_that_is_no_json_ends_the_walk_and_the_next_run_goes_on(small: Town, kind: Any) -> None:
    """Half a JSON document, or a log-in page with 200: nothing of it is a record, its bytes are evidence, no post is lost."""
    small.running.install(Fault(LISTING, kind, skip=1, times=None))
    report = small.posts()
    assert report.error
    assert "no JSON" in report.error
    assert report.retryable
    assert (b"Sign in" if kind == "html" else b'"records":[') in kept_body(small.archive)
    whole_after(small, report, 100)


@pytest.mark.parametrize("kind", ["rate_limit", "rate_limit_bare", "rate_limit_reset"])
def test_a_short_rate_limit_is_waited_out(small: Town, kind: Any) -> None:
    """429 with Retry-After, with RateLimit-Reset, or with nothing: the capture waits, and is whole."""
    small.running.install(Fault(LISTING, kind, skip=1, seconds=1))
    report = small.posts()
    assert report.outcome == "complete", report.error
    assert small.count() == POSTS
    assert small.count("exchanges where status = 429") == 1


def asked_for(small: Town) -> int:
    """How often pages of the posts were asked for."""
    return small.count("exchanges where url like '%listRecords?%collection=app.bsky.feed.post&%'")


@pytest.mark.parametrize("kind", ["rate_limit", "rate_limit_reset"])
def test_a_rate_limit_longer_than_allowed_ends_the_run_without_losing_its_place(small: Town, kind: Any) -> None:
    """What was captured is kept, the cursor stands at it and not past it, and the next run goes on from there."""
    small.running.install(Fault(LISTING, kind, skip=1, seconds=3600, times=None))
    report = small.posts()
    assert report.error
    assert "rate-limited" in report.error
    assert report.retryable
    keys = [key for (key,) in small.sql('select order_key from sightings order by order_key collate "C"')]
    assert small.cursor()["open"]["resume"] == keys[0]
    whole_after(small, report, 100)
    assert asked_for(small) < 2 * 5, "the second run did not go on from where the first stood"


def test_errors_of_the_server_are_tried_again(small: Town) -> None:
    """A 500 that passes leaves the capture whole, and is in the exchanges."""
    small.running.install(Fault(LISTING, "server_error", skip=1))
    report = small.posts()
    assert report.outcome == "complete", report.error
    assert small.count() == POSTS
    assert small.count("exchanges where status = 500") == 1


def test_errors_without_end_end_the_run(small: Town) -> None:
    """A server that only fails is left after a few tries; the next night catches up."""
    small.running.install(Fault(LISTING, "server_error", skip=2, times=None))
    report = small.posts()
    assert report.error
    assert "answered 500" in report.error
    whole_after(small, report, 200)


def test_a_listing_that_goes_in_circles_is_left(small: Town) -> None:
    """The same page for ever is noticed at its second coming, however the cursor is named."""
    small.running.install(Fault(LISTING, "page_loop", times=None))
    report = small.posts()
    assert report.error
    assert "same page again" in report.error
    assert not report.retryable
    assert asked_for(small) <= 3
    small.running.install()
    assert small.posts().outcome == "complete"
    assert small.count() == POSTS


def test_an_expired_token_is_no_deletion(small: Town) -> None:
    """Answers that say that a log-in has expired leave every post present."""
    assert small.posts().outcome == "complete"
    small.running.install(Fault(r"/xrpc/", "expired_token", times=None))
    report = small.posts()
    assert report.outcome in {"failed", "access_lost"}
    assert report.error
    assert "ExpiredToken" in report.error
    assert small.count("items where state <> 'present'") == 0
    assert small.count("sightings where state <> 'present'") == 0
    small.running.install()
    assert small.posts().outcome == "complete"


def test_a_listing_that_is_suddenly_empty_is_an_error_until_explained(make_archive: ArchiveMaker) -> None:
    """No post is marked as missing because a platform showed nothing, once."""
    with town(make_archive, 5, max_attempts=1) as small, odd_server() as odd:
        assert small.posts().outcome == "complete"
        odd.pages["/empty"] = Page(b'{"records": []}', headers={"Content-Type": "application/json"})
        settings = {"allowed_origins": (*small.archive.archive.settings.allowed_origins, odd.url)}
        archive = dataclasses.replace(
            small.archive.archive, settings=small.archive.archive.settings.model_copy(update=settings)
        )
        small.running.install(Fault(LISTING, "redirect", times=None, location=f"{odd.url}/empty"))
        (report,) = export_account(archive, small.refreshed(), only=[StreamKind.POSTS]).streams
        assert report.outcome == "failed"
        assert report.error
        assert "returned nothing where 5 items are held" in report.error
        assert small.count("sightings where state = 'present'") == 5
        assert small.count("states") == 0


def test_characters_that_cannot_be_stored_are_replaced_and_flagged(small: Town) -> None:
    """NUL and lone surrogates become U+FFFD, the version says so, and the bytes as sent are in the WARC."""
    small.running.install(Fault(LISTING, "poison_text"))
    report = small.posts()
    assert report.outcome == "complete", report.error
    expected = POISON.translate(dict.fromkeys([0, 0xD83D, 0xDC04], "\ufffd"))
    assert small.sql("select text, fields ->> 'text' from versions where 'replaced_characters' = any(flags)") == [
        (expected, expected)
    ]
    assert json.dumps(POISON)[1:-1].encode() in kept_body(small.archive)
    assert small.count("versions where flags = '{}'") == small.count("versions") - 1


def test_a_text_of_ten_megabytes_is_kept_whole(small: Town) -> None:
    """However long a text is, it is a version, with its commitment."""
    small.running.install(Fault(LISTING, "big_text"))
    report = small.posts()
    assert report.outcome == "complete", report.error
    assert small.sql("select max(length(text)) from versions") == [(BIG_TEXT,)]
    assert small.count() == POSTS


def test_a_feed_in_another_charset_than_it_says_is_read_and_flagged_or_named(make_archive: ArchiveMaker) -> None:
    """The entries are kept, each with the text that it has or with a flag that says that it was guessed."""
    city = City.build(nights=1)
    texts = (
        "select i.platform_id, v.text, v.flags from versions v join items i on i.id = v.item_id where i.kind = 'post'"
    )
    with serve(city, faulty=False) as running:
        register = [row for row in city.register_rows(running.url) if row["handle_or_id"] == "clerk-notices"]
        found = []
        for faults in ([], [Fault("/feeds/clerk-notices$", "wrong_charset")]):
            archive = make_archive(allowed_origins=running.url)
            archive.register(register)
            archive.clock.set(night_of(city, 1))
            running.install(*faults)
            (account,) = accounts.active(archive.engine)
            assert export_account(archive.archive, account).complete
            assert unproven(archive.archive) == []
            found.append({identity: (text, flags) for identity, text, flags in rows(archive.engine, texts)})
    rightly, wrongly = found
    assert any(not text.isascii() for text, _ in rightly.values()), "nothing to misread"
    assert rightly.keys() == wrongly.keys()
    for identity, (text, flags) in wrongly.items():
        sent = rightly[identity][0].encode("windows-1252", "replace").decode("windows-1252")
        assert flags or text == sent


def test_a_feed_that_is_a_web_page_is_no_feed(make_archive: ArchiveMaker, odd: OddServer) -> None:
    """A log-in page in a feed's place is an error with advice, and changes nothing of what is held."""
    archive = make_archive(allowed_origins=odd.url, max_attempts=1)
    account = feed_of(archive, odd)
    odd.pages["/feed"] = Page(entries(entry("a"), entry("b")))
    assert export_account(archive.archive, account).complete
    odd.pages["/feed"] = Page(
        b"<!doctype html><html><body>Please log in</body></html>", headers={"Content-Type": "text/html"}
    )
    (report,) = export_account(archive.archive, account).streams
    assert report.outcome == "failed"
    assert report.error
    assert "gave no feed" in report.error
    assert rows(archive.engine, "select count(*) from items where kind = 'post' and state = 'present'") == [(2,)]


@pytest.mark.parametrize("way", ["redirect", "direct"])
def test_a_picture_at_a_private_address_is_withheld_and_its_post_kept(
    make_archive: ArchiveMaker, odd: OddServer, way: str
) -> None:
    """Nothing is sent to the inside of the city's network, at an address or by a redirect to it."""
    with odd_server() as inside:
        archive = make_archive(allowed_origins=odd.url, max_attempts=1)
        secret = f"{inside.url}/latest/meta-data"
        odd.pages["/photo.png"] = Page(b"", 302, {"Location": secret})
        picture = f"{odd.url}/photo.png" if way == "redirect" else secret
        odd.pages["/feed"] = Page(entries(entry("a", f'<p>Look</p><img src="{picture}" alt="a park">')))
        report = export_account(archive.archive, feed_of(archive, odd))
        assert report.complete, report.problems
        assert inside.asked == []
        ((state, reason),) = rows(archive.engine, "select state, reason from media")
        assert state == "withheld"
        assert "private network" in reason
        assert rows(archive.engine, "select count(*) from items where kind = 'post'") == [(1,)]


def test_one_medium_that_fails_leaves_the_others(make_archive: ArchiveMaker, odd: OddServer) -> None:
    """A missing picture, a web page in a picture's place and an endless name are noted; the good one is kept."""
    archive = make_archive(allowed_origins=odd.url, max_attempts=1)
    odd.pages["/good.png"] = Page(b"\x89PNG good", headers={"Content-Type": "image/png"})
    odd.pages["/page.png"] = Page(b"<html>", headers={"Content-Type": "text/html"})
    images = "".join(f'<img src="{odd.url}/{name}">' for name in ("gone.png", "page.png", "good.png"))
    odd.pages["/feed"] = Page(entries(entry("a", images + '<img src="http://[::1/x.png">')))
    report = export_account(archive.archive, feed_of(archive, odd))
    assert report.complete, report.problems
    states = dict(rows(archive.engine, "select right(platform_id, 8), state from media where platform_id like '%png'"))
    assert states["gone.png"[-8:]] == "failed"
    assert states["page.png"[-8:]] == "failed"
    assert states["good.png"[-8:]] == "kept"
    assert unproven(archive.archive) == []


def test_a_gzip_bomb_is_refused_before_it_unpacks(make_archive: ArchiveMaker, odd: OddServer) -> None:
    """A small answer that unpacks to more than the limit is left packed."""
    archive = make_archive(allowed_origins=odd.url, max_attempts=1, page_max_bytes=1_000_000)
    odd.pages["/feed"] = Page(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
    (report,) = export_account(archive.archive, feed_of(archive, odd)).streams
    assert report.outcome == "failed"
    assert report.error
    assert "unpacks to more than 1000000 bytes" in report.error
    assert not report.retryable


def test_an_answer_beyond_the_limit_is_refused(make_archive: ArchiveMaker, odd: OddServer) -> None:
    """An answer larger than the archive takes is not read to its end."""
    archive = make_archive(allowed_origins=odd.url, max_attempts=1, page_max_bytes=100_000)
    odd.pages["/feed"] = Page(entries(*(entry(str(n), "x" * 1000) for n in range(200))))
    (report,) = export_account(archive.archive, feed_of(archive, odd)).streams
    assert report.outcome == "failed"
    assert report.error
    assert "larger than 100000 bytes" in report.error


@pytest.mark.parametrize("cut", ["body", "gzip"])
def test_an_answer_cut_on_its_way_is_no_answer(make_archive: ArchiveMaker, odd: OddServer, cut: str) -> None:
    """Fewer bytes than were promised, or a gzip stream without its end, are not taken for the whole."""
    archive = make_archive(allowed_origins=odd.url, max_attempts=1)
    whole = entries(*(entry(str(n)) for n in range(50)))
    packed = gzip.compress(whole)
    odd.pages["/feed"] = (
        Page(whole[:900], headers={"Content-Length": str(len(whole)), "Connection": "close"})
        if cut == "body"
        else Page(packed[:-20], headers={"Content-Encoding": "gzip"})
    )
    (report,) = export_account(archive.archive, feed_of(archive, odd)).streams
    assert report.outcome == "failed"
    assert report.error
    assert "could not be reached" in report.error
    assert rows(archive.engine, "select count(*) from items") == [(0,)]


@pytest.mark.parametrize("answer", ["works", "fails"])
def test_a_secret_never_reaches_log_evidence_table_or_error(
    make_archive: ArchiveMaker,
    odd: OddServer,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    answer: str,
) -> None:
    """A token in the address, echoed in headers and body, stays out of everything that is kept or shown."""
    secret = "EAAB-s3cr3t/t0ken="
    written = "EAAB-s3cr3t%2Ft0ken%3D"
    archive = make_archive(allowed_origins=odd.url, max_attempts=2, max_wait=0)
    body = f"{secret} {written} {json.dumps(secret)}"
    headers = {"X-Echo": secret, "Link": f"<{odd.url}/feed?q={written}>; rel=next", "Set-Cookie": f"sid={secret}"}
    odd.pages["/feed"] = (
        Page(entries(entry("a", body)), headers=headers) if answer == "works" else Page(body.encode(), 500, headers)
    )
    account = dataclasses.replace(feed_of(archive, odd, f"/feed?q={written}&access_token=Zm9vYmFy"), secrets=(secret,))
    with caplog.at_level(logging.DEBUG):
        report = export_account(archive.archive, account)
    assert any(written in path for path in odd.asked)
    tables = "".join(
        repr(rows(archive.engine, f"select * from {table}"))  # noqa: S608 - names of our own
        for table in ("exchanges", "captures", "warc_records", "gaps", "stream_states", "audit")
    )
    shown = capsys.readouterr()
    for where in (kept_body(archive).decode("latin-1"), tables, caplog.text, shown.out, shown.err, repr(report)):
        for word in ("s3cr3t", "Zm9vYmFy"):
            assert word not in where
    assert "[scrubbed]" in tables


def test_the_same_entry_twice_on_a_page_is_one_item(make_archive: ArchiveMaker, odd: OddServer) -> None:
    """A listing that shows something twice makes one item with one version."""
    archive = make_archive(allowed_origins=odd.url)
    odd.pages["/feed"] = Page(entries(entry("a"), entry("b"), entry("a")))
    report = export_account(archive.archive, feed_of(archive, odd))
    assert report.complete, report.problems
    assert rows(archive.engine, "select count(*) from items where kind = 'post'") == [(2,)]
    assert rows(
        archive.engine, "select count(*) from versions v join items i on i.id = v.item_id where kind = 'post'"
    ) == [(2,)]


def test_an_id_of_any_length_is_kept(make_archive: ArchiveMaker, odd: OddServer) -> None:
    """A picture written into the page itself, or a guid of ten thousand letters, does not end the capture of a feed."""
    archive = make_archive(allowed_origins=odd.url, max_attempts=1)
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))  # noqa: S311 - incompressible
    odd.pages["/feed"] = Page(
        entries(entry(noise), entry("b", f'<img src="data:image/png;base64,{noise}"><img src="{odd.url}/{noise}">'))
    )
    report = export_account(archive.archive, feed_of(archive, odd))
    assert report.complete, report.problems
    assert rows(archive.engine, "select count(*) from items where kind = 'post'") == [(2,)]
    assert export_account(archive.archive, accounts.active(archive.engine)[0]).complete
    assert rows(
        archive.engine, "select count(*) from versions v join items i on i.id = v.item_id where kind = 'post'"
    ) == [(2,)]


def test_a_stranger_whose_server_is_gone_does_not_end_the_recheck(make_archive: ArchiveMaker) -> None:
    """A comment that is no longer shown and whose author's server cannot be reached stays as it is; the others are asked for."""
    with town(make_archive, 2, 6, max_attempts=1) as small:
        assert small.export().complete
        with small.archive.engine.begin() as connection:
            connection.exec_driver_sql(
                "update sightings set state = 'not_returned' where item_id in (select id from items where kind = 'comment')"
            )
        (author,) = {did for (did,) in small.sql("select split_part(platform_id, '/', 3) from items where kind = 'comment' "
                                                 "order by id limit 1")}  # fmt: skip
        small.running.install(
            Fault(r"getPostThread", "truncated", times=None),
            Fault(rf"/plc/{author}", "redirect", times=None, location="http://127.0.0.1:1/"),
        )
        (report,) = small.export(StreamKind.COMMENTS).streams
        theirs = small.count(f"items where kind = 'comment' and platform_id like '%{author}%'")
        missing = small.count("sightings where state = 'not_returned'")
        assert missing == theirs
        assert [each for each in report.skipped if author in each["what"] and not each["lost"]]


def test_a_thread_that_cannot_be_read_is_named_and_the_others_are_read(make_archive: ArchiveMaker) -> None:
    """One thread's broken answer leaves the other threads whole, is kept as evidence, and is read again the next night."""
    with town(make_archive, 4, 3, max_attempts=1) as small:
        small.running.install(Fault(r"getPostThread", "html", skip=1))
        report = small.export(StreamKind.POSTS, StreamKind.COMMENTS).streams[1]
        assert report.outcome == "partial"
        assert "the comments below at://" in report.skipped[0]["what"]
        assert small.count("items where kind = 'comment'") == 9
        assert b"Please sign in" in kept_body(small.archive)
        assert small.count("gaps where closed_at is null") == 1
        assert small.export(StreamKind.COMMENTS).complete
        assert small.count("items where kind = 'comment'") == 12
        assert small.count("gaps where closed_at is null") == 0


def test_a_platform_that_fails_every_thread_is_left(make_archive: ArchiveMaker) -> None:
    """Errors thread after thread are taken for the platform's: the capture ends, and does not wait for hundreds more."""
    with town(make_archive, 60, 1, max_attempts=1) as small:
        small.running.install(Fault(r"getPostThread", "server_error", times=None))
        report = small.export(StreamKind.POSTS, StreamKind.COMMENTS).streams[1]
        assert report.outcome == "failed"
        assert report.retryable
        assert small.running.requests[1]["/xrpc/app.bsky.feed.getPostThread"] < 15
        small.running.install()
        assert small.export(StreamKind.COMMENTS).complete
        assert small.count("items where kind = 'comment'") == 60
