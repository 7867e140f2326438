"""Posts and replies on Threads as items. Pure: JSON in, items out.

Sources: developers.facebook.com/docs/threads (reference/user, reference/reply-management). Nothing marks an edit, nobody but the
account has an id: others are known by their names.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import id_of, text_of
from archiver.platforms.graph_media import portrait
from archiver.platforms.graph_times import moment_of, place_in_listing
from archiver.platforms.instagram_items import author_of
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Reference, ReferenceKind, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OWN = (
    "id,media_product_type,media_type,media_url,permalink,owner{id},username,text,timestamp,shortcode,thumbnail_url,is_quote_post,"
    "alt_text,link_attachment_url,gif_url,topic_tag,text_attachment,poll_attachment"
)
_SHOWN = "id,media_type,media_url,permalink,username,text,timestamp,alt_text,is_reply"
POST_FIELDS = (
    f"{_OWN},has_replies,reply_audience,children{{id,media_type,media_url,alt_text}},"
    f"quoted_post{{{_SHOWN}}},reposted_post{{{_SHOWN}}}"
)
REPLY_FIELDS = (
    f"{POST_FIELDS},is_reply,is_reply_owned_by_me,hide_status,reply_approval_status,"
    f"root_post{{{_SHOWN}}},replied_to{{{_SHOWN}}}"
)
PROFILE_FIELDS = "id,username,name,threads_profile_picture_url,threads_biography,is_verified"
SAYS = {
    **dict.fromkeys(("root_post", "replied_to", "quoted_post", "reposted_post", "is_reply"), ("references",)),
    "text": ("text",),
    "threads_biography": ("text",),
    **dict.fromkeys(("children", "threads_profile_picture_url"), ("media",)),
    "link_attachment_url": ("links",),
    "topic_tag": ("tags",),
    "poll_attachment": ("poll",),
    "timestamp": ("created",),
    "name": ("title",),
}
"""Which evidence comes from a field, and from no other."""
_HIDDEN = {
    "HIDDEN": "hidden by the account (HIDDEN)",
    "COVERED": "covered by the platform (COVERED)",
    "BLOCKED": "its author is blocked by the account (BLOCKED)",
    "RESTRICTED": "its author is restricted by the account (RESTRICTED)",
}
_WAITS = {"pending": "held for approval (pending)", "ignored": "not approved by the account (ignored)"}
_MEDIA = {"IMAGE": "image", "VIDEO": "video", "AUDIO": "audio"}
_REPOST = "REPOST_FACADE"
REFERENCES = frozenset({"references"})


def post_item(
    post: Mapping[str, Any], mine: Party, root: str | None = None, *, own: bool = True, **around: Any
) -> Item:
    """A post, a reply (a comment), or a repost. Raises `KeyError`, `TypeError` for what is none.

    Args:
        post: The entity.
        mine: The account.
        root: The post below which it was found.
        own: Whether one that does not say whose it is is the account's.
        around: Further fields of the item, of which the order key is made here unless it is given.
    """
    identity = id_of(post)
    created, at = moment_of(post, "timestamp")
    around.setdefault("order_key", place_in_listing(at, identity))
    common: dict[str, Any] = {
        "id": identity,
        "source": Source.API,
        "author": author_of(post, mine, own=own),
        "created_text": created,
        "created_at": at,
        "url": text_of(post, "permalink"),
        **around,
    }
    if text_of(post, "media_type") == _REPOST:
        target = post.get("reposted_post")
        told = isinstance(target, dict)
        reposted = (Reference(ReferenceKind.REPOST_OF, id_of(target)),) if isinstance(target, dict) else ()
        return Item(
            kind=ItemKind.REPOST, references=reposted, not_requested=frozenset() if told else REFERENCES, **common
        )
    reply = post.get("is_reply") is True or root is not None
    references, known = _references(post, reply=reply, root=root)
    link = text_of(post, "link_attachment_url")
    tag = text_of(post, "topic_tag")
    return Item(
        kind=ItemKind.COMMENT if reply else ItemKind.POST,
        text=_text(post),
        links=(link,) if link else (),
        tags=(tag,) if tag else (),
        media=tuple(_files(post)),
        references=references,
        not_requested=frozenset() if known else REFERENCES,
        evidence=_poll(post),
        hidden=_hidden(post),
        **common,
    )


def inside(post: Mapping[str, Any], mine: Party, exchange: int, pointer: str) -> Iterator[Item]:
    """What an entry shows of others: what it quotes, reposts or answers. Kept, but no member of the stream.

    What stands below the account's own posts is not taken from here: their conversations tell more of it.
    """
    root = post.get("root_post")
    elsewhere = isinstance(root, dict) and root.get("username") != mine.handle
    for name in ("quoted_post", "reposted_post", *(("root_post", "replied_to") if elsewhere else ())):
        shown = post.get(name)
        if isinstance(shown, dict) and shown.get("timestamp") and shown.get("username") != mine.handle:
            item = post_item(shown, mine, own=False, exchange=exchange, pointer=f"{pointer}/{name}", sighted=False)
            yield dataclasses.replace(item, not_requested=REFERENCES)


def profile_item(user: Mapping[str, Any], **around: Any) -> Item:
    """The account's own description."""
    identity, username, name = id_of(user), text_of(user, "username"), text_of(user, "name")
    return Item(
        kind=ItemKind.PROFILE,
        id=f"profile:{identity}",
        source=Source.API,
        author=Party(identity, username, name),
        title=name,
        text=text_of(user, "threads_biography"),
        url=f"https://www.threads.com/@{username}" if username else None,
        media=portrait(text_of(user, "threads_profile_picture_url")),
        evidence={"is_verified": True} if user.get("is_verified") is True else {},
        **around,
    )


def _references(post: Mapping[str, Any], *, reply: bool, root: str | None) -> tuple[tuple[Reference, ...], bool]:
    """What a post points at, and whether all of it is told: what is gone is left out."""
    found: list[Reference] = []
    known = True
    if reply:
        above, first = post.get("replied_to"), post.get("root_post")
        known = isinstance(above, dict) and (isinstance(first, dict) or root is not None)
        if isinstance(above, dict):
            found.append(Reference(ReferenceKind.PARENT, id_of(above)))
        top = id_of(first) if isinstance(first, dict) else root
        if top is not None:
            found.append(Reference(ReferenceKind.ROOT, top))
    quoted = post.get("quoted_post")
    if isinstance(quoted, dict):
        found.append(Reference(ReferenceKind.QUOTE, id_of(quoted)))
    elif post.get("is_quote_post") is True:
        known = False
    return tuple(found), known


def _text(post: Mapping[str, Any]) -> str | None:
    """The words; a long text that is attached stands below them."""
    text = text_of(post, "text")
    attached = post.get("text_attachment")
    more = text_of(attached, "plaintext") if isinstance(attached, dict) else None
    return "\n\n".join(filter(None, (text, more))) if more else text


def _poll(post: Mapping[str, Any]) -> dict[str, Json]:
    """What a poll asks; its votes are no part of what was said."""
    poll = post.get("poll_attachment")
    options = [text for name in "abcd" if isinstance(poll, dict) and (text := text_of(poll, f"option_{name}"))]
    return {"poll": {"options": list(options)}} if options else {}


def _hidden(post: Mapping[str, Any]) -> str | None:
    waits = _WAITS.get(str(post.get("reply_approval_status")))
    return _HIDDEN.get(str(post.get("hide_status"))) or waits


def _files(post: Mapping[str, Any]) -> Iterator[Media]:
    children = post.get("children")
    listed = children.get("data") if isinstance(children, dict) else None
    for each in listed or [post]:
        kind = _MEDIA.get(str(each.get("media_type") or post.get("media_type")))
        if kind is not None:
            address, words = text_of(each, "media_url"), text_of(each, "alt_text")
            yield Media(id=id_of(each), kind=kind, url=address, alt_text=words or None)
    if gif := text_of(post, "gif_url"):
        yield Media(id=gif, kind="image", url=gif)
