"""Records in the shapes of the Bluesky lexicons (app.bsky.feed.post, .repost, app.bsky.actor.profile)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from samplecity.ids import stamp
from samplecity.images import MIME, Picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
PROFILE = "app.bsky.actor.profile"
THREAD_GATE = "app.bsky.feed.threadgate"
POST_GATE = "app.bsky.feed.postgate"
GATES = (THREAD_GATE, POST_GATE)
BLOCK = "app.bsky.graph.block"

_TAG = re.compile(r"(?<!\w)#(\w+)")
_LINK = re.compile(r"https?://[^\s]+[\w/]")
_MENTION = re.compile(r"(?<!\w)@([\w.-]+\w)")

Ref = dict[str, str]


def facets(text: str, mentions: Mapping[str, str]) -> list[dict[str, Any]]:
    """Mark the links, hashtags and mentions of a text.

    Args:
        text: the post's text.
        mentions: DID by handle; a handle not in it is left unmarked.

    Returns:
        Facets in order, their index in UTF-8 bytes as the lexicon wants.
    """
    kind = "app.bsky.richtext.facet#"
    found = [(*one.span(), {"$type": kind + "link", "uri": one[0]}) for one in _LINK.finditer(text)]
    found += [(*one.span(), {"$type": kind + "tag", "tag": one[1]}) for one in _TAG.finditer(text)]
    found += [
        (*one.span(), {"$type": kind + "mention", "did": mentions[one[1]]})
        for one in _MENTION.finditer(text)
        if one[1] in mentions
    ]
    return [
        {"index": {"byteStart": _bytes(text[:start]), "byteEnd": _bytes(text[:end])}, "features": [feature]}
        for start, end, feature in sorted(found, key=lambda one: one[0])
    ]


def _bytes(text: str) -> int:
    return len(text.encode())


def blob(picture: Picture) -> dict[str, Any]:
    """Refer to an uploaded picture as a record does."""
    return {"$type": "blob", "ref": {"$link": picture.cid}, "mimeType": MIME, "size": len(picture.data)}


def images(pictures: Sequence[tuple[Picture, str]]) -> dict[str, Any]:
    """Embed pictures, each with its alt text."""
    return {
        "$type": "app.bsky.embed.images",
        "images": [
            {"alt": alt, "image": blob(one), "aspectRatio": {"width": one.width, "height": one.height}}
            for one, alt in pictures
        ],
    }


def quote(target: Ref, media: dict[str, Any] | None = None) -> dict[str, Any]:
    """Embed another post, alone or beside media."""
    record = {"$type": "app.bsky.embed.record", "record": target}
    if media is None:
        return record
    return {"$type": "app.bsky.embed.recordWithMedia", "record": record, "media": media}


def card(uri: str, title: str, description: str) -> dict[str, Any]:
    """Embed a link's card."""
    external = {"uri": uri, "title": title, "description": description}
    return {"$type": "app.bsky.embed.external", "external": external}


def post(
    text: str,
    at: datetime,
    *,
    langs: Sequence[str] = ("en",),
    reply: tuple[Ref, Ref] | None = None,
    embed: dict[str, Any] | None = None,
    mentions: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Make a post record.

    Args:
        text: what it says.
        at: the declared time of creation, with zone.
        langs: language tags.
        reply: (root, parent) strong references when it is a reply.
        embed: one of the embeds above.
        mentions: DID by handle for `@handle` in the text.
    """
    record: dict[str, Any] = {"$type": POST, "text": text, "createdAt": stamp(at), "langs": list(langs)}
    marks = facets(text, mentions or {})
    if marks:
        record["facets"] = marks
    if reply:
        record["reply"] = {"root": reply[0], "parent": reply[1]}
    if embed:
        record["embed"] = embed
    return record


def repost(target: Ref, at: datetime) -> dict[str, Any]:
    """Make a repost record."""
    return {"$type": REPOST, "subject": target, "createdAt": stamp(at)}


def profile(name: str, description: str, at: datetime) -> dict[str, Any]:
    """Make a profile record."""
    return {"$type": PROFILE, "displayName": name, "description": description, "createdAt": stamp(at)}


def thread_gate(
    post_uri: str, at: datetime, *, allow: Sequence[str] | None = None, hidden: Sequence[str] = ()
) -> dict[str, Any]:
    """Make the gate of a thread: who may reply (names of rules; none at all is nobody, None everybody), and what is hidden."""
    gate: dict[str, Any] = {"$type": THREAD_GATE, "post": post_uri, "createdAt": stamp(at)}
    if allow is not None:
        gate["allow"] = [{"$type": f"{THREAD_GATE}#{name}Rule"} for name in allow]
    if hidden:
        gate["hiddenReplies"] = list(hidden)
    return gate


def post_gate(post_uri: str, at: datetime, *, detached: Sequence[str] = (), closed: bool = False) -> dict[str, Any]:
    """Make the gate of a post: quotes it was detached from, and whether nobody may quote it."""
    gate: dict[str, Any] = {"$type": POST_GATE, "post": post_uri, "createdAt": stamp(at)}
    if detached:
        gate["detachedEmbeddingUris"] = list(detached)
    if closed:
        gate["embeddingRules"] = [{"$type": f"{POST_GATE}#disableRule"}]
    return gate


def block(did: str, at: datetime) -> dict[str, Any]:
    """Make the record by which an account blocks another."""
    return {"$type": BLOCK, "subject": did, "createdAt": stamp(at)}


def gate_uri(post_uri: str, collection: str) -> str:
    """Give the address of a post's gate: in the same repository, under the same key."""
    did, _, rkey = post_uri.removeprefix("at://").split("/")
    return f"at://{did}/{collection}/{rkey}"


def gate_rules(thread: Mapping[str, Any], post: Mapping[str, Any]) -> dict[str, Any]:
    """Give what two gates say of who may answer and quote; empty where that is everybody."""
    rules: dict[str, Any] = {}
    if "allow" in thread:
        rules["thread_gate"] = {"allow": thread["allow"]}
    if said := {name: post[name] for name in ("embeddingRules", "detachedEmbeddingUris") if name in post}:
        rules["post_gate"] = said
    return rules


def pictures_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the image entries of a record's embed, in order."""
    embed = record.get("embed") or {}
    media = embed.get("media", embed)
    return list(media.get("images", ()))


def quoted(record: Mapping[str, Any]) -> str | None:
    """Give the address of the post a record quotes."""
    embed = record.get("embed") or {}
    if embed.get("$type") == "app.bsky.embed.record":
        return str(embed["record"]["uri"])
    if embed.get("$type") == "app.bsky.embed.recordWithMedia":
        return str(embed["record"]["record"]["uri"])
    return None
