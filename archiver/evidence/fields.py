"""The evidence fields of an item: what it said, and nothing that changes by itself.

In: text, author's id, declared times, links, attachments by the platform's id, references. Out: counters, handles and names
(they change with the account, not with the item), media addresses (they are signed anew each day) and everything that
only says when or how we looked.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping

import orjson
import rfc8785

from archiver.platforms.items import ALT_TEXTS, CAPTIONS, Item, Json, Media, described

Fields = Mapping[str, Json]
ROOT = "root"
"""Among what was not requested: see `carried_over`."""
TRACK = "file"
"""The kind of medium that a track of captions is."""
_ASTRAL = re.compile(rb"[\xf0-\xf4]")
"""The first byte, in UTF-8, of a character beyond U+FFFF."""


def evidence_fields(item: Item) -> dict[str, Json]:
    """The item's evidence as a JSON object. A field that the platform did not state is absent, never empty.

    Numbers are written as text, since RFC 8785 would round an integer beyond 2^53.
    """
    fields: dict[str, Json] = {"kind": item.kind.value}
    optional: dict[str, Json] = {
        "author": item.author.id if item.author else None,
        "title": item.title,
        "text": item.text,
        "html": item.html,
        "created": item.created_text,
        "edited": item.edited_text,
        "fingerprint": item.fingerprint,
    }
    fields.update({name: value for name, value in optional.items() if value is not None})
    listed: dict[str, list[Json]] = {
        "languages": list(item.languages),
        "tags": list(item.tags),
        "mentions": list(item.mentions),
        "links": list(item.links),
        "media": [_media(medium.id, medium.kind, medium.alt_text) for medium in item.media],
        "references": [_reference(ref.kind.value, ref.id, ref.fingerprint) for ref in item.references],
    }
    fields.update({name: value for name, value in listed.items() if value})
    fields.update({name: _textual(value) for name, value in item.evidence.items() if value is not None})
    return fields


def _media(identity: str, kind: str, alt_text: str | None) -> Json:
    medium: dict[str, Json] = {"id": identity, "kind": kind}
    if alt_text is not None:
        medium["alt"] = alt_text
    return medium


def _reference(kind: str, identity: str, fingerprint: str | None) -> Json:
    reference: dict[str, Json] = {"kind": kind, "id": identity}
    if fingerprint is not None:
        reference["fingerprint"] = fingerprint
    return reference


def _textual(value: Json) -> Json:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return [_textual(each) for each in value]
    return {name: _textual(each) for name, each in value.items()}


def carried_over(fields: Fields, earlier: Fields, not_requested: frozenset[str]) -> dict[str, Json]:
    """The fields, with those that were not asked for taken from the earlier version: not asked is not empty.

    `captions` stands for the tracks among the media, too, and `alt_texts` for the alternative text in the words of each medium.

    `root` stands for the reference to a conversation's first item, where a platform does not tell it and it is the topmost that
    was there: that one goes, and the next becomes the topmost, without anybody having said anything else.
    """
    merged = dict(fields)
    merged.update({name: earlier[name] for name in not_requested if name in earlier})
    if not_requested & {CAPTIONS, ALT_TEXTS} and "media" not in not_requested:
        media = _media_carried(fields, earlier, not_requested)
        if media:
            merged["media"] = media
    if ROOT in not_requested and _of_kind(earlier, "parent"):
        place, root = next(iter(_of_kind(earlier, "root")), (0, None))
        references = [each for _, each in _references(merged) if each["kind"] != "root"]
        if root is not None:
            references.insert(place, root)
        merged["references"] = [dict(each) for each in references]
        if not references:
            del merged["references"]
    return merged


def _media_carried(fields: Fields, earlier: Fields, not_requested: frozenset[str]) -> list[Json]:
    shown = _objects(fields.get("media"))
    told = _objects(earlier.get(ALT_TEXTS)) if ALT_TEXTS in not_requested else []
    texts = {each.get("id"): _text(each, "text") for each in told}
    media: list[Json] = []
    for each in shown:
        words = described(texts.get(each.get("id")), _text(each, "alt"))
        media.append({**each, "alt": words} if words else each)
    if CAPTIONS in not_requested:
        there = {each.get("id") for each in shown}
        tracks = [each for each in _objects(earlier.get("media")) if each.get("kind") == TRACK]
        media += [each for each in tracks if each.get("id") not in there]
    return media


def media_of(fields: Fields, item: Item) -> tuple[Media, ...]:
    """The media that the fields of a version of this item name: its own, and those that were carried over, by their ids alone."""
    known = {medium.id: medium for medium in item.media}
    return tuple(
        dataclasses.replace(known.get(identity) or Media(identity, str(each.get("kind"))), alt_text=_text(each, "alt"))
        for each in _objects(fields.get("media"))
        for identity in [str(each.get("id"))]
    )


def _objects(listed: Json) -> list[dict[str, Json]]:
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _text(record: Mapping[str, Json], name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) else None


def _references(fields: Fields) -> list[tuple[int, dict[str, Json]]]:
    listed = fields.get("references")
    return [(n, each) for n, each in enumerate(listed if isinstance(listed, list) else ()) if isinstance(each, dict)]


def _of_kind(fields: Fields, kind: str) -> list[tuple[int, dict[str, Json]]]:
    return [(place, each) for place, each in _references(fields) if each.get("kind") == kind]


def canonical(value: Json | Fields) -> bytes:
    """RFC 8785 canonical JSON of evidence, which holds no numbers (`evidence_fields` writes them as text).

    orjson writes the same bytes, thirty times as fast, but for two cases: numbers, and keys beyond the Basic Multilingual
    Plane, which it sorts by code point where RFC 8785 section 3.2.3 sorts by UTF-16 unit. Where such a key occurs, the slow
    and certain way is gone. Raises `ValueError` for what JSON cannot hold (a lone surrogate).
    """
    try:
        written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise ValueError(f"evidence that JSON cannot hold: {error}") from error
    if written.isascii() or not _ASTRAL.search(written) or not _astral_key(value):
        return written
    return rfc8785.dumps(value)


def _astral_key(value: Json | Fields) -> bool:
    """Whether any key, however deep, holds a character beyond U+FFFF."""
    if isinstance(value, Mapping):
        return any(max(key, default="") > "\uffff" or _astral_key(each) for key, each in value.items())
    return isinstance(value, list) and any(map(_astral_key, value))


def content_hash(fields: Fields) -> bytes:
    """SHA-256 over the canonical JSON of the evidence fields. For our own comparison only: it is not salted, and the
    digest of a short text can be guessed, so it leaves in no proof, receipt or production.
    """
    return hashlib.sha256(canonical(fields)).digest()
