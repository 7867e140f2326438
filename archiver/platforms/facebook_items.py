"""Facebook's posts, comments, messages and pages as items. Pure: JSON in, items out.

Sources: the field classes of facebook-python-business-sdk (PagePost, Comment, UnifiedThread, Page), and recorded answers of
python-facebook. There is no mark of an edit: versions are told by what an item says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import id_of, number_of, stated, text_of
from archiver.platforms.facebook_attached import attached
from archiver.platforms.graph_fields import untold
from archiver.platforms.graph_media import sent, stable
from archiver.platforms.graph_times import moment_of, place_in_listing, place_of
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Reference, ReferenceKind, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HIDDEN = "hidden by the page"
_ATTACHED = (
    "attachments{description,media_type,media,target,title,type,unshimmed_url,url,"
    "subattachments.limit(100){description,media_type,media,target,title,type,unshimmed_url,url}}"
)
POST_FIELDS = (
    "id,message,message_tags,story,created_time,backdated_time,is_published,is_hidden,status_type,permalink_url,from,parent_id,"
    f"place,privacy,shares,{_ATTACHED},comments.filter(stream).limit(0).summary(true),reactions.limit(0).summary(true)"
)
COMMENT_FIELDS = (
    "id,message,message_tags,created_time,from,parent{id},comment_count,like_count,is_hidden,is_private,permalink_url,"
    "attachment{description,media,target,title,type,url}"
)
REEL_FIELDS = (
    "id,description,title,created_time,permalink_url,from,published,length,"
    "comments.filter(stream).limit(0).summary(true),likes.limit(0).summary(true)"
)
STORY_FIELDS = "post_id,status,creation_time,media_type,media_id,url"
MESSAGE_FIELDS = (
    "id,created_time,from,to,message,sticker,tags,shares,"
    "attachments{id,mime_type,name,size,image_data,video_data,file_url}"
)
CONVERSATION_FIELDS = "id,updated_time,message_count,participants"
PAGE_FIELDS = (
    "id,name,username,about,description,category,category_list,link,website,phone,emails,fan_count,followers_count,cover{id,source},"
    "verification_status,is_published"
)
SAYS = {
    **{name: (name,) for name in ("status_type", "story", "backdated_time", "place", "privacy", "title", "is_private")},
    **{name: (name,) for name in ("category", "phone", "emails")},
    **dict.fromkeys(("attachments", "attachment"), ("media", "links")),
    **dict.fromkeys(("created_time", "creation_time"), ("created",)),
    **dict.fromkeys(("parent", "parent_id"), ("references",)),
    "from": ("author",),
    "message": ("text",),
    "message_tags": ("tags", "mentions"),
    "name": ("title",),
    "cover": ("media",),
    "website": ("links",),
}
"""Which evidence comes from a field, and from no other."""


def post_item(post: Mapping[str, Any], **around: Any) -> Item:
    """A post: the page's own, a visitor's, or one that tags the page. Raises `KeyError`, `TypeError` for what is none."""
    identity = id_of(post)
    created, at = moment_of(post, "created_time")
    media, links = attached(post.get("attachments"), text_of(post, "message"))
    evidence: dict[str, Json] = {
        name: value for name in ("status_type", "story", "backdated_time") if (value := text_of(post, name))
    }
    place = post.get("place")
    if isinstance(place, dict) and place.get("name"):
        evidence["place"] = str(place["name"])
    privacy = post.get("privacy")
    if isinstance(privacy, dict) and privacy.get("value"):
        evidence["privacy"] = str(privacy["value"])
    counts = {"replies": _total(post, "comments"), "likes": _total(post, "reactions"), "shares": _shares(post)}
    parent = text_of(post, "parent_id")
    return Item(
        kind=ItemKind.POST,
        id=identity,
        source=Source.API,
        author=author_of(post),
        text=text_of(post, "message"),
        created_text=created,
        created_at=at,
        url=text_of(post, "permalink_url"),
        tags=tuple(_hashtags(post)),
        mentions=tuple(_tagged(post)),
        links=links,
        media=media,
        references=(Reference(ReferenceKind.QUOTE, parent),) if parent else (),
        evidence=evidence,
        counts=stated(counts),
        order_key=place_in_listing(at, identity),
        hidden=HIDDEN if post.get("is_hidden") is True else None,
        **around,
    )


def reel_item(reel: Mapping[str, Any], page: Party, **around: Any) -> Item:
    """A reel, which is a video of the page; `source` is asked for when its bytes are."""
    identity = id_of(reel)
    created, at = moment_of(reel, "created_time")
    counts = {"replies": _total(reel, "comments"), "likes": _total(reel, "likes")}
    address = text_of(reel, "permalink_url")
    return Item(
        kind=ItemKind.POST,
        id=identity,
        source=Source.API,
        author=author_of(reel) or page,
        title=text_of(reel, "title"),
        text=text_of(reel, "description"),
        created_text=created,
        created_at=at,
        url=f"https://www.facebook.com{address}" if address and address.startswith("/") else address,
        media=(Media(id=identity, kind="video"),),
        evidence={"reel": True},
        counts=stated(counts),
        order_key=place_in_listing(at, identity),
        **around,
    )


def story_item(story: Mapping[str, Any], page: Party, **around: Any) -> Item:
    """A story: one picture or video, for 24 hours (page-stories-api; the form of its time is unconfirmed)."""
    identity = id_of(story, "post_id")
    created, at = moment_of(story, "creation_time")
    kind = "video" if text_of(story, "media_type") == "video" else "image"
    return Item(
        kind=ItemKind.STORY,
        id=identity,
        source=Source.API,
        author=page,
        created_text=created,
        created_at=at,
        url=text_of(story, "url"),
        media=(Media(id=id_of(story, "media_id"), kind=kind),) if story.get("media_id") else (),
        order_key=place_in_listing(at, identity),
        **around,
    )


def comment_item(comment: Mapping[str, Any], post_id: str, **around: Any) -> Item:
    """A comment, wherever in the tree below the post it stands. `from` is missing where we may not know who wrote it."""
    identity = id_of(comment)
    created, at = moment_of(comment, "created_time")
    parent = comment.get("parent")
    above = id_of(parent) if isinstance(parent, dict) else post_id
    attachment = comment.get("attachment")
    media, links = attached(
        {"data": [attachment]} if isinstance(attachment, dict) else None, text_of(comment, "message")
    )
    counts = {"replies": number_of(comment, "comment_count"), "likes": number_of(comment, "like_count")}
    return Item(
        kind=ItemKind.COMMENT,
        id=identity,
        source=Source.API,
        author=author_of(comment),
        text=text_of(comment, "message"),
        created_text=created,
        created_at=at,
        url=text_of(comment, "permalink_url"),
        mentions=tuple(_tagged(comment)),
        links=links,
        media=media,
        references=(Reference(ReferenceKind.PARENT, above), Reference(ReferenceKind.ROOT, post_id)),
        evidence={"is_private": True} if comment.get("is_private") is True else {},
        counts=stated(counts),
        order_key=f"{post_id} {place_of(at, identity)}",
        hidden=HIDDEN if comment.get("is_hidden") is True else None,
        **around,
    )


def message_item(message: Mapping[str, Any], conversation: str, **around: Any) -> Item:
    """A private message, with whom it went to."""
    identity = id_of(message)
    created, at = moment_of(message, "created_time")
    sticker = text_of(message, "sticker")
    shared = message.get("shares")
    links = tuple(
        stable(str(each["link"]))
        for each in (shared.get("data") or () if isinstance(shared, dict) else ())
        if each.get("link")
    )
    receivers = message.get("to")
    to = [
        str(each.get("name") or each["id"])
        for each in (receivers.get("data") or () if isinstance(receivers, dict) else ())
    ]
    return Item(
        kind=ItemKind.MESSAGE,
        id=identity,
        source=Source.API,
        author=author_of(message),
        text=text_of(message, "message"),
        created_text=created,
        created_at=at,
        links=links,
        media=(
            *sent(message.get("attachments")),
            *((Media(id=stable(sticker), kind="image", url=sticker),) if sticker else ()),
        ),
        evidence={"conversation": conversation, "to": list(to)},
        order_key=f"{conversation} {place_of(at, identity)}",
        not_requested=untold(message, ("message", "sticker", "shares", "attachments")),
        **around,
    )


def profile_item(page: Mapping[str, Any], **around: Any) -> Item:
    """The page's own description."""
    identity = id_of(page)
    cover = page.get("cover")
    name = text_of(page, "name")
    said = [text for each in ("about", "description") if (text := text_of(page, each))]
    emails = page.get("emails")
    evidence: dict[str, Json] = {each: value for each in ("category", "phone") if (value := text_of(page, each))}
    if isinstance(emails, list):
        evidence["emails"] = [str(each) for each in emails]
    followers = {"followers": number_of(page, "followers_count"), "likes": number_of(page, "fan_count")}
    source = cover.get("source") if isinstance(cover, dict) else None
    return Item(
        kind=ItemKind.PROFILE,
        id=f"profile:{identity}",
        source=Source.API,
        author=Party(identity, text_of(page, "username"), name),
        title=name,
        text="\n\n".join(dict.fromkeys(said)),
        url=text_of(page, "link"),
        links=tuple(filter(None, [text_of(page, "website")])),
        media=(Media(id=id_of(cover), kind="image", url=str(source)),) if isinstance(cover, dict) and source else (),
        evidence=evidence,
        counts=stated(followers),
        **around,
    )


def author_of(record: Mapping[str, Any]) -> Party | None:
    """Who wrote it (`from`); None where the platform does not tell us."""
    sender = record.get("from")
    return Party(id_of(sender), None, text_of(sender, "name")) if isinstance(sender, dict) and "id" in sender else None


def _tags(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """`message_tags`: a list, or (older answers) lists by their place in the text."""
    tags = record.get("message_tags")
    lists = tags.values() if isinstance(tags, dict) else [tags]
    for each in lists:
        yield from (tag for tag in (each if isinstance(each, list) else ()) if isinstance(tag, dict))


def _tagged(record: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(tag["name"]) for tag in _tags(record) if tag.get("name") and not str(tag["name"]).startswith("#"))


def _hashtags(record: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(tag["name"])[1:] for tag in _tags(record) if str(tag.get("name")).startswith("#"))


def _total(record: Mapping[str, Any], edge: str) -> int | None:
    shown = record.get(edge)
    summary = shown.get("summary") if isinstance(shown, dict) else None
    return number_of(summary, "total_count") if isinstance(summary, dict) else None


def _shares(record: Mapping[str, Any]) -> int | None:
    shares = record.get("shares")
    return number_of(shares, "count") if isinstance(shares, dict) else None
