"""*Capture this now*: by a program beside the pages or by the city's Airflow; one at a time, audited, shown on the page."""

from __future__ import annotations

import dataclasses
import datetime as dt
import http.server
import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from archiver import asked
from clerk.capturing import ended
from clerk.serve import running
from clerk.users import create_user
from samplecity.bulk import bulk_city
from samplecity.running import serve
from tests.fixtures.clerk import NAME, PASSWORD, log_in, token_of
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from elasticsearch import Elasticsearch

    from archiver.archive import Archive as OpenArchive
    from tests.fixtures.archives import ArchiveMaker, TestArchive
    from tests.fixtures.clerk import City


@dataclasses.dataclass
class Site:
    """The pages over a town's archive."""

    archive: TestArchive
    address: str
    account: str
    name: str

    def sql(self, statement: str) -> list[Any]:
        """Rows of the database."""
        with self.archive.engine.connect() as connection:
            return list(connection.execute(sa.text(statement)))


@pytest.fixture
def site(make_archive: ArchiveMaker, es_client: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A town of three posts that was never captured, and its pages."""
    city = bulk_city(3, 2)
    with serve(city, faulty=False) as sample:
        archive = make_archive(allowed_origins=sample.url)
        monkeypatch.setenv("CIVIC_ARCHIVE_ALLOWED_ORIGINS", sample.url)
        archive.register(city.register_rows(sample.url))
        archive.clock.set(night_of(city, 1))
        create_user(archive.engine, NAME, PASSWORD)
        create_user(archive.engine, "reader", PASSWORD, "viewer")
        with running(archive.archive, es_client, index="test-of-capturing") as address:
            made = Site(archive, address, "", "")
            ((made.account, made.name),) = made.sql("select public_id::text, platform || ':' || handle from accounts")
            yield made


def _browser(site: Site, name: str = NAME) -> httpx.Client:
    import httpx  # noqa: PLC0415 - for its type elsewhere

    client = httpx.Client(base_url=site.address, timeout=60)
    assert log_in(client, name).status_code == 303
    return client


def _press(client: httpx.Client, page: str) -> httpx.Response:
    return client.post(f"{page}/capture", data={"csrf_token": token_of(client.get(page))})


def _until(site: Site, outcome: str = "complete") -> None:
    for _ in range(240):
        (row,) = site.sql("select outcome, words from capture_requests order by id desc limit 1")
        if row.outcome is not None:
            assert row.outcome == outcome, row.words
            return
        time.sleep(0.25)
    raise AssertionError("it did not end within a minute")


def test_an_account_and_then_a_thread_are_captured_by_a_program_of_ours(site: Site) -> None:
    """The button brings the whole account in; a second press meanwhile is refused; on a comment it brings the thread."""
    client, page = _browser(site), f"/accounts/{site.account}"
    assert "Nothing is on record yet" in client.get(page).text
    answer = _press(client, page)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}#capture")
    shown = client.get(page).text
    assert "It is at work" in shown
    assert "Load this page again" in shown
    assert "Capture this account now" not in shown
    again = client.post(f"{page}/capture", data={"csrf_token": token_of(client.get(page))})
    assert again.status_code == 409
    assert "has not ended yet" in again.text
    _until(site)
    shown = client.get(page).text
    assert "It ended well" in shown
    assert "Comments: complete, 6 records seen, 6 new" in shown
    assert len(site.sql("select id from items where kind = 'comment'")) == 6
    ((comment,),) = site.sql("select public_id from items where kind = 'comment' order by id limit 1")
    answer = _press(client, f"/items/{comment}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/items/{comment}#capture")
    _until(site)
    ((post_id,),) = site.sql("select post_id from capture_requests order by id desc limit 1")
    assert site.sql(f"select 1 from items where kind = 'post' and platform_id = '{post_id}'")  # noqa: S608 - ours
    assert "It ended well" in client.get(f"/items/{comment}").text
    audited = site.sql("select actor, subject from audit where action = 'capture asked for'")
    assert [tuple(row) for row in audited] == [(NAME, site.name)] * 2


def test_a_capture_that_fails_says_why_on_the_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The city's server may not be fetched from: the page repeats the sentence, and the button is there again."""
    monkeypatch.setenv("CIVIC_ARCHIVE_ALLOWED_ORIGINS", "")
    client, page = _browser(site), f"/accounts/{site.account}"
    assert _press(client, page).status_code == 303
    _until(site, "partial")
    shown = client.get(page).text
    assert "It ended, and a part is missing" in shown
    assert "Capture this account now" in shown


def test_who_only_reads_and_a_paused_account_start_nothing(site: Site) -> None:
    """A viewer's try is refused and audited; a paused account's button is not there, and pressing it starts nothing."""
    reader, page = _browser(site, "reader"), f"/accounts/{site.account}"
    assert "Capture this account now" not in reader.get(page).text
    assert _press(reader, page).status_code == 403
    assert site.sql("select detail ->> 'wanted' from audit where action = 'refused'")[0][0] == "capture at once"
    with site.archive.engine.begin() as connection:
        connection.execute(sa.text("update accounts set status = 'paused'"))
    assert _press(_browser(site), page).status_code == 409
    assert site.sql("select id from capture_requests") == []


@contextmanager
def _airflow() -> Iterator[tuple[str, list[tuple[str, str, Any]], dict[str, str]]]:
    """What answers like Airflow's API, as `archiver.local.airflow_api` speaks it: its address, what was asked, the state of
    the runs.
    """
    sent_to: list[tuple[str, str, Any]] = []
    stands = {"state": "running"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def _answer(self, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sent_to.append(("POST", self.path, sent))
            self._answer({"access_token": "t"} if self.path == "/auth/token" else {"dag_run_id": sent["dag_run_id"]})

        def do_GET(self) -> None:
            sent_to.append(("GET", self.path, self.headers["Authorization"]))
            self._answer(dict(stands))

        def log_message(self, *_: Any) -> None:
            """Write no log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent_to, stands
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _with_airflow(archive: OpenArchive, url: str) -> None:
    changed = {"airflow_url": url, "airflow_user": "clerk", "airflow_password": SecretStr("secret")}
    object.__setattr__(archive, "settings", archive.settings.model_copy(update=changed))


def test_where_airflow_is_configured_it_is_asked(city: City) -> None:
    """The thread's account and post go to `capture_now` under a run of our name; the page follows the run's state."""
    with _airflow() as (url, sent, stands):
        _with_airflow(city.archive, url)
        client, page = city.signed_in(), city.page_of("question")
        assert _press(client, page).status_code == 303
        (run,) = [body for method, path, body in sent if path == "/api/v2/dags/capture_now/dagRuns"]
        assert run["conf"] == {
            "account": "bluesky:city.example.gov", "post": "at://did:plc:cityofexample/app.bsky.feed.post/root",
        }  # fmt: skip
        for _ in range(3):
            assert "It is at work in Airflow" in client.get(page).text
        stands["state"] = "success"
        assert "It ended well" in client.get(page).text
        assert ("GET", f"/api/v2/dags/capture_now/dagRuns/{run['dag_run_id']}", "Bearer t") in sent
        assert "secret" not in client.get(page).text
        logged_in = [path for _, path, _ in sent if path == "/auth/token"]
        assert len(logged_in) == 2, "once to start it, and once for all that ask how far it is"


@pytest.mark.parametrize("scheduler", ["process", "airflow"])
def test_a_capture_of_which_nothing_is_heard_is_given_up(city: City, scheduler: str) -> None:
    """Whoever waited for it is gone (the pages were started again) or Airflow is away: the page says so, and offers it anew."""
    _with_airflow(city.archive, "http://127.0.0.1:9")
    long, longer = (city.archive.now() - asked.LONGEST - dt.timedelta(minutes=each) for each in (5, 15))
    asked.ask(city.archive.engine, city.account.id, city.account.name, None, user=NAME, scheduler=scheduler, now=long)
    client = city.signed_in()
    with city.archive.engine.connect() as connection:
        account = connection.scalar(sa.text("select public_id from accounts where id = :id"), {"id": city.account.id})
    address = f"/accounts/{account}"
    assert "It is at work" in client.get(f"{address}/capture").text
    with city.archive.engine.begin() as connection:
        connection.execute(sa.text("update capture_requests set requested_at = :at"), {"at": longer})
    ended = client.get(f"{address}/capture").text
    assert "It is not known how it ended" in ended
    assert "nothing was heard of it" in ended
    assert "hx-get" not in ended
    assert f'action="{address}/capture"' in ended


def test_an_airflow_that_does_not_answer_is_said_and_blocks_nothing(city: City) -> None:
    """The request ends as failed with a sentence that names no address; the next press tries again."""
    _with_airflow(city.archive, "http://127.0.0.1:9")
    client, page = city.signed_in(), city.page_of("post")
    for _ in range(2):
        assert _press(client, page).status_code == 303
        shown = client.get(page).text
        assert "It failed" in shown
        assert "Airflow does not answer" in shown
        assert "127.0.0.1" not in shown


def test_how_a_program_ended_is_read_from_what_it_said() -> None:
    """Its exit code and its report; a program that said nothing, or nonsense, has failed."""
    report = [
        {
            "streams": [
                {"stream": "posts", "outcome": "failed", "error": "no answer"},
                {"stream": "x", "outcome": "complete"},
            ]
        }
    ]
    assert ended(0, "", "") == ("complete", None)
    assert ended(2, json.dumps(report), "") == ("partial", "posts: no answer")
    assert ended(1, "", "\nError: bluesky:x is not in the register\n") == ("failed", "bluesky:x is not in the register")
    assert ended(-9, "{", "") == ("failed", "the program ended with -9")
