"""The index: one document per item, its current version on top, every version nested, so that AND holds within one.

`dynamic: strict`: a field that is not named here is refused, never guessed at.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from search.analysis import EXACT, LANGUAGES, analysis_settings

if TYPE_CHECKING:
    from search.analysis import Capabilities

CONTENT = 2
"""Which definition of what stands in the fields an index is by, `search.documents`: one more where that puts something else into
them, so that an index made before is noticed and built anew."""
_KEYWORD: dict[str, Any] = {"type": "keyword"}
_LONG: dict[str, Any] = {"type": "long"}
_BOOLEAN: dict[str, Any] = {"type": "boolean"}
_DATE: dict[str, Any] = {"type": "date", "format": "strict_date_optional_time||epoch_millis"}
_SHOWN: dict[str, Any] = {"type": "keyword", "index": False, "doc_values": False}
"""Kept for the results page, not searched."""
_DEFAULTS = {"type": "object", "index_options": "positions", "format": _DATE["format"]}


def _text() -> dict[str, Any]:
    # Highlighting reads the offsets instead of taking the text apart again, however long it is.
    stems = {code: {"type": "text", "analyzer": code, "index_options": "offsets"} for code in LANGUAGES}
    return {"type": "text", "analyzer": EXACT, "index_options": "offsets", "fields": stems}


def _object(kind: str = "object", **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "dynamic": "strict", "properties": properties}


def _author() -> dict[str, Any]:
    return _object(party=_LONG, platform_id=_KEYWORD, handle=_KEYWORD, name=_KEYWORD, is_city=_BOOLEAN)


def _properties() -> dict[str, Any]:
    return {
        "item_id": _LONG,
        "public_id": _KEYWORD,
        "platform": _KEYWORD,
        "namespace": _KEYWORD,
        "platform_id": _KEYWORD,
        "kind": _KEYWORD,
        "state": _KEYWORD,
        "revision": _LONG,
        "parent_id": _KEYWORD,
        "root_id": _KEYWORD,
        "refers_to_id": _KEYWORD,
        "created_at": _DATE,
        "first_seen_at": _DATE,
        "account_keys": _KEYWORD,
        "through": _KEYWORD,
        "account_states": _KEYWORD,
        "accounts": _object(id=_KEYWORD, name=_SHOWN, department=_KEYWORD, stream=_KEYWORD, state=_KEYWORD),
        "counts": {"type": "object", "enabled": False},
        "types": _KEYWORD,
        "edited": _BOOLEAN,
        "clerk_tags": _KEYWORD,
        "author_keys": _KEYWORD,
        "author_names": {"type": "text", "analyzer": EXACT, "index_options": "positions"},
        # The current version, for the results page and for facets; words are searched in `versions`.
        "number": _LONG,
        "author": _author(),
        "url": _SHOWN,
        "title": _SHOWN,
        "text": _SHOWN,
        "text_length": _LONG,
        "edited_at": _DATE,
        "languages": _KEYWORD,
        "tags": _KEYWORD,
        "has": _KEYWORD,
        "version_count": _LONG,
        "versions": _object(
            "nested",
            number=_LONG,
            id=_KEYWORD,
            source=_KEYWORD,
            is_current=_BOOLEAN,
            captured_at=_DATE,
            created_at=_DATE,
            edited_at=_DATE,
            title=_text(),
            text=_text(),
            alt=_text(),
            author=_author(),
            url=_SHOWN,
            languages=_KEYWORD,
            tags=_KEYWORD,
            mentions=_KEYWORD,
            links=_KEYWORD,
            has=_KEYWORD,
            flags=_KEYWORD,
        ),
        "states": _object(
            "nested",
            state=_KEYWORD,
            words=_SHOWN,
            observed_at=_DATE,
            by_lookup=_BOOLEAN,
            account=_KEYWORD,
            stream=_KEYWORD,
        ),
    }


def normal(definition: Any) -> Any:
    """Mappings or settings without what says nothing, to be compared: Elasticsearch gives back no default, nothing empty, and
    every value of a setting as a text.
    """
    if isinstance(definition, dict):
        return {
            name: normal(value)
            for name, value in definition.items()
            if value != {} and (name not in _DEFAULTS or value != _DEFAULTS[name])
        }
    if isinstance(definition, list):
        return [normal(each) for each in definition]
    return str(definition).lower() if isinstance(definition, bool) else str(definition)


def index_body(capabilities: Capabilities, *, shards: int = 1) -> dict[str, Any]:
    """Settings and mappings of a new index. `_meta` says with what capabilities and by which definition it was made.

    Args:
        capabilities: what the cluster can do, from `search.analysis.probe`.
        shards: primary shards.
    """
    settings = {
        "number_of_shards": shards,
        "auto_expand_replicas": "0-1",  # one copy where there is a second node to hold it
        "refresh_interval": "1s",
        # An item holds one nested object per version and per state, and a hot one thousands in the course of years.
        "mapping.nested_objects.limit": 1_000_000,
        "analysis": analysis_settings(capabilities),
    }
    mappings = {"dynamic": "strict", "properties": _properties()}
    definition = json.dumps([settings["analysis"], mappings, CONTENT], sort_keys=True)
    fingerprint = hashlib.sha256(definition.encode()).hexdigest()
    meta = {"fingerprint": fingerprint, "capabilities": capabilities.as_json()}
    return {"settings": settings, "mappings": {**mappings, "_meta": meta}}
