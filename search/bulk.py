"""Many writes in one request, each under its external version, and what Elasticsearch answers to each.

The bodies are made here rather than by the client's helpers: they spend more on every action than the document costs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import elasticsearch
import orjson

from search.errors import IndexUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from elasticsearch import Elasticsearch

CHUNK_BYTES = 10 * 1024 * 1024
"""How large a request may grow; a single document may be larger, up to Elasticsearch's own 100 MB."""

_CHUNK_WRITES = 2000
_PAUSES = (0.5, 1.0)
"""Seconds before what the node was too busy for is sent again."""

_NOT_NOW = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


class Write(NamedTuple):
    """One document to be written to, or deleted from, one concrete index, `target`; `lines` as the bulk request wants them."""

    item_id: int
    target: str
    deletes: bool
    lines: bytes


@dataclass(slots=True)
class Outcome:
    """The answers to a number of writes, by item."""

    indexed: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    conflicts: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)


def writes(item_id: int, revision: int, source: bytes | None, targets: Iterable[str]) -> Iterator[Write]:
    """The writes of one item.

    Args:
        item_id: the document's id.
        revision: its external version.
        source: the document as JSON in one line; None to delete it.
        targets: concrete indices.
    """
    for target in targets:
        where = {"_index": target, "_id": str(item_id), "version": revision, "version_type": "external"}
        action = orjson.dumps({"index" if source is not None else "delete": where})
        lines = (action, b"\n") if source is None else (action, b"\n", source, b"\n")
        yield Write(item_id, target, source is None, b"".join(lines))


def send(client: Elasticsearch, pending: Iterable[Write]) -> Outcome:
    """Send writes, as many to a request as fit; they are taken from the iterator only as a request is made up.

    Raises:
        IndexUnavailableError: a write was answered with what says nothing of the document (too busy, blocked, gone).
        elasticsearch.TransportError: no answer.
    """
    outcome = Outcome()
    for chunk in _chunks(pending):
        waiting = chunk
        for pause in (*_PAUSES, None):
            answer = _answer(client, waiting)
            if not answer["errors"]:
                outcome.indexed.update(write.item_id for write in waiting if not write.deletes)
                outcome.deleted.update(write.item_id for write in waiting if write.deletes)
                break
            results = [next(iter(item.values())) for item in answer["items"]]
            again = []
            for write, result in zip(waiting, results, strict=True):
                if pause is not None and result.get("status") == HTTPStatus.TOO_MANY_REQUESTS:
                    again.append(write)
                else:
                    _note(outcome, write, result)
            if not again or pause is None:
                break
            waiting = again
            time.sleep(pause)
    # A version known to one index and written to the other was written.
    outcome.conflicts -= outcome.indexed | outcome.deleted
    outcome.deleted -= outcome.indexed  # taken from where it does not belong
    for kind in (outcome.indexed, outcome.deleted, outcome.conflicts):
        kind.difference_update(outcome.refused)
    return outcome


def _chunks(pending: Iterable[Write]) -> Iterator[list[Write]]:
    chunk, size = list[Write](), 0
    for write in pending:
        if chunk and (size + len(write.lines) > CHUNK_BYTES or len(chunk) == _CHUNK_WRITES):
            yield chunk
            chunk, size = [], 0
        chunk.append(write)
        size += len(write.lines)
    if chunk:
        yield chunk


def _answer(client: Elasticsearch, chunk: Sequence[Write]) -> dict[str, Any]:
    # The client forwards bytes as they are, which its types do not say.
    body = cast("Any", b"".join(write.lines for write in chunk))
    try:
        return cast("dict[str, Any]", client.bulk(operations=body).body)
    except elasticsearch.ApiError as error:  # of the whole request: the answer to each of its writes
        return {"errors": True, "items": [{"": {"status": error.status_code, "error": str(error)}}] * len(chunk)}


def _note(outcome: Outcome, write: Write, result: Mapping[str, Any]) -> None:
    item_id, status = write.item_id, result.get("status", HTTPStatus.INTERNAL_SERVER_ERROR)
    if status == HTTPStatus.CONFLICT:
        outcome.conflicts.add(item_id)
    elif "error" not in result:
        (outcome.deleted if write.deletes else outcome.indexed).add(item_id)
    elif _type(result) == "circuit_breaking_exception":
        # One document too large for the node's memory: the others must not wait for it.
        outcome.refused[item_id] = _words(result)
    elif status in _NOT_NOW or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise IndexUnavailableError(
            f"Elasticsearch could not write item {item_id} to {write.target}: {_words(result)}. Its outbox row "
            "is kept; run `civic-archive index` again when the cluster is well."
        )
    else:
        outcome.refused[item_id] = _words(result)


def _type(result: Mapping[str, Any]) -> str | None:
    error = result.get("error")
    return error.get("type") if isinstance(error, dict) else None


def _words(result: Mapping[str, Any]) -> str:
    error = result.get("error")
    if not isinstance(error, dict):
        return str(error or f"HTTP {result.get('status')}")
    cause = error.get("caused_by") or {}
    return ": ".join(str(part["reason"]) for part in (error, cause) if part.get("reason"))
