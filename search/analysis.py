"""How texts are taken apart: exactly as written, and by language; with what the cluster at hand really has.

A text is indexed twice. The exact field holds every word in lower case, stop words too: what a quoted phrase is
compared with. One field per language holds word stems: what an unquoted word is compared with besides, whatever
language the platform declares, as clients declare it wrongly. A full Elasticsearch brings stemmers; the embedded one
brings hunspell and the archive its dictionaries; Tagalog has neither and is found exactly.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import elasticsearch

from archiver.i18n.translation import _, marked
from search.errors import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from elasticsearch import Elasticsearch

EXACT = "exact"
LANGUAGES: Mapping[str, str] = {"en": marked("English"), "es": marked("Spanish")}
"""Languages that have a stemmed field, by code. The fields exist on every cluster, so that queries need not ask."""

CLUSTER, HUNSPELL, NONE = "cluster", "hunspell", "none"

_FILTERS: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]] = {
    # The light stemmers: the heavier ones make "organ" of "organization".
    CLUSTER: {
        "en": (
            {"type": "stemmer", "language": "possessive_english"},
            {"type": "stemmer", "language": "light_english"},
        ),
        "es": ({"type": "stemmer", "language": "light_spanish"},),
    },
    HUNSPELL: {
        "en": ({"type": "hunspell", "locale": "en_US", "dedup": True},),
        "es": ({"type": "hunspell", "locale": "es_ES", "dedup": True},),
    },
}
_PROBES: Mapping[str, tuple[str, str]] = {"en": ("potholes", "pothole"), "es": ("baches", "bache")}


_HOW: Mapping[str, Callable[[str], str]] = {
    CLUSTER: lambda language: _(
        "%(language)s: words are found in their other forms (the cluster's own stemmer).", language=language
    ),
    HUNSPELL: lambda language: _(
        "%(language)s: words are found in their other forms (by dictionary).", language=language
    ),
    NONE: lambda language: _(
        "%(language)s: words are found only as written; this cluster has neither a stemmer nor a dictionary.",
        language=language,
    ),
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an index can do: per language `cluster`, `hunspell` or `none`, and whether accents may be left out."""

    stemming: Mapping[str, str]
    accent_folding: bool

    def sentences(self) -> tuple[str, ...]:
        """What the status page says about it, a sentence each."""
        return (
            *(_HOW[self.stemming.get(code, NONE)](_(name)) for code, name in LANGUAGES.items()),
            _("Other languages: words are found only as written."),
            _("Unquoted words are found with or without their accents.")
            if self.accent_folding
            else _("In whole words accents count: this cluster cannot leave them out of a comparison."),
            _(
                "Beginnings of words, as pothol*, are found with or without their accents; among similar spellings, as pothle~, "
                "an accent counts as a letter that differs."
            ),
        )

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**asdict(self), "stemming": dict(self.stemming)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Capabilities:
        """Read what `as_json` gave."""
        return cls({str(code): str(how) for code, how in data["stemming"].items()}, bool(data["accent_folding"]))


def probe(client: Elasticsearch) -> Capabilities:
    """Try out what the cluster can do, by asking it to take words apart.

    Raises:
        IndexUnavailableError: it does not answer.
    """
    stemming = {}
    for code, (form, other) in _PROBES.items():
        stemming[code] = next((how for how in (CLUSTER, HUNSPELL) if _agree(client, how, code, form, other)), NONE)
    return Capabilities(stemming, _tokens(client, "Bahía", ["lowercase", "asciifolding"]) == ["bahia"])


def _agree(client: Elasticsearch, how: str, code: str, *forms: str) -> bool:
    filters: list[str | Mapping[str, Any]] = ["lowercase", *_FILTERS[how][code]]
    stems = [_tokens(client, form, filters) for form in forms]
    return bool(stems[0]) and all(stem == stems[0] for stem in stems)


def _tokens(client: Elasticsearch, text: str, filters: Sequence[str | Mapping[str, Any]]) -> list[str]:
    with translated("asking what this cluster can do"), contextlib.suppress(elasticsearch.BadRequestError):
        answer = client.indices.analyze(text=text, tokenizer="standard", filter=list(filters))
        return [token["token"] for token in answer["tokens"]]
    return []


def stem_field(field: str, code: str) -> str:
    """The name of a text field's stemmed form in one language."""
    return f"{field}.{code}"


def analysis_settings(capabilities: Capabilities) -> dict[str, Any]:
    """The `analysis` part of an index's settings: `exact`, and one analyzer for each of `LANGUAGES`.

    The standard tokenizer (UAX #29) keeps emoji; it drops `#` and `@`, which is why hashtags, handles and links have
    keyword fields of their own.
    """
    filters: dict[str, Any] = {}
    analyzers: dict[str, Any] = {EXACT: {"type": "custom", "tokenizer": "standard", "filter": ["lowercase"]}}
    for code in LANGUAGES:
        chain = ["lowercase"]
        how = capabilities.stemming.get(code, NONE)
        for number, definition in enumerate(_FILTERS.get(how, {}).get(code, ())):
            name = f"{code}_{how}_{number}"
            filters[name] = dict(definition)
            chain.append(name)
        if capabilities.accent_folding:
            chain.append("asciifolding")
        analyzers[code] = {"type": "custom", "tokenizer": "standard", "filter": chain}
    return {"filter": filters, "analyzer": analyzers}
