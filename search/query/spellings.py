"""Spellings that the archive has of words that it has not.

Elasticsearch suggests from the words of the whole index. For whoever sees a part of the archive each word is therefore counted
within that part: one that they cannot find is suggested for as if nobody had it, and no spelling is shown that finds nothing.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from search.errors import translated
from search.query import compile as compiler
from search.query.model import Fuzzy, Phrase, Word
from search.query.tree import wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from elasticsearch import Elasticsearch

    from search.query.model import Node, SearchRequest

_SHOWN, _LOOKED_AT = 3, 20
"""How many are shown in all; how many are looked at for each word where some may not be shown."""
_WORDS = 10


@dataclasses.dataclass(frozen=True, slots=True)
class _Spelling:
    """A word as the archive has it, and how many records have it."""

    text: str
    score: float
    records: int


def similar(client: Elasticsearch, index: str, node: Node | None, request: SearchRequest) -> tuple[str, ...]:
    """Spellings of the words that were searched for, the likeliest first.

    Args:
        client: from `search.client.client_for`.
        index: what was searched, or several with commas.
        node: what was searched for.
        request: for the limits of whoever asks.

    Raises:
        IndexUnavailableError, SearchError: as for a search.
    """
    words = list(dict.fromkeys(leaf.text for leaf in wanted(node) if isinstance(leaf, Word | Fuzzy)))[:_WORDS]
    if not words:
        return ()
    if request.limits.accounts is None:
        suggested = _suggested(client, index, words, mode="missing", size=_SHOWN)
        found = [each for spellings in suggested for each in spellings]
    else:
        found = _within(client, index, words, request)
    best = sorted(found, key=lambda each: (-each.score, -each.records))
    return tuple(dict.fromkeys(each.text for each in best))[:_SHOWN]


def _within(client: Elasticsearch, index: str, words: Sequence[str], request: SearchRequest) -> list[_Spelling]:
    suggested = _suggested(client, index, words, mode="always", size=_LOOKED_AT)
    counts = _counts(client, index, {*words, *(each.text for spellings in suggested for each in spellings)}, request)
    return [
        dataclasses.replace(each, records=counts[each.text])
        for word, spellings in zip(words, suggested, strict=True)
        if not counts[word]
        for each in spellings
        if counts[each.text]
    ]


def _suggested(
    client: Elasticsearch, index: str, words: Sequence[str], *, mode: str, size: int
) -> list[list[_Spelling]]:
    """What the index suggests for each word; `mode`: for words that it lacks (`missing`), or for any (`always`)."""
    term = {"field": "versions.text", "suggest_mode": mode, "size": size, "min_word_length": 3}
    asked = {f"w{number}": {"text": word, "term": term} for number, word in enumerate(words)}
    with translated(f"looking for spellings in {index}"):
        answer = client.search(index=index, size=0, suggest=asked).body["suggest"]
    return [
        [
            _Spelling(option["text"], option["score"], option["freq"])
            for entry in answer[name]
            for option in entry["options"]
        ]
        for name in asked
    ]


def _counts(client: Elasticsearch, index: str, words: Iterable[str], request: SearchRequest) -> dict[str, int]:
    """How many records have each word, spelt just so, within the limits."""
    every = sorted(words)
    asked: list[dict[str, Any]] = []
    for word in every:
        asked += [
            {"index": index},
            {"size": 0, "track_total_hits": True, "query": compiler.counting(Phrase(word), request)},
        ]
    with translated(f"counting in {index}"):
        answers = client.msearch(searches=asked).body["responses"]
    # One that cannot be counted is not shown.
    counts = (answer.get("hits", {}).get("total", {}).get("value", 0) for answer in answers)
    return dict(zip(every, counts, strict=True))
