"""What a real Mastodon 4.5 answered, read by the connector, and replayed over HTTP through the whole engine."""

from __future__ import annotations

import http.server
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import yaml

from archiver import accounts
from archiver.capture.export import export_account
from archiver.platforms.items import ItemKind, StreamKind
from archiver.platforms.mastodon import Mastodon
from archiver.platforms.mastodon_items import Answers, answers_something, history_items, status_item
from archiver.platforms.mastodon_manners import judge, next_page, usage
from tests.fixtures.custody import rows
from tests.fixtures.recorded import recorded
from tests.fixtures.sessions import Answer, RecordedSession, account, exchange_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.fixtures.archives import ArchiveMaker

HERE = "http://localhost:3000"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def exchanges(name: str = "*") -> list[tuple[str, str, int, dict[str, str], str]]:
    """Method, address, status, headers and body of every recorded exchange of a cassette, or of all."""
    folder = recorded("mastodon/halcy__Mastodon.py/cassettes")
    found = []
    for path in sorted(folder.glob(f"{name}.yaml")):
        cassette: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - safe both
        for each in cassette["interactions"]:
            answer = each["response"]
            headers = {key.lower(): values[0] for key, values in answer["headers"].items() if values}
            body = answer["body"]["string"]
            text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
            found.append((each["request"]["method"], each["request"]["uri"], answer["status"]["code"], headers, text))
    return found


def statuses_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every Status entity in an answer, wherever it stands."""
    if isinstance(value, dict):
        if {"uri", "visibility", "content", "account", "created_at"} <= value.keys():
            yield value
        for each in value.values():
            yield from statuses_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from statuses_in(each)


def test_every_recorded_status_is_read() -> None:
    """Hundreds of real statuses of all visibilities, boosts, quotes, polls and media give an item each, with what they say."""
    kinds: dict[str, int] = {}
    seen: set[str] = set()
    for _, _, _, _, body in exchanges():
        if not body.startswith(("{", "[")):
            continue
        try:
            answer = json.loads(body)
        except ValueError:
            continue
        for status in statuses_in(answer):
            item = status_item(status, "localhost", Answers(known=not answers_something(status)))
            kinds[item.kind] = kinds.get(item.kind, 0) + 1
            seen.add(item.id)
            assert item.id == status["uri"]
            assert item.created_at is not None
            assert item.aliases == (status["id"],)
            assert (item.kind is ItemKind.MESSAGE) == (status["visibility"] == "direct" and status["reblog"] is None)
            assert [medium.id for medium in item.media] == (
                [each["id"] for each in status["media_attachments"]] if item.kind is not ItemKind.REPOST else []
            )
            assert "<" not in (item.text or "") or "&lt;" in status["content"]
    assert kinds.keys() == {"post", "comment", "message", "repost"}
    assert len(seen) > 150


def test_a_recorded_history_gives_the_earlier_form() -> None:
    """Two states were recorded: the first is history, and says what was said before the edit."""
    _, _, _, _, before = next(each for each in exchanges("test_status_edit") if each[0] == "POST")
    histories = [json.loads(each[4]) for each in exchanges("test_status_edit") if each[1].endswith("/history")]
    posted = json.loads(before)["id"]
    shown = [each[4] for each in exchanges("test_status_edit") if each[0] == "GET" and each[1].endswith(posted)]
    edited = json.loads(shown[0])
    current = status_item(edited, "localhost")
    (first,) = history_items(current, edited, histories[-1], 3)
    assert (first.text, first.edited_at, first.created_at) == (
        "the best editor? why, of course it is VS Code",
        None,
        current.created_at,
    )
    assert "KDE" in (current.text or "")
    assert current.edited_at is not None


def test_recorded_conversations_are_listed() -> None:
    """Both recorded conversations, marked by their newest status; the third page is none."""
    _, _, _, headers, body = next(each for each in exchanges("test_conversations") if "/conversations" in each[1])
    session = RecordedSession(Answer(body.encode(), headers=tuple(headers.items())))
    (page,) = Mastodon().conversations(session, account("mastodon", "x", "me@localhost", api_url=HERE, token="t"))
    told = json.loads(body)
    assert [(each.id, each.marker) for each in page.conversations] == [
        (each["id"], each["last_status"]["id"]) for each in told
    ]
    assert not page.skipped


def test_recorded_refusals_and_limits_are_understood() -> None:
    """A dead token, a method that wants one, what is forbidden and the headers of the limit, as they were recorded."""
    meanings = {}
    for _, url, status, headers, body in exchanges():
        answer = exchange_of(url, Answer(body.encode(), status=status, headers=tuple(headers.items())))
        verdict = judge(answer)
        if status >= 400 and verdict is not None:
            meanings[json.loads(body)["error"]] = verdict.meaning.value
        if "x-ratelimit-remaining" in headers:
            (told,) = usage(answer)
            assert told.remaining == int(headers["x-ratelimit-remaining"])
            assert told.resets_at is not None
    assert meanings["The access token is invalid"] == "token"
    assert meanings["This action is not allowed"] == "forbidden"


def test_recorded_pages_lead_to_each_other() -> None:
    """The recorded `Link` headers give the same `max_id` that the recorded client asked for next."""
    walked = [each for each in exchanges("test_fetch_next_previous") if "/statuses?limit" in each[1]]
    first = exchange_of(walked[0][1], Answer(walked[0][4].encode(), headers=tuple(walked[0][3].items())))
    assert next_page(first) == {"max_id": parse_qs(urlsplit(walked[1][1]).query)["max_id"][0]}


@contextmanager
def replayed() -> Iterator[tuple[str, list[str]]]:
    """Serve the recorded answers over HTTP, by path and `max_id`; what was not recorded gets the recorded 404."""
    answers: dict[tuple[str, str], tuple[int, dict[str, str], str]] = {}
    for method, url, status, headers, body in (
        *exchanges("test_account_lookup"),
        *exchanges("test_fetch_next_previous"),
    ):
        query = parse_qs(urlsplit(url).query)
        if method == "GET" and "min_id" not in query:
            at = query.get("max_id", query.get("acct", [""]))[0]
            answers.setdefault((urlsplit(url).path, at), (status, headers, body))
            if "acct" in query and status == 200:  # the same entity as by its number
                answers[f"/api/v1/accounts/{json.loads(body)['id']}", ""] = (status, headers, body)
    context = next(each for each in exchanges("test_status_context") if each[1].endswith("/context"))
    missing = next(each for each in exchanges("test_status_missing") if each[2] == 404)
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            split = urlsplit(self.path)
            query = parse_qs(split.query)
            key = (split.path, query.get("max_id", query.get("acct", [""]))[0])
            recorded_answer = answers.get(key) or (context[2:] if split.path.endswith("/context") else missing[2:])
            status, headers, body = recorded_answer
            origin = f"http://{self.headers['Host']}"
            sent = body.replace(HERE, origin).encode()
            self.send_response(status)
            for name, value in headers.items():
                if name not in {"content-length", "content-encoding", "transfer-encoding"}:
                    self.send_header(name, value.replace(HERE, origin))
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            """Write no log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_recorded_exchanges_run_through_the_whole_engine(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real account of a real instance, replayed: ten statuses of two pages are kept; the page that was not recorded is said,
    and nothing that was captured before it is lost. A second run adds nothing, stands at that page, and lacks what is behind it.
    """
    monkeypatch.setenv("REPLAYED_TOKEN", "__MASTODON_PY_TEST_ACCESS_TOKEN")
    with replayed() as (url, asked):
        archive = make_archive(allowed_origins=url)
        settings = {"api_url": url, "token": "env:REPLAYED_TOKEN"}
        accounts.add(
            archive.engine, "mastodon:mastodonpy_test", {"department": "Library", "began_on": "2026-08-01"}, settings
        )
        only = [StreamKind.PROFILE, StreamKind.POSTS, StreamKind.COMMENTS]
        for posts in ("failed", "partial"):
            report = export_account(
                archive.archive, accounts.find(archive.engine, "mastodon:mastodonpy_test"), only=only
            )
            outcomes = {stream.stream: stream.outcome for stream in report.streams}
            assert outcomes == {"profile": "complete", "posts": posts, "comments": "complete"}
            kept = rows(archive.engine, "select kind, count(*) from items group by 1 order by 1")
            assert kept == [("post", 10), ("profile", 1)]
            assert rows(archive.engine, "select count(*) from versions") == [(11,)]
        said = "select v.text from versions v join items i on i.id = v.item_id where i.kind = 'post'"
        texts = {text for (text,) in rows(archive.engine, said)}
        assert texts == {f"Toot number {number}!" for number in range(10)}
        assert sum("/context" in path for path in asked) >= 10
        bodies = rows(archive.engine, "select count(*) from exchanges")
        assert bodies[0][0] > 4
