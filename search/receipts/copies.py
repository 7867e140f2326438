"""What the index has of records, and whether it is what the archive makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import elasticsearch
import orjson

from archiver.records.shapes import each_shape
from search.documents import document
from search.errors import translated

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection

_UNSEARCHED = ("counts", "states")
"""What the index keeps beside what is searched: numbers of likes, the record's states one by one."""
_OF_AN_ACCOUNT = ("id", "stream", "state")


class Copy(NamedTuple):
    """What the index has of a record: of which revision, and (where it was asked for) the whole of it."""

    revision: int
    source: Mapping[str, Any]


def of(client: Elasticsearch, index: str, item_ids: Collection[int], *, sources: bool) -> dict[int, Copy]:
    """What the index has of records, by item id, the latest that was written, whether it can be searched yet or not.

    Args:
        client: from `search.client.client_for`.
        index: what is searched, or several with commas.
        item_ids: a few hundred.
        sources: whether the whole of each is wanted.

    Raises:
        IndexUnavailableError, SearchError: as for a search.
    """
    found: dict[int, Copy] = {}
    if not item_ids:
        return found
    for name in index.split(","):
        with translated(f"looking up records in {name}"):
            answer = client.mget(index=name, ids=[str(each) for each in item_ids], source=sources).body
        found |= {
            int(each["_id"]): Copy(int(each["_version"]), each.get("_source", {}))
            for each in answer["docs"]
            if each.get("found")
        }
    return found


def altered(connection: Connection, sources: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Those of which the index has something else than what this program makes of what the archive holds.

    Args:
        connection: within `archiver.database.repeatable_read`.
        sources: by item id, what the index has, of the same revision as the archive.
    """
    return {
        shape.id
        for shape in each_shape(connection, sources)
        if _searched(orjson.loads(orjson.dumps(document(shape)))) != _searched(sources[shape.id])
    }


def _searched(source: Mapping[str, Any]) -> dict[str, Any]:
    """What of a document is searched and changes with the record's revision alone: what an account is called today does not."""
    found = {name: value for name, value in source.items() if name not in _UNSEARCHED}
    found["account_keys"] = [key for key in source.get("account_keys", ()) if ":" not in key]
    found["accounts"] = [{name: each.get(name) for name in _OF_AN_ACCOUNT} for each in source.get("accounts", ())]
    return found


def found_by(client: Elasticsearch, index: str, query: Mapping[str, Any], item_ids: Sequence[int]) -> set[int] | None:
    """Which of these records a query finds now; None where it can no longer be put to the index.

    Raises:
        IndexUnavailableError, SearchError: as for a search.
    """
    asked = {"bool": {"must": [dict(query)], "filter": [{"terms": {"item_id": list(item_ids)}}]}}
    with translated(f"searching {index}"):
        try:
            hits = client.search(
                index=index,
                query=asked,
                size=len(item_ids),
                source=False,
                docvalue_fields=[{"field": "item_id"}],
                track_total_hits=False,
            ).body["hits"]["hits"]
        except elasticsearch.BadRequestError:
            return None
    return {int(hit["fields"]["item_id"][0]) for hit in hits}
