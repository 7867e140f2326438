"""Bluesky's records and views as items. Pure: JSON in, items out.

Sources: the lexicons app.bsky.feed.post, app.bsky.embed.*, app.bsky.richtext.facet, app.bsky.feed.defs,
app.bsky.actor.profile (bluesky-social/atproto, lexicons/). A post record has no edit mark; overwritten in place it keeps
its address and gets another CID, which is the fingerprint here.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from archiver.platforms import times
from archiver.platforms.items import (
    Item,
    ItemKind,
    Json,
    Media,
    Party,
    Reference,
    ReferenceKind,
    Source,
    State,
    Tombstone,
)

POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
PROFILE = "app.bsky.actor.profile"
_RAW_SHA256 = bytes([0x01, 0x55, 0x12, 0x20])
"""CIDv1, raw codec, sha2-256 of 32 bytes (multiformats tables)."""
_KNOWN = frozenset({"$type", "text", "facets", "reply", "embed", "langs", "labels", "tags", "createdAt", "entities"})
THREAD_GATE_FIELD, POST_GATE_FIELD = "thread_gate", "post_gate"
GATES = frozenset({THREAD_GATE_FIELD, POST_GATE_FIELD})
"""What the listing of the author's own repository alone is asked for (`bluesky_gates`): elsewhere it is unasked, not absent."""
_DEEPEST = 64
_LARGEST = 2**53
_COUNTS = {"replyCount": "replies", "repostCount": "reposts", "likeCount": "likes", "quoteCount": "quotes"}

Record = Mapping[str, Any]


def did_of(uri: str) -> str:
    """The DID of an AT-URI (`at://did/collection/rkey`)."""
    return uri.removeprefix("at://").split("/", 1)[0]


def rkey_of(uri: str) -> str:
    """The record key of an AT-URI."""
    return uri.rsplit("/", 1)[-1]


def web_address(uri: str) -> str | None:
    """Where a person sees the post: the app's page of it, by DID, which outlives a change of handle."""
    did, collection, rkey = uri.removeprefix("at://").split("/", 2)
    return f"https://bsky.app/profile/{did}/post/{rkey}" if collection == POST else None


def sha256_of_cid(cid: str) -> bytes | None:
    """The SHA-256 that a blob's CID states, or None where it states none (another codec or hash)."""
    if not cid.startswith("b"):
        return None
    body = cid[1:].upper()
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except binascii.Error:
        return None
    return raw[4:] if raw.startswith(_RAW_SHA256) and len(raw) == 4 + 32 else None


def post_item(uri: str, cid: str, record: Record, author: Party | None = None, **around: Any) -> Item:
    """A post or a reply. The kind follows from the record alone, so that every stream that meets it gives the same.

    A reply is a comment, but for an author who goes on below their own post (a thread). `around` are fields of `Item` that
    the record itself does not have (its place, its counts).
    """
    author = author or Party(did_of(uri))
    references, comment = _references(uri, record)
    facets = _list(record.get("facets"))
    links, mentions, tags = _features(facets)
    media, quote, embedded = _embed(record.get("embed"), author.id)
    if quote is not None:
        references = (*references, quote)
    evidence: dict[str, Json] = {}
    if record.get("facets"):
        evidence["facets"] = shallow(record["facets"])
    if embedded:
        evidence["embed"] = shallow(embedded)
    if record.get("labels"):
        evidence["labels"] = shallow(record["labels"])
    other = {name: value for name, value in record.items() if name not in _KNOWN}
    if other:
        evidence["other"] = shallow(other)
    created = _text(record.get("createdAt"))
    around.setdefault("not_requested", GATES)
    return Item(
        kind=ItemKind.COMMENT if comment else ItemKind.POST,
        id=uri,
        source=Source.API,
        author=author,
        text=_text(record.get("text")),
        created_text=created,
        created_at=times.rfc3339(created) if created else None,
        url=web_address(uri),
        languages=_texts(record.get("langs")),
        tags=(*tags, *_texts(record.get("tags"))),
        mentions=mentions,
        links=(*links, *_external(record.get("embed"))),
        media=media,
        references=references,
        fingerprint=cid,
        evidence=evidence,
        **around,
    )


def post_record(entry: Record, number: int) -> Item:
    """One entry of a listing of posts; `number` is its place there. Raises `KeyError` and the like for what is none."""
    uri = str(entry["uri"])
    place: dict[str, Any] = {"order_key": rkey_of(uri), "exchange": 0, "pointer": f"/records/{number}/value"}
    return post_item(uri, str(entry["cid"]), entry["value"], **place)


def repost_record(entry: Record, number: int) -> Item:
    """One entry of a listing of reposts, as `post_record`."""
    item = repost_item(str(entry["uri"]), str(entry["cid"]), entry["value"])
    return dataclasses.replace(item, exchange=0, pointer=f"/records/{number}")


def view_item(view: Record, **around: Any) -> Item:
    """A hydrated view (`postView`, or the `viewRecord` of a quote) as an item, with its counts and index time; `around` as in
    `post_item`.
    """
    uri = str(view["uri"])
    author = _dict(view.get("author"))
    party = Party(
        str(author.get("did") or did_of(uri)), _text(author.get("handle")), _text(author.get("displayName")) or None
    )
    indexed = _text(view.get("indexedAt"))
    return post_item(
        uri,
        str(view["cid"]),
        _dict(view.get("record") or view.get("value")),
        party,
        indexed_at=times.rfc3339(indexed) if indexed else None,
        counts=counts_of(view),
        **around,
    )


def counts_of(view: Record) -> dict[str, int]:
    """Likes, reposts, replies, quotes, as far as the view has them."""
    return {name: count for key, name in _COUNTS.items() if (count := whole_number(view.get(key))) is not None}


def whole_number(value: Any) -> int | None:
    """A count, or None for what is none, or is larger than a count can be."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST else None


def quoted(view: Record) -> Iterator[Item]:
    """The posts that a hydrated view shows inside itself (quotes); what they showed is kept as an item too."""
    embed = _dict(view.get("embed") or next(iter(_list(view.get("embeds"))), None))
    record = _dict(embed.get("record"))
    if "record" in record and "uri" not in record:  # recordWithMedia wraps the record view once more
        record = _dict(record["record"])
    if record.get("$type") == "app.bsky.embed.record#viewRecord" and f"/{POST}/" in str(record.get("uri")):
        yield view_item(record, sighted=False)


def repost_item(uri: str, cid: str, record: Record) -> Item:
    """A repost: an item of its own that points at what was reposted."""
    subject = _dict(record.get("subject"))
    created = _text(record.get("createdAt"))
    return Item(
        kind=ItemKind.REPOST,
        id=uri,
        source=Source.API,
        author=Party(did_of(uri)),
        created_text=created,
        created_at=times.rfc3339(created) if created else None,
        references=(Reference(ReferenceKind.REPOST_OF, str(subject.get("uri")), _text(subject.get("cid"))),),
        fingerprint=cid,
        order_key=rkey_of(uri),
    )


def profile_item(did: str, handle: str | None, cid: str | None, record: Record) -> Item:
    """The account's profile as an item; a change of handle is a version of it."""
    media = tuple(
        Media(id=cid_, kind="image", content_type=_text(blob.get("mimeType")), size=blob.get("size"), owner=did)
        for blob in (record.get("avatar"), record.get("banner"))
        if isinstance(blob, dict) and (cid_ := _blob_cid(blob)) is not None
    )
    created = _text(record.get("createdAt"))
    evidence: dict[str, Json] = {
        name: shallow(value)
        for name, value in record.items()
        if name not in {"$type", "displayName", "description", "avatar", "banner", "createdAt"}
    }
    if handle:
        evidence["handle"] = handle
    return Item(
        kind=ItemKind.PROFILE,
        id=profile_uri(did),
        source=Source.API,
        author=Party(did, handle, _text(record.get("displayName"))),
        title=_text(record.get("displayName")),
        text=_text(record.get("description")),
        created_text=created,
        created_at=times.rfc3339(created) if created else None,
        url=f"https://bsky.app/profile/{did}",
        media=media,
        fingerprint=cid,
        evidence=evidence,
    )


def profile_uri(did: str) -> str:
    """The id of an account's profile item."""
    return f"at://{did}/{PROFILE}/self"


def tombstone(node: Record) -> Tombstone | None:
    """The platform's word about a post it does not show in a thread, or None for any other node."""
    match node.get("$type"):
        case "app.bsky.feed.defs#notFoundPost":
            return Tombstone(str(node["uri"]), State.NOT_RETURNED, "notFoundPost: the platform does not find it")
        case "app.bsky.feed.defs#blockedPost":
            return Tombstone(str(node["uri"]), State.HIDDEN, "blockedPost: hidden by a block between two accounts")
        case _:
            return None


def _references(uri: str, record: Record) -> tuple[tuple[Reference, ...], bool]:
    reply = record.get("reply")
    if not isinstance(reply, dict):
        return (), False
    found = []
    for kind in (ReferenceKind.PARENT, ReferenceKind.ROOT):
        target = _dict(reply.get(kind.value))
        if isinstance(target.get("uri"), str):
            found.append(Reference(kind, target["uri"], _text(target.get("cid"))))
    own = did_of(uri)
    return tuple(found), any(did_of(reference.id) != own for reference in found)


def _features(facets: list[Any]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Links, mentioned DIDs and hashtags of rich text."""
    links: list[str] = []
    mentions: list[str] = []
    tags: list[str] = []
    targets = {"uri": links, "did": mentions, "tag": tags}
    for facet in facets:
        for feature in map(_dict, _list(_dict(facet).get("features"))):
            for name, into in targets.items():
                if isinstance(feature.get(name), str):
                    into.append(feature[name])
    return tuple(links), tuple(mentions), tuple(tags)


def _embed(  # noqa: PLR0911 - one return for each kind of embed
    embed: Any, did: str
) -> tuple[tuple[Media, ...], Reference | None, dict[str, Json]]:
    """Attachments, the quoted post, and what else the embed says."""
    if not isinstance(embed, dict):
        return (), None, {}
    match embed.get("$type"):
        case "app.bsky.embed.images":
            return _images(embed.get("images"), did), None, {}
        case "app.bsky.embed.video":
            return _video(embed, did), None, {}
        case "app.bsky.embed.record":
            return (), _quote(embed.get("record")), {}
        case "app.bsky.embed.recordWithMedia":
            media, _, rest = _embed(embed.get("media"), did)
            return media, _quote(_dict(embed.get("record")).get("record")), rest
        case "app.bsky.embed.external":
            external = dict(_dict(embed.get("external")))
            thumb = _dict(external.pop("thumb", None))
            cid = _blob_cid(thumb)
            media = (Media(id=cid, kind="image", content_type=_text(thumb.get("mimeType")), owner=did),) if cid else ()
            return media, None, {"external": external}
        case _:
            return (), None, dict(embed)


def _images(images: Any, did: str) -> tuple[Media, ...]:
    found = []
    for image in map(_dict, _list(images)):
        blob = _dict(image.get("image"))
        cid = _blob_cid(blob)
        if cid is not None:
            found.append(
                Media(cid, "image", None, _text(image.get("alt")), _text(blob.get("mimeType")), blob.get("size"), did)
            )
    return tuple(found)


def _video(embed: Record, did: str) -> tuple[Media, ...]:
    blobs = [("video", embed.get("video"), _text(embed.get("alt")))]
    captions = map(_dict, _list(embed.get("captions")))
    blobs += [("file", caption.get("file"), _text(caption.get("lang"))) for caption in captions]
    return tuple(
        Media(cid, kind, None, alt, _text(blob.get("mimeType")), blob.get("size"), did)
        for kind, blob, alt in blobs
        if isinstance(blob, dict) and (cid := _blob_cid(blob)) is not None
    )


def _quote(record: Any) -> Reference | None:
    if not isinstance(record, dict) or not isinstance(record.get("uri"), str):
        return None
    return Reference(ReferenceKind.QUOTE, record["uri"], _text(record.get("cid")))


def shared_post(embed: Any) -> Reference | None:
    """The post that a message shares (`app.bsky.embed.record#view`); None where it shares none, or something else."""
    record = _dict(_dict(embed).get("record"))
    return _quote(record) if f"/{POST}/" in str(record.get("uri")) else None


def _external(embed: Any) -> tuple[str, ...]:
    uri = _dict(_dict(embed).get("external")).get("uri")
    return (uri,) if isinstance(uri, str) else ()


def _blob_cid(blob: Record) -> str | None:
    """The CID of a blob, in the present form (`ref.$link`) or the old one (`cid`)."""
    reference = blob.get("ref")
    link = reference.get("$link") if isinstance(reference, dict) else blob.get("cid")
    return link if isinstance(link, str) else None


def _dict(value: Any) -> Record:
    """The object, or an empty one for what is none: records of strangers need not keep to their lexicon."""
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def shallow(value: Any) -> Any:
    """The value, or, where it is nested beyond reason, its JSON as text: what is kept must be readable by any reader."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
        if not level:
            return value
    return json.dumps(value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
