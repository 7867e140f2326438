"""Fetching media from servers that break off, change their mind, lie about sizes and types, or are busy."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import os
import random
import socket
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver import accounts, coverage, media_missing
from archiver.capture import fetching, half_fetched, media
from archiver.capture import stream as streams
from archiver.capture.errors import BadAnswer, RateLimited, Refused, RequestFailed, Unreachable
from archiver.capture.evidence_file import run_warc
from archiver.capture.export import export_account
from archiver.capture.fetching import Fetching, Whole
from archiver.capture.running import RunningCapture
from archiver.capture.session import CaptureSession
from archiver.database import in_transaction
from archiver.platforms import PLATFORMS
from archiver.platforms.items import Media, StreamKind
from tests.fixtures.custody import rows, unproven
from tests.fixtures.town import Page, odd_server
from tests.servers.test_bad_input import entries, entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from archiver.platforms.pages import AccountRef
    from tests.fixtures.archives import ArchiveMaker, TestArchive
    from tests.fixtures.town import OddServer

PIECE = fetching._CHUNK
DATA = b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(3 * PIECE - 8)  # noqa: S311 - bytes to send, no secret
IMAGE = {"Content-Type": "image/png", "ETag": '"one"'}


def whole_or_rest(request: Any, data: bytes, headers: dict[str, str], *, cut: int | None = None) -> None:
    """Answer as RFC 9110 says, the connection broken after `cut` bytes of the body."""
    asked, condition = request.headers.get("Range"), request.headers.get("If-Range")
    start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
    part = start if asked and (condition is None or condition == headers.get("ETag")) else 0
    request.send_response(206 if part else 200)
    if part:
        request.send_header("Content-Range", f"bytes {part}-{len(data) - 1}/{len(data)}")
    for name, value in {"Content-Length": str(len(data) - part), **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(data[part:][:cut])
    if cut is not None and part + cut < len(data):
        broken(request)


def broken(request: Any) -> None:
    """End the connection before the answer is whole."""
    request.wfile.flush()
    request.close_connection = True
    request.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def server(answer: Callable[[Any, int], None]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that answers its n-th request by `answer(request, n)`. Gives its address and the headers of the requests."""
    asked: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            try:
                answer(self, len(asked))
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Write no log."""

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.handle_error = lambda *_: None  # type: ignore[method-assign] # a connection that the test breaks is no news
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}", asked
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def fetched(url: str, *, kind: str = "image", attempts: int = 4, expected: bytes | None = None) -> tuple[Whole, bytes]:
    """A medium fetched without any waiting: what is said of it, and its bytes."""
    waits: list[float] = []
    with (
        closing(CaptureSession(user_agent="test", allowed_origins=[url], max_wait=60, sleep=waits.append)) as session,
        tempfile.TemporaryFile() as file,
    ):
        whole = Fetching(session, f"{url}/m", Media("m", kind), file, 1_000_000, expected).run(attempts)
        file.seek(0)
        return whole, file.read()


def test_a_medium_in_one_piece() -> None:
    """One answer, its digest, size and type; no part of it is asked for."""
    with server(lambda request, _: whole_or_rest(request, DATA, IMAGE)) as (url, asked):
        whole, data = fetched(url)
    assert data == DATA
    assert (whole.sha256, whole.size, whole.content_type) == (hashlib.sha256(DATA).digest(), len(DATA), "image/png")
    assert [(piece.size, piece.exchange.status) for piece in whole.pieces] == [(len(DATA), 200)]
    assert "Range" not in asked[0]
    assert asked[0]["Accept-Encoding"] == "identity"


def test_what_broke_off_goes_on_from_there() -> None:
    """With the validator of the first answer; each answer is on record with what came of it."""
    with server(lambda request, n: whole_or_rest(request, DATA, IMAGE, cut=PIECE if n < 3 else None)) as (url, asked):
        whole, data = fetched(url)
    assert data == DATA
    assert whole.sha256 == hashlib.sha256(DATA).digest()
    assert [headers.get("Range") for headers in asked] == [None, f"bytes={PIECE}-", f"bytes={2 * PIECE}-"]
    assert {headers.get("If-Range") for headers in asked[1:]} == {'"one"'}
    assert [(piece.size, piece.exchange.status) for piece in whole.pieces] == [
        (PIECE, 200),
        (PIECE, 206),
        (PIECE, 206),
    ]
    starts = (0, PIECE, 2 * PIECE)
    assert [piece.exchange.received_sha256 for piece in whole.pieces] == [
        hashlib.sha256(DATA[start : start + PIECE]).digest() for start in starts
    ]


def test_what_cannot_be_trusted_to_be_the_same_begins_anew() -> None:
    """Without a validator, with a weak one, and where the file was replaced meanwhile, no two files become one."""
    plain = {"Content-Type": "image/png"}
    for headers in (plain, {**plain, "ETag": 'W/"weak"'}):
        with server(lambda request, n, h=headers: whole_or_rest(request, DATA, h, cut=PIECE if n == 1 else None)) as (
            url,
            asked,
        ):  # type: ignore[misc] # a default
            assert fetched(url)[1] == DATA
            assert "Range" not in asked[1]
    other = DATA[::-1]

    def replaced(request: Any, n: int) -> None:
        whole_or_rest(request, DATA if n == 1 else other, {**plain, "ETag": f'"{n}"'}, cut=PIECE if n == 1 else None)

    with server(replaced) as (url, asked):
        assert fetched(url)[1] == other
        assert asked[1]["Range"] == f"bytes={PIECE}-"


def test_a_digest_that_the_platform_names_is_trust_enough() -> None:
    """The rest is asked for without a validator, and the whole is held to the digest."""
    plain = {"Content-Type": "image/png"}
    digest = hashlib.sha256(DATA).digest()
    with server(lambda request, n: whole_or_rest(request, DATA, plain, cut=PIECE if n == 1 else None)) as (url, asked):
        assert fetched(url, expected=digest)[1] == DATA
        assert (asked[1]["Range"], asked[1].get("If-Range")) == (f"bytes={PIECE}-", None)
        with pytest.raises(RequestFailed, match="not those that the platform names"):
            fetched(url, expected=hashlib.sha256(b"").digest())


@pytest.mark.parametrize(
    ("status", "told"),
    [(206, "bytes 5-7/9"), (206, None), (206, "bytes */9"), (416, "bytes */9")],
)
def test_a_server_that_answers_another_part_is_asked_anew(status: int, told: str | None) -> None:
    """A part that begins elsewhere, that is not there, or that says nothing of where it begins."""

    def wrong(request: Any, n: int) -> None:
        if n != 2:
            whole_or_rest(request, DATA, IMAGE, cut=PIECE if n == 1 else None)
            return
        request.send_response(status)
        if told:
            request.send_header("Content-Range", told)
        request.send_header("Content-Type", "image/png")
        request.send_header("Content-Length", "3")
        request.end_headers()
        request.wfile.write(b"bad")

    with server(wrong) as (url, asked):
        assert fetched(url)[1] == DATA
        assert "Range" not in asked[2]


@pytest.mark.parametrize("stated", [True, False])
def test_what_is_too_large_is_refused_before_it_is_fetched(stated: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """By its stated length at once, without one as soon as it is."""

    def huge(request: Any, _: int) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "image/png")
        request.send_header("Content-Length", str(10**12)) if stated else request.send_header("Connection", "close")
        request.end_headers()
        request.close_connection = True
        for _ in range(40):
            request.wfile.write(b"x" * 100_000)

    with server(huge) as (url, asked), pytest.raises(Refused, match="larger than 1000000 bytes"):
        fetched(url)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("status", "wait", "failure"),
    [(503, "1", None), (429, "2", None), (429, "3600", RateLimited), (404, "0", RequestFailed)],
)
def test_a_busy_server_is_asked_again(status: int, wait: str, failure: type[Exception] | None) -> None:
    """503 and 429 with a short wait are waited for; one that is too long says nothing of the medium, and ends the run's
    fetching; 404 is an answer.
    """

    def busy(request: Any, n: int) -> None:
        if n > 2:
            whole_or_rest(request, DATA, IMAGE)
            return
        request.send_response(status)
        request.send_header("Retry-After", wait)
        request.send_header("Content-Length", "0")
        request.end_headers()

    with server(busy) as (url, asked):
        if failure is None:
            assert fetched(url)[1] == DATA
            return
        with pytest.raises(failure):
            fetched(url)
        assert len(asked) == 1


def test_a_page_in_a_mediums_place_is_none() -> None:
    """At once, and also where it comes instead of the rest."""
    page = {"Content-Type": "text/html", "ETag": '"one"'}
    with server(
        lambda request, n: whole_or_rest(request, DATA, page if n == 2 else IMAGE, cut=9 if n == 1 else None)
    ) as (url, _):
        with pytest.raises(BadAnswer, match="should be image and came as text/html"):
            fetched(url)
        with pytest.raises(BadAnswer, match="should be video and came as image/png"):
            fetched(url, kind="video")


def test_what_a_store_of_files_calls_mere_bytes_is_looked_at() -> None:
    """A picture that is stated as none in particular is kept; what else is stated so is not, nor a page that is stated as one."""
    for kind in ("application/octet-stream", "binary/octet-stream"):
        with server(lambda request, _, k=kind: whole_or_rest(request, DATA, {"Content-Type": k})) as (url, _):  # type: ignore[misc] # a default
            assert fetched(url)[1] == DATA
    for kind, data in (
        ("application/octet-stream", b"PK\x03\x04"),
        ("image/png", b"\n<!DOCTYPE html><title>Log in</title>"),
        ("image/png", b""),
    ):
        with (
            server(lambda request, _, k=kind, d=data: whole_or_rest(request, d, {"Content-Type": k})) as (url, _),  # type: ignore[misc] # as above
            pytest.raises(BadAnswer, match=r"it should be image|it is empty"),
        ):
            fetched(url)


def test_a_connection_that_always_breaks_is_given_up() -> None:
    """After so many attempts, with the kind of failure and no address in full."""
    with server(lambda request, _: broken(request)) as (url, asked), pytest.raises(Unreachable):
        fetched(url, attempts=3)
    assert len(asked) == 3


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 3 * PIECE), st.sampled_from(["one", "two", ""])), max_size=6), st.booleans())
def test_whatever_breaks_no_wrong_bytes_are_taken(breaks: list[tuple[int, str]], told: bool) -> None:  # noqa: FBT001 - a property
    """Answers cut anywhere, of a file that is replaced now and then: one of the files, whole, or a failure."""
    files = {"one": DATA, "two": DATA[::-1], "": DATA[5:]}

    def answer(request: Any, n: int) -> None:
        cut, which = breaks[n - 1] if n <= len(breaks) else (None, "one")
        headers = {"Content-Type": "image/png"} | ({"ETag": f'"{which}"'} if which else {})
        whole_or_rest(request, files[which], headers, cut=cut)

    expected = hashlib.sha256(files["one"]).digest() if told else None
    with server(answer) as (url, _):
        try:
            whole, data = fetched(url, attempts=5, expected=expected)
        except (Unreachable, RequestFailed):
            return
    assert data in files.values()
    assert whole.sha256 == hashlib.sha256(data).digest()
    assert not told or data == files["one"]


def feed_of(archive: TestArchive, odd: OddServer, pictures: list[str]) -> AccountRef:
    """A feed with one post that shows these pictures."""
    odd.pages["/feed"] = Page(entries(entry("a", "".join(f'<img src="{address}">' for address in pictures))))
    accounts.add(archive.engine, "rss:feed", {"department": "Parks"}, {"url": f"{odd.url}/feed"})
    return accounts.find(archive.engine, "rss:feed")


WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait for something that another thread does, for ten seconds at the most."""
    end = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def capturing(archive: TestArchive, account: AccountRef, odd: OddServer) -> Iterator[RunningCapture]:
    """A capture of a feed's posts that is at work."""
    made = archive.archive
    with (
        streams.locked(made.engine, account, StreamKind.POSTS, wait=False) as stream_id,
        run_warc(made, account, "run") as warc,
        closing(CaptureSession(user_agent="test", allowed_origins=[odd.url], max_attempts=1)) as session,
    ):
        begun = streams.begin(
            made.engine, stream_id, account, StreamKind.POSTS, "run", "now", made.now(), keep_unchanged=False
        )
        yield RunningCapture(made, PLATFORMS["rss"], account, session, warc, *begun)


@pytest.mark.parametrize("served", [True, False])
def test_a_page_that_shows_what_is_fetched_meanwhile_stops_neither(
    make_archive: ArchiveMaker,
    served: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A page holds its records and wants their attachments, a fetch holds one of these and wants its records: both are stored,
    though Postgres undoes the fetch, which waited first.
    """
    with odd_server() as odd, ThreadPoolExecutor(1) as pool:
        archive = make_archive(allowed_origins=odd.url, max_attempts=1)
        account = feed_of(archive, odd, [f"{odd.url}/a.png"])
        assert export_account(archive.archive, account).complete
        if served:
            odd.pages["/a.png"] = Page(b"\x89PNG good", headers={"Content-Type": "image/png"})
        with archive.engine.begin() as connection:
            connection.execute(sa.text("update media set state = 'wanted'"))
        fetches: list[Future[None]] = []

        def show(connection: Connection) -> None:
            connection.execute(sa.text("select id from items for update"))
            if not fetches:
                fetches.append(pool.submit(media.fetch_media, running))
                wait_until(lambda: rows(archive.engine, WAITING) == [(1,)])
            connection.execute(sa.text("select id from media for update"))

        with capturing(archive, account, odd) as running:
            in_transaction(archive.engine, show)
            fetches[0].result()
        assert rows(archive.engine, "select state from media") == [("kept" if served else "failed",)]


def test_a_medium_that_fails_is_kept_by_a_later_night(make_archive: ArchiveMaker) -> None:
    """However often the light pass came by meanwhile; the same bytes under two names are kept once."""
    with odd_server() as odd:
        archive = make_archive(allowed_origins=odd.url, max_attempts=1)
        account = feed_of(archive, odd, [f"{odd.url}/a.png", f"{odd.url}/b.png"])
        for number in range(8):
            export_account(archive.archive, account, mode="nightly" if number == 0 else "light")
        assert odd.asked.count("/a.png") == media._LIGHT_ATTEMPTS
        assert rows(archive.engine, "select distinct state from media") == [("failed",)]
        for name in ("/a.png", "/b.png"):
            odd.pages[name] = Page(b"\x89PNG good", headers={"Content-Type": "image/png"})
        assert export_account(archive.archive, account).complete
        assert rows(archive.engine, "select state, count(*), count(distinct sha256) from media group by 1") == [
            ("kept", 2, 1)
        ]
        assert unproven(archive.archive) == []


def test_what_is_missing_is_told_and_tried_again_when_somebody_asks(make_archive: ArchiveMaker) -> None:
    """After fourteen tries by night a medium is left alone, with its reason; `--again` begins anew."""
    with odd_server() as odd:
        archive = make_archive(allowed_origins=odd.url, max_attempts=1)
        account = feed_of(archive, odd, [f"{odd.url}/a.png"])
        for _ in range(media._MAX_ATTEMPTS + 2):
            export_account(archive.archive, account)
        assert odd.asked.count("/a.png") == media._MAX_ATTEMPTS
        with archive.engine.begin() as connection:
            (row,) = media_missing.missing(connection, account.id)
            assert (row.state, row.attempts, row.kind) == ("failed", media._MAX_ATTEMPTS, "image")
            assert "404" in row.reason
            assert media_missing.missing(connection, account.id + 1) == []
            assert media_missing.try_again(connection, account.id + 1) == 0
            assert media_missing.try_again(connection) == 1
        odd.pages["/a.png"] = Page(b"\x89PNG good", headers={"Content-Type": "image/png"})
        assert export_account(archive.archive, account).complete
        with archive.engine.begin() as connection:
            assert media_missing.missing(connection) == []


def test_what_was_too_large_is_tried_again_when_somebody_asks(make_archive: ArchiveMaker) -> None:
    """A night leaves alone what the archive refused; once the limit is another, `--again` has it fetched."""
    with odd_server() as odd:
        archive = make_archive(allowed_origins=odd.url, max_attempts=1, media_max_bytes=4)
        account = feed_of(archive, odd, [f"{odd.url}/a.png"])
        odd.pages["/a.png"] = Page(b"\x89PNG good", headers={"Content-Type": "image/png"})
        assert export_account(archive.archive, account).complete
        wider = archive.archive.settings.model_copy(update={"media_max_bytes": 1000})
        later = dataclasses.replace(archive.archive, settings=wider)
        assert export_account(later, account).complete
        with archive.engine.begin() as connection:
            (row,) = media_missing.missing(connection)
            assert (row.state, row.attempts) == ("withheld", 1)
            assert media_missing.try_again(connection) == 1
        assert export_account(archive.archive, account).complete
        with archive.engine.begin() as connection:
            assert [each.state for each in media_missing.missing(connection)] == ["withheld"]
            assert media_missing.try_again(connection) == 1
        assert export_account(later, account).complete
        assert rows(archive.engine, "select state, size from media") == [("kept", 9)]
        assert odd.asked.count("/a.png") == 3


def test_a_host_that_is_down_costs_its_media_no_attempts(make_archive: ArchiveMaker) -> None:
    """After three failures in a row the rest of its media wait for the next run; those of other hosts are fetched. The roll-up
    says how many are missing.
    """
    with odd_server() as down, odd_server() as odd:
        archive = make_archive(allowed_origins=f"{odd.url},{down.url}", max_attempts=1)
        for number in range(20):
            down.pages[f"/{number}.png"] = Page(b"", 500)
        odd.pages["/good.png"] = Page(b"\x89PNG good", headers={"Content-Type": "image/png"})
        pictures = [f"{down.url}/{number}.png" for number in range(20)] + [f"{odd.url}/good.png"]
        account = feed_of(archive, odd, pictures)
        assert export_account(archive.archive, account).complete
        assert len(down.asked) == 3
        assert rows(archive.engine, "select state, attempts, count(*) from media group by 1, 2 order by 1, 2") == [
            ("failed", 1, 3), ("kept", 1, 1), ("wanted", 0, 17),
        ]  # fmt: skip
        found = coverage.roll_up(archive.engine, account.id, "rss", "run", archive.archive.now())
        assert {each.stream: each.media_missing for each in found} == {"posts": 20}
        assert "20 attachments are not kept" in coverage.as_lines(account.name, found)
        with archive.engine.connect() as connection:
            kept = {row.stream: row.media_missing for row in coverage.recorded(connection, account.id)}
        assert kept == {"posts": 20}


def test_a_fetch_that_broke_off_leaves_every_answer_on_record(make_archive: ArchiveMaker) -> None:
    """Two exchanges for a medium in two pieces; the medium names the last."""
    cut = [PIECE, None]
    with (
        odd_server() as odd,
        server(lambda request, n: whole_or_rest(request, DATA, IMAGE, cut=cut[min(n, 2) - 1])) as (url, _),
    ):
        archive = make_archive(allowed_origins=f"{odd.url},{url}", max_attempts=3)
        account = feed_of(archive, odd, [f"{url}/big.png"])
        assert export_account(archive.archive, account).complete
        with archive.engine.connect() as connection:
            pieces = connection.execute(
                sa.text("select id, status, received_bytes from exchanges where url like :url order by requested_at"),
                {"url": f"{url}/%"},
            ).all()
            medium = connection.execute(sa.text("select exchange_id, sha256, size from media")).one()
        assert [tuple(piece[1:]) for piece in pieces] == [(200, PIECE), (206, 2 * PIECE)]
        assert (medium.exchange_id, bytes(medium.sha256), medium.size) == (
            pieces[-1].id, hashlib.sha256(DATA).digest(), len(DATA),
        )  # fmt: skip


def on_spool(archive: TestArchive) -> list[str]:
    """The ends of the names of what lies on the spool of media."""
    return sorted(path.name.partition(".")[2] for path in archive.archive.spool.iterdir() if "part" in path.name)


@pytest.mark.parametrize(
    "meanwhile", ["nothing", "the disk turned a byte", "the picture was replaced", "it was asked elsewhere"]
)
def test_what_broke_off_one_night_is_gone_on_with_the_next(make_archive: ArchiveMaker, meanwhile: str) -> None:
    """From where it stands, with the validator of the night before; what does not match is begun anew, and every answer is on
    record with the night that asked.
    """
    other = DATA[:8] + DATA[:7:-1]

    def answer(request: Any, n: int) -> None:
        replaced = n > 1 and meanwhile == "the picture was replaced"
        data, etag = (other, '"two"') if replaced else (DATA, '"one"')
        whole_or_rest(request, data, {**IMAGE, "ETag": etag}, cut=PIECE if n == 1 else None)

    with odd_server() as odd, server(answer) as (url, asked):
        archive = make_archive(allowed_origins=f"{odd.url},{url}", max_attempts=1)
        account = feed_of(archive, odd, [f"{url}/big.png"])
        assert export_account(archive.archive, account).complete
        assert rows(archive.engine, "select state from media") == [("failed",)]
        assert on_spool(archive) == ["part", "part.json"]
        (part,) = archive.archive.spool.glob("*.part")
        if meanwhile == "the disk turned a byte":
            part.write_bytes(b"\0" + part.read_bytes()[1:])
        if meanwhile == "it was asked elsewhere":
            (words,) = archive.archive.spool.glob("*.part.json")
            words.write_text(words.read_text().replace("big.png", "bigger.png"))
        assert export_account(archive.archive, account).complete
        data = other if meanwhile == "the picture was replaced" else DATA
        assert rows(archive.engine, "select state, size, sha256 from media") == [
            ("kept", len(DATA), hashlib.sha256(data).digest())
        ]
        pieces = rows(
            archive.engine,
            "select e.status, e.received_bytes, dense_rank() over (order by e.capture_id) from exchanges e "
            "where e.url like :url order by e.requested_at",
            url=f"{url}/%",
        )
        whole = len(DATA)
        goes_on = meanwhile == "nothing"
        assert pieces == [(200, PIECE, 1), (206, whole - PIECE, 2) if goes_on else (200, whole, 2)]
        asks = {"nothing", "the picture was replaced"}
        assert asked[-1].get("Range") == (f"bytes={PIECE}-" if meanwhile in asks else None)
        assert on_spool(archive) == (["part", "part.json"] if meanwhile == "it was asked elsewhere" else [])
        assert unproven(archive.archive) == []


def test_what_nobody_went_on_with_is_removed_from_the_spool_after_a_week(tmp_path: Path) -> None:
    """Halves after a week, what a killed run left after a day; nothing that is younger, and no other file."""
    days = {"1.part": 8, "1.part.json": 8, "2.part": 6, "2.part.json": 6, "a.medium": 2, "b.medium": 0, "c.warc.gz": 99}
    for name, age in days.items():
        path = tmp_path / name
        path.write_bytes(b"")
        at = path.stat().st_mtime - age * 86_400
        os.utime(path, (at, at))
    half_fetched.forget_old(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"2.part", "2.part.json", "b.medium", "c.warc.gz"}
