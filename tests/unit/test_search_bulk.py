"""Bulk requests, sent to a server that answers as Elasticsearch does when it is busy."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from archiver.local.endpoints import SearchEndpoints
from search import bulk
from search.client import client_for
from search.errors import IndexUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Busy(HTTPServer):
    """Takes no item of `busy` more often than it says there, and keeps what ids each request brought."""

    busy: dict[str, int]
    asked: list[list[str]]


class _Handler(BaseHTTPRequestHandler):
    server: _Busy

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        actions = [line for line in map(orjson.loads, body.splitlines()) if {"index", "delete"} & set(line)]
        items: list[dict[str, Any]] = []
        for action in actions:
            ((operation, where),) = action.items()
            left = self.server.busy.get(where["_id"], 0)
            self.server.busy[where["_id"]] = left - 1
            error = {"type": "es_rejected_execution_exception", "reason": "queue is full"}
            items.append({operation: {"status": 429, "error": error} if left > 0 else {"status": 200}})
        self.server.asked.append([next(iter(action.values()))["_id"] for action in actions])
        errors = any("error" in next(iter(item.values())) for item in items)
        answer = orjson.dumps({"errors": errors, "items": items})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[_Busy]:
    """A server of the test's own."""
    with _Busy(("127.0.0.1", 0), _Handler) as made:
        made.busy, made.asked = {}, []
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def _send(server: _Busy, pending: list[bulk.Write]) -> bulk.Outcome:
    endpoints = SearchEndpoints(
        elasticsearch_url=f"http://127.0.0.1:{server.server_port}", elasticsearch_user=None, elasticsearch_password=None,
        elasticsearch_ca=None, elasticsearch_api_key=None,
    )  # fmt: skip
    with contextlib.closing(client_for(endpoints)) as client:
        return bulk.send(client, pending)


def _write(item_id: int, source: bytes | None = b"{}") -> bulk.Write:
    (write,) = bulk.writes(item_id, 1, source, ["items-000001"])
    return write


def test_what_the_node_was_too_busy_for_is_sent_again_alone(server: _Busy) -> None:
    """Only the rejected writes go again, and each answer is counted for its own item."""
    server.busy = {"2": 1, "4": 2}
    outcome = _send(server, [_write(1), _write(2), _write(3, None), _write(4)])
    assert server.asked == [["1", "2", "3", "4"], ["2", "4"], ["4"]]
    assert (outcome.indexed, outcome.deleted, outcome.refused) == ({1, 2, 4}, {3}, {})


def test_a_node_that_stays_too_busy_is_an_index_that_is_not_available(server: _Busy) -> None:
    """After the last attempt the item is named, and nothing is taken for refused."""
    server.busy = {"2": 99}
    with pytest.raises(IndexUnavailableError, match="item 2 to items-000001: queue is full"):
        _send(server, [_write(1), _write(2)])
    assert server.asked == [["1", "2"], ["2"], ["2"]]


def test_a_request_grows_to_its_limit_and_no_further(server: _Busy) -> None:
    """Documents that do not fit into one request go in the next; one beyond the limit goes by itself."""
    third = b'{"t":"' + b"x" * (bulk.CHUNK_BYTES // 3) + b'"}'
    _send(
        server,
        [
            _write(1, third),
            _write(2, third),
            _write(3, third),
            _write(4, b'"' + b"x" * 2 * bulk.CHUNK_BYTES + b'"'),
            _write(5),
        ],
    )
    assert server.asked == [["1", "2"], ["3"], ["4"], ["5"]]
