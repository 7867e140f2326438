"""The two vocabularies of X's API: `tweet` until OpenAPI 2.166, `post` since 2.167 (2026-08-07). Pure.

Answers are read in either, field by field, since servers mix them. What is asked for is asked in one; a server that does not know
it says 400.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import error_body, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.platforms.pages import Exchange

_INVALID = 400
_USER_FIELDS = (
    "created_at,description,entities,id,location,name,profile_banner_url,profile_image_url,protected,public_metrics,url,"
    "username,verified,verified_type,withheld"
)
_FIELDS = (
    "attachments,conversation_id,created_at,edit_controls,entities,geo,id,lang,possibly_sensitive,public_metrics,"
    "reply_settings,source,text,withheld"
)
_EXPANSIONS = "attachments.media_keys,attachments.poll_ids,author_id,in_reply_to_user_id"
_MEDIA_FIELDS = "alt_text,duration_ms,height,media_key,preview_image_url,type,url,variants,width"
_DM = "attachments,created_at,dm_conversation_id,entities,event_type,id,text"


@dataclasses.dataclass(frozen=True, slots=True)
class Vocabulary:
    """One way to ask: the query parameters of posts, users and messages."""

    name: str
    post: Mapping[str, str]
    user: Mapping[str, str]
    message: Mapping[str, str]


NEW = Vocabulary(
    "new",
    post={
        "post.fields": f"{_FIELDS},note_post",
        "expansions": f"{_EXPANSIONS},edit_history_post_ids,referenced_posts",
        "media.fields": _MEDIA_FIELDS,
        "poll.fields": "end_datetime,id,options,voting_status",
        "user.fields": "id,name,username",
    },
    user={"user.fields": _USER_FIELDS, "expansions": "pinned_post_id"},
    message={
        "dm_event.fields": _DM,
        "expansions": "attachments.media_keys,participant_ids,referenced_posts,sender_id",
        "media.fields": _MEDIA_FIELDS,
        "user.fields": "id,name,username",
    },
)
OLD = Vocabulary(
    "old",
    post={
        "tweet.fields": f"{_FIELDS},author_id,edit_history_tweet_ids,in_reply_to_user_id,note_tweet,referenced_tweets",
        "expansions": f"{_EXPANSIONS},edit_history_tweet_ids,referenced_tweets.id,referenced_tweets.id.author_id",
        "media.fields": _MEDIA_FIELDS,
        "poll.fields": "end_datetime,id,options,voting_status",
        "user.fields": "id,name,username",
    },
    user={"user.fields": _USER_FIELDS, "expansions": "pinned_tweet_id"},
    message={
        "dm_event.fields": f"{_DM},participant_ids,referenced_tweets,sender_id",
        "expansions": "attachments.media_keys,participant_ids,referenced_tweets.id,sender_id",
        "media.fields": _MEDIA_FIELDS,
        "user.fields": "id,name,username",
    },
)


def refused_words(exchange: Exchange) -> bool:
    """Whether an answer says that a parameter, or a value of one, is unknown (problem type `invalid-request`)."""
    if exchange.status != _INVALID:
        return False
    body = error_body(exchange)
    return "invalid-request" in str(body.get("type")) or str(body.get("title")) == "Invalid Request"


def either(record: Mapping[str, Any], new: str, old: str) -> Any:
    """The value of a field by its new name, else by its old one; None without either."""
    value = record.get(new)
    return record.get(old) if value is None else value


def included_posts(includes: Mapping[str, Any]) -> Iterator[Any]:
    """The posts that an answer includes, under either name."""
    for name in ("posts", "tweets"):
        found = includes.get(name)
        if isinstance(found, list):
            yield from found


def pointers(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a post or message points at: pairs of type (`replied_to`, `quoted`, `retweeted`) and id.

    Raises `TypeError`, `KeyError` for what is no reference.
    """
    told = either(record, "referenced_posts", "referenced_tweets")
    entries = told if isinstance(told, list) else [told] if isinstance(told, dict) else []
    found = [("retweeted" if each.get("type") == "reposted" else str(each.get("type")), each["id"]) for each in entries]
    if any(not isinstance(identity, str) for _, identity in found):
        raise TypeError("a reference has no id")
    return found


def chain_of(post: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of all forms of a post, the first one first; its own alone where it was never edited.

    Raises `KeyError`, `TypeError`.
    """
    own = post["id"]
    if not isinstance(own, str) or not own.isascii() or not own.isdigit():
        raise TypeError("id is no id")
    told = either(post, "edit_history_post_ids", "edit_history_tweet_ids")
    ids = (
        [each for each in told if isinstance(each, str) and each.isascii() and each.isdigit()]
        if isinstance(told, list)
        else []
    )
    return tuple(sorted({own, *ids}, key=lambda each: (len(each), each)))


def long_form(post: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The whole of a post that is longer than its `text` shows."""
    note = either(post, "note_post", "note_tweet")
    return note if isinstance(note, dict) and text_of(note, "text") else None
