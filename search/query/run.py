"""Put a search to Elasticsearch."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any

from archiver.i18n.translation import _
from archiver.platforms.items import ItemKind
from archiver.records.derived import derived
from search import indices, shelves
from search.errors import MessagesRefusedError, QueryError, translated
from search.query import compile as compiler
from search.query import cursor
from search.query.compile import VERSION
from search.query.explain import clause, explain, undated_note
from search.query.facets import facets_of
from search.query.highlight import highlight
from search.query.model import (
    MAX_PAGE_SIZE,
    And,
    Field,
    Filter,
    Hit,
    Limits,
    Near,
    Not,
    Or,
    Part,
    Phrase,
    SearchRequest,
    SearchResult,
    Word,
)
from search.query.parse import parse, render
from search.query.spellings import similar
from search.query.tree import conjuncts, leaves, together, wanted
from search.query.words import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elasticsearch import Elasticsearch

    from search.query.model import Leaf, Node

_OPERATORS = re.compile(r"\b(?:or|not)\b")
_LOOKED_UP = frozenset({Field.ACCOUNT, Field.DEPARTMENT, Field.TAG, Field.REQUEST, Field.HOLD})


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
        raise QueryError(
            lambda: _(
                "A page can have 1 to %(most)s results, not %(asked)s.",
                most=f"{MAX_PAGE_SIZE:,}",
                asked=f"{request.page_size:,}",
            )
        )
    after = cursor.decode(request)
    ready = prepared(client, index, request)
    node, index, asked = ready.node, ready.index, ready.request
    arguments = compiler.body(node, asked)
    arguments["size"] += 1  # whether anything follows is known by what follows, whatever is counted meanwhile
    if after is not None:
        if len(after) != len(arguments["sort"]):
            raise cursor.of_another_search()
        arguments["search_after"] = after
    with translated(f"searching {index}"):
        # Two copies of an index do not score alike: every page of a search is asked of the same.
        answer = client.search(index=index, preference=cursor.fingerprint(request), **arguments).body
    found = answer["hits"]["hits"][: request.page_size]
    is_more = len(answer["hits"]["hits"]) > len(found)
    total = answer["hits"]["total"]["value"]
    divided = answer.get("aggregations", {})
    undated = divided["all"]["undated"]["doc_count"] if "all" in divided else 0
    return SearchResult(
        total=total,
        hits=tuple(_hit(hit, asked.limits) for hit in found),
        explanation=explain(node, asked, ignored=ready.ignored) + undated_note(undated),
        undated_excluded=undated,
        next_cursor=cursor.encode(request, found[-1]["sort"]) if is_more else None,
        parts=_parts(client, index, node, asked, alone=total == 0),
        similar=similar(client, index, node, asked) if total == 0 else (),
        hints=tuple(_hints(node)),
        facets=facets_of(divided, total, request.directory, request.zone) if request.facets else None,
    )


def count(client: Elasticsearch, index: str, request: SearchRequest) -> int:
    """How many records a search finds, without any of them; the form's filters are not looked at. Raises as `search`."""
    ready = prepared(client, index, request)
    with translated(f"counting in {index}"):
        return int(client.count(index=ready.index, query=compiler.counting(ready.node, ready.request))["count"])


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """A search ready to be put to Elasticsearch: what is searched for, how, and in which index or indices (comma-separated).

    `ignored`: words that nothing is kept of. The `request` says whether direct messages are searched, and its limits allow them
    only where the search asks something of them: they are what it takes to make the same search again.
    """

    node: Node | None
    request: SearchRequest
    index: str
    ignored: Sequence[str]


def prepared(client: Elasticsearch, index: str, request: SearchRequest) -> Prepared:
    """Understand a search, within what whoever asks may see.

    Raises:
        MessagesRefusedError: it asks for direct messages, and they have no grant for them.
        QueryError: it cannot be understood.
        IndexUnavailableError: Elasticsearch does not answer.
    """
    node, ignored = understood(client, request)
    named = any(_names_messages(leaf) for leaf in leaves(node))
    if (named or request.messages) and not request.limits.messages:
        raise MessagesRefusedError(lambda: _messages_refused(named=named))
    limits = dataclasses.replace(request.limits, messages=named or request.messages)
    searched = request.messages or any(map(_names_messages, wanted(node)))
    request = dataclasses.replace(request, messages=searched, limits=limits)
    return Prepared(node, request, ",".join(searched_in(client, index, messages=searched)), ignored)


def _messages_refused(*, named: bool) -> str:
    if named:
        return _(
            "Direct messages are kept apart, and nothing was searched: a search takes a grant for them, which an administrator "
            "gives. Take type:message out to search everything else."
        )
    return _(
        "Direct messages are kept apart, and nothing was searched: a search takes a grant for them, which an administrator "
        "gives. Search without them to search everything else."
    )


def searched_in(client: Elasticsearch, index: str, *, messages: bool) -> list[str]:
    """The aliases that a search goes to: with direct messages also theirs, where it was ever made."""
    alias = shelves.messages_alias(index)
    return [index, alias] if messages and indices.behind(client, alias) else [index]


def _names_messages(leaf: Leaf) -> bool:
    return isinstance(leaf, Filter) and leaf.field is Field.TYPE and leaf.value == ItemKind.MESSAGE


def understood(client: Elasticsearch, request: SearchRequest) -> tuple[Node | None, list[str]]:
    """The query as it is searched for: its accounts looked up, without words that nothing is kept of, which come beside it.

    Raises:
        QueryError: it cannot be understood.
        IndexUnavailableError: Elasticsearch does not answer.
    """
    node = parse(request.text, request.today)
    if node is None:
        return None, []
    if request.directory is not None:
        node = request.directory.resolved(node)
    elif any(isinstance(leaf, Filter) and leaf.field in _LOOKED_UP for leaf in leaves(node)):
        raise QueryError(
            lambda: _(
                "Accounts, departments, tags, requests and holds cannot be looked up here: search in the clerk's pages."
            )
        )
    ignored: list[str] = []
    kept = _searchable(client, node, ignored)
    if kept is None:
        raise QueryError(lambda: _("There is no word to search for in %(typed)s.", typed=quoted(" ".join(ignored))))
    return kept, ignored


def _searchable(client: Elasticsearch, node: Node, ignored: list[str]) -> Node | None:
    """Take out what the tokenizer makes nothing of, by asking it: a lone `&` would else match nothing at all."""
    match node:
        case And(parts) | Or(parts):
            kept = [each for part in parts if (each := _searchable(client, part, ignored)) is not None]
            return None if not kept else kept[0] if len(kept) == 1 else type(node)(tuple(kept))
        case Not(part):
            inner = _searchable(client, part, ignored)
            return None if inner is None else Not(inner)
        case Near(first, second) if not (_has_token(client, first) and _has_token(client, second)):
            raise QueryError(
                lambda: _(
                    "%(typed)s names a sign that nothing is kept of: write a word on either side of NEAR.",
                    typed=quoted(render(node)),
                )
            )
        case Word(text) | Phrase(text) if not _has_token(client, node):
            ignored.append(text)
            return None
        case other:
            return other


def _has_token(client: Elasticsearch, term: Word | Phrase) -> bool:
    if any(character.isalnum() for character in term.text):
        return True
    with translated("taking a word apart"):
        return bool(client.indices.analyze(text=term.text, analyzer="standard")["tokens"])


def _parts(
    client: Elasticsearch, index: str, node: Node | None, request: SearchRequest, *, alone: bool
) -> tuple[Part, ...]:
    """What can be taken away, each with what is left to type; with `alone`, how many records of the archive it has by itself,
    where something else was asked for besides.
    """
    parts = conjuncts(node)
    counts: list[int | None] = [None] * len(parts)
    narrowed = (request.account, request.account_id, request.platform, request.date_from, request.date_to)
    if alone and parts and (len(parts) > 1 or any(narrowed)):
        asked = [line for each in parts for line in ({"index": index}, _only_count(each, request))]
        with translated(f"counting in {index}"):
            answers = client.msearch(searches=asked).body["responses"]
        counts = [answer.get("hits", {}).get("total", {}).get("value") for answer in answers]
    return tuple(
        Part(clause(each, request), render(together([other for other in parts if other is not each])), counts[place])
        for place, each in enumerate(parts)
    )


def _only_count(node: Node, request: SearchRequest) -> dict[str, Any]:
    return {"size": 0, "track_total_hits": True, "query": compiler.counting(node, request)}


def _hints(node: Node | None) -> list[str]:
    """What may have been meant otherwise: operators in small letters are words."""
    small = [leaf.text for leaf in leaves(node) if isinstance(leaf, Word) and _OPERATORS.fullmatch(leaf.text)]
    return [
        _(
            "%(word)s was searched for as a word: write %(operator)s in capitals to use it as an operator.",
            word=quoted(word),
            operator=word.upper(),
        )
        for word in dict.fromkeys(small)
    ]


def _hit(hit: dict[str, Any], limits: Limits) -> Hit:
    source = hit["_source"]
    author = source.get("author", {})
    text = source.get("text")
    seen_on = [
        account for account in source.get("accounts", ()) if limits.accounts is None or account["id"] in limits.accounts
    ]
    accounts = tuple(dict.fromkeys(account["name"] for account in seen_on))
    state = (
        source["state"]
        if limits.accounts is None or not seen_on
        else derived((each["stream"], each["state"]) for each in seen_on)
    )
    inner = _version_of(hit)
    matched: dict[str, Any] = (
        inner["_source"] if inner else {"number": source.get("version_count") or None, "is_current": True}
    )
    return Hit(
        item_id=source["item_id"],
        item_public_id=uuid.UUID(source["public_id"]),
        platform=source["platform"],
        account=accounts[0] if accounts else None,
        accounts=accounts,
        url=source.get("url"),
        created_at=dt.datetime.fromisoformat(source["created_at"]) if "created_at" in source else None,
        author=author.get("handle") or author.get("platform_id"),
        author_name=author.get("name"),
        kind=source["kind"],
        state=state,
        title=source.get("title"),
        text=text,
        text_length=source.get("text_length", 0),
        highlight=highlight(inner.get("highlight", {}) if inner else {}, text or source.get("title") or ""),
        matched_version=matched["number"],
        is_current_match=matched["is_current"],
        revision=source["revision"],
        score=hit["_score"],
    )


def matched_version(hit: dict[str, Any]) -> int | None:
    """The number of the version that matched; None where nothing was asked of a version."""
    inner = _version_of(hit)
    return int(inner["_source"]["number"]) if inner else None


def _version_of(hit: dict[str, Any]) -> dict[str, Any] | None:
    """The version that matched; of several alternatives' the current one, else the latest."""
    found: list[dict[str, Any]] = [
        each
        for name, inner in hit.get("inner_hits", {}).items()
        if name.startswith(VERSION)
        for each in inner["hits"]["hits"]
    ]
    return max(found, key=lambda each: (each["_source"]["is_current"], each["_source"]["number"]), default=None)
