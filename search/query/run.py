"""Put a search to Elasticsearch."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from search.errors import QueryError, translated
from search.query import compile as compiler
from search.query import cursor
from search.query.explain import explain, undated_note
from search.query.highlight import highlight
from search.query.model import MAX_PAGE_SIZE, Hit, Phrase, SearchRequest, SearchResult, Word
from search.query.parse import parse, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elasticsearch import Elasticsearch

    from search.query.model import Term


def search(client: Elasticsearch, index: str, request: SearchRequest) -> SearchResult:
    """Find items.

    Args:
        client: from `search.client.client_for`.
        index: the alias.
        request: what to find.

    Raises:
        QueryError: the request cannot be understood; its message is for whoever typed it.
        IndexUnavailableError: Elasticsearch does not answer.
        IndexMissingError: nothing was ever indexed.
        SearchError: Elasticsearch refused.
    """
    if not 1 <= request.page_size <= MAX_PAGE_SIZE:
        raise QueryError(f"A page can have 1 to {MAX_PAGE_SIZE:,} results, not {request.page_size:,}.")
    terms, ignored = _searchable(client, parse(request.text))
    arguments = compiler.body(terms, request)
    after = cursor.decode(request)
    if after is not None:
        arguments["search_after"] = after
    with translated(f"searching {index}"):
        answer = client.search(index=index, **arguments).body
    found = answer["hits"]["hits"]
    undated = answer["aggregations"]["all"]["undated"]["doc_count"] if "aggregations" in answer else 0
    return SearchResult(
        total=answer["hits"]["total"]["value"],
        hits=tuple(_hit(hit) for hit in found),
        explanation=explain(terms, request, ignored=ignored) + undated_note(undated),
        undated_excluded=undated,
        next_cursor=cursor.encode(request, found[-1]["sort"]) if len(found) == request.page_size else None,
        took_ms=answer["took"],
    )


def _searchable(client: Elasticsearch, terms: Sequence[Term]) -> tuple[list[Term], list[str]]:
    """Sort out what the tokenizer makes nothing of, by asking it: a lone `&` would else match nothing at all."""
    kept: list[Term] = []
    ignored: list[str] = []
    for term in terms:
        if isinstance(term, Word | Phrase) and not _has_token(client, term):
            ignored.append(term.text)
        else:
            kept.append(term)
    if ignored and not kept:
        raise QueryError(f"There is no word to search for in {quoted(' '.join(ignored))}.")
    return kept, ignored


def _has_token(client: Elasticsearch, term: Word | Phrase) -> bool:
    if any(character.isalnum() for character in term.text):
        return True
    with translated("taking a word apart"):
        return bool(client.indices.analyze(text=term.text, analyzer="standard")["tokens"])


def _hit(hit: dict[str, Any]) -> Hit:
    source = hit["_source"]
    author = source.get("author", {})
    text = source.get("text")
    accounts = tuple(dict.fromkeys(account["name"] for account in source.get("accounts", ())))
    inner = hit.get("inner_hits", {}).get("versions", {}).get("hits", {}).get("hits", ())
    matched: dict[str, Any] = (
        inner[0]["_source"] if inner else {"number": source.get("version_count") or None, "is_current": True}
    )
    return Hit(
        item_public_id=uuid.UUID(source["public_id"]),
        platform=source["platform"],
        account=accounts[0] if accounts else None,
        accounts=accounts,
        url=source.get("url"),
        created_at=dt.datetime.fromisoformat(source["created_at"]) if "created_at" in source else None,
        author=author.get("handle") or author.get("platform_id"),
        author_name=author.get("name"),
        kind=source["kind"],
        state=source["state"],
        title=source.get("title"),
        text=text,
        text_length=source.get("text_length", 0),
        highlight=highlight(inner[0].get("highlight", {}) if inner else {}, text or source.get("title") or ""),
        matched_version=matched["number"],
        is_current_match=matched["is_current"],
        revision=source["revision"],
        score=hit["_score"],
    )
