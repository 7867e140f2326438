"""LinkedIn's posts, comments and pages as items. Pure: JSON in, items out.

Sources: learn.microsoft.com/linkedin, community-management: shares/post-api-schema, shares/posts-api, shares/comments-api,
organizations/organization-lookup-api. The fields of posts and comments as they are read are unconfirmed: no answer was recorded.
Times are Unix milliseconds. Whoever writes is told as a URN only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms import times
from archiver.platforms.answers import id_of, number_of, text_of
from archiver.platforms.falling import key_of
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Reference, ReferenceKind, Source
from archiver.platforms.linkedin_text import read_little

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MILLISECONDS = 14
"""Digits of the millisecond of a post's making, in order keys."""
PUBLISHED = "PUBLISHED"
_ORGANIZATION = "urn:li:organization:"
_KINDS = {"image": "image", "video": "video", "document": "file", "digitalmediaAsset": "image"}


def organization_urn(identity: str) -> str:
    """An organization's URN, by its id."""
    return f"{_ORGANIZATION}{identity}"


def post_item(post: Mapping[str, Any], exchange: int, pointer: str, *, listed: bool = True) -> Item:
    """A post. `listed` False: shown apart from the listing, in whose order it takes no place.

    Raises `KeyError`, `TypeError`, `ValueError` for what is none.
    """
    identity, made = id_of(post), number_of(post, "createdAt")
    if made is None:
        raise ValueError("createdAt is no time")
    published = number_of(post, "publishedAt") or made
    changed = number_of(post, "lastModifiedAt")
    edited = (
        changed is not None
        and changed > published
        and _object(post, "lifecycleStateInfo").get("isEditedByAuthor") is True
    )
    state = text_of(post, "lifecycleState") or PUBLISHED
    words = text_of(post, "commentary") or ""
    read = read_little(words)
    content = _object(post, "content")
    return Item(
        kind=ItemKind.POST,
        id=identity,
        source=Source.API,
        author=Party(id_of(post, "author")),
        text=read.text,
        tags=read.tags,
        mentions=read.mentions,
        links=tuple(dict.fromkeys(_links(post, content))),
        created_text=str(published),
        created_at=times.unix_milliseconds(published),
        edited_at=times.unix_milliseconds(changed) if edited and changed is not None else None,
        url=f"https://www.linkedin.com/feed/update/{identity}/",
        media=tuple(_media(content)),
        references=tuple(_reshared(post, words)),
        evidence=_evidence(post, words, read.text, content),
        order_key=key_of(made, MILLISECONDS, identity) if listed else None,
        hidden=None if state == PUBLISHED else f"lifecycleState {state}",
        exchange=exchange,
        pointer=pointer,
    )


def comment_item(comment: Mapping[str, Any], post_id: str, parent: str, exchange: int, pointer: str) -> Item:
    """A comment below a post, or below the comment `parent`. Raises `KeyError`, `TypeError` for what is none."""
    identity = comment_urn(comment)
    message, created = _object(comment, "message"), _object(comment, "created")
    written, changed = number_of(created, "time"), number_of(_object(comment, "lastModified"), "time")
    edited = written is not None and changed is not None and changed > written
    likes = number_of(_object(comment, "likesSummary"), "aggregatedTotalLikes")
    return Item(
        kind=ItemKind.COMMENT,
        id=identity,
        source=Source.API,
        author=Party(id_of(comment, "actor")),
        text=text_of(message, "text") or "",
        mentions=tuple(dict.fromkeys(_named(message.get("attributes")))),
        created_text=None if written is None else str(written),
        created_at=None if written is None else times.unix_milliseconds(written),
        edited_at=times.unix_milliseconds(changed) if edited and changed is not None else None,
        url=f"https://www.linkedin.com/feed/update/{post_id}/?commentUrn={identity}",
        media=tuple(_attached(comment.get("content"))),
        references=(Reference(ReferenceKind.PARENT, parent), Reference(ReferenceKind.ROOT, post_id)),
        counts={} if likes is None else {"likes": likes},
        order_key=f"{post_id}/{identity}",
        exchange=exchange,
        pointer=pointer,
    )


def comment_urn(comment: Mapping[str, Any]) -> str:
    """A comment's URN, `urn:li:comment:(what it is on,id)`. Raises `KeyError`, `TypeError`."""
    return text_of(comment, "commentUrn") or f"urn:li:comment:({id_of(comment, 'object')},{id_of(comment)})"


def parts_of(urn: str) -> tuple[str, str] | None:
    """What a comment is on, and its id there, from its URN; None for what is none."""
    if not urn.startswith("urn:li:comment:(") or not urn.endswith(")"):
        return None
    on, separator, identity = urn.removeprefix("urn:li:comment:(").removesuffix(")").rpartition(",")
    return (on, identity) if separator and on and identity else None


def answers_of(comment: Mapping[str, Any]) -> int | None:
    """How many answers a comment says that it has; None where it does not say."""
    summary = comment.get("commentsSummary")
    if not isinstance(summary, dict):
        return None
    told = [number_of(summary, name) for name in ("aggregatedTotalComments", "totalFirstLevelComments")]
    return max((number for number in told if number is not None), default=None)


def counts_of(metadata: Mapping[str, Any]) -> dict[str, int]:
    """A post's counters, of its social metadata: reactions of every kind, comments at every depth."""
    reactions = _object(metadata, "reactionSummaries")
    likes = [number_of(each, "count") for each in reactions.values() if isinstance(each, dict)]
    replies = number_of(_object(metadata, "commentSummary"), "count")
    found = {"likes": sum(number for number in likes if number is not None)} if "reactionSummaries" in metadata else {}
    return found if replies is None else {**found, "replies": replies}


def profile_item(page: Mapping[str, Any], exchange: int) -> Item:
    """A page's profile. Raises `KeyError`, `TypeError` for what is none."""
    urn = organization_urn(id_of(page))
    name = text_of(page, "localizedName")
    logo = text_of(_object(page, "logoV2"), "original")
    evidence = {
        "website": text_of(page, "localizedWebsite"),
        "kind_of_organization": text_of(page, "primaryOrganizationType"),
    }
    handle = text_of(page, "vanityName") or None
    return Item(
        kind=ItemKind.PROFILE,
        id=urn,
        source=Source.API,
        author=Party(urn, handle, name),
        title=name,
        text=text_of(page, "localizedDescription"),
        url=f"https://www.linkedin.com/company/{handle}/" if handle else None,
        media=(Media(id=logo, kind="image"),) if logo else (),
        evidence={key: value for key, value in evidence.items() if value},
        exchange=exchange,
        pointer="",
    )


def _object(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _shown(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every object of a post's content that names a medium."""
    yield _object(content, "media")
    images = _object(content, "multiImage").get("images")
    yield from (each for each in (images if isinstance(images, list) else ()) if isinstance(each, dict))
    article = _object(content, "article")
    yield {"id": article.get("thumbnail"), "altText": article.get("thumbnailAltText")}


def _media(content: Mapping[str, Any]) -> Iterator[Media]:
    for each in _shown(content):
        urn = each.get("id")
        if isinstance(urn, str) and urn:
            yield Media(id=urn, kind=_kind(urn), alt_text=text_of(each, "altText") or None)


def _kind(urn: str) -> str:
    return _KINDS.get(urn.split(":")[2] if urn.count(":") > 2 else "", "file")  # noqa: PLR2004 - urn:li:kind:id


def _attached(content: Any) -> Iterator[Media]:
    """The pictures of a comment."""
    for each in content if isinstance(content, list) else ():
        asset = _object(each, "entity").get("digitalmediaAsset") if isinstance(each, dict) else None
        if isinstance(asset, str) and asset:
            yield Media(id=asset, kind=_kind(asset), url=text_of(each, "url"))


def _links(post: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[str]:
    for link in (text_of(_object(content, "article"), "source"), text_of(post, "contentLandingPage")):
        if link:
            yield link


def _reshared(post: Mapping[str, Any], words: str) -> Iterator[Reference]:
    """The post that this one shares again: with words of its own it quotes it."""
    shared = text_of(_object(post, "reshareContext"), "parent")
    if shared:
        yield Reference(ReferenceKind.QUOTE if words else ReferenceKind.REPOST_OF, shared)


def _evidence(post: Mapping[str, Any], words: str, text: str, content: Mapping[str, Any]) -> dict[str, Json]:
    """What else a post says: who sees it, its own spelling, an article's title, a poll, the titles of its media."""
    seen_by = text_of(post, "visibility")
    found: dict[str, Json] = {"visibility": seen_by} if seen_by else {}
    if words != text:
        found["commentary"] = words
    article, poll = _object(content, "article"), _object(content, "poll")
    if article:
        found["article"] = {name: text_of(article, name) for name in ("title", "description") if article.get(name)}
    if poll:
        options = poll.get("options")
        found["poll"] = {
            "question": text_of(poll, "question"),
            "options": [str(each.get("text")) for each in options if isinstance(each, dict)]
            if isinstance(options, list)
            else [],
        }
    titles: list[Json] = [str(each["title"]) for each in _shown(content) if each.get("title")]
    if titles:
        found["media_titles"] = titles
    return found


def _named(attributes: Any) -> Iterator[str]:
    """The URNs that a comment's words name."""
    for each in attributes if isinstance(attributes, list) else ():
        value = each.get("value") if isinstance(each, dict) else None
        for entity in value.values() if isinstance(value, dict) else ():
            for urn in entity.values() if isinstance(entity, dict) else ():
                if isinstance(urn, str) and urn.startswith("urn:li:"):
                    yield urn
