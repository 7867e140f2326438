"""How X's API v2 is asked, and what it refuses: two vocabularies, `tweet` and (since OpenAPI 2.167) `post`.

Names as in OpenAPI 2.166 and 2.167; refusals as in the recorded answers and in docs.x.com (x-api/fundamentals/
response-codes-and-errors). In the newer one a post's author, references and edits are no fields: they come by expansion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_POST = _names(
    "article attachments card_uri community_id context_annotations conversation_id created_at display_text_range "
    "edit_controls entities geo id lang non_public_metrics organic_metrics possibly_sensitive promoted_metrics "
    "public_metrics reply_settings scopes source text withheld"
)
_EXPANSIONS = _names(
    "attachments.media_keys attachments.poll_ids author_id entities.mentions.username geo.place_id in_reply_to_user_id "
    "participant_ids sender_id"
)
_USER = _names(
    "created_at description entities id location name profile_banner_url profile_image_url protected public_metrics url "
    "username verified verified_type withheld"
)
_MEDIA = _names(
    "alt_text duration_ms height media_key non_public_metrics preview_image_url public_metrics type url variants width"
)
_POLL = _names("duration_minutes end_datetime id options voting_status")
_DM = _names("attachments created_at dm_conversation_id entities event_type id text")
_USAGE = _names("cap_reset_day daily_client_app_usage daily_project_usage project_cap project_id project_usage")
_PLAIN = _names(
    "max_results pagination_token next_token since_id until_id start_time end_time exclude ids query sort_order "
    "event_types days"
)


@dataclass(frozen=True, slots=True)
class Words:
    """One vocabulary.

    Attributes:
        post: what a post is called, also in problems.
        included: where further posts stand among the inclusions.
        history: the ids of a post's forms; also the expansion that shows the forms.
        always: fields of a post that are there unasked.
        references: what a post points at.
        referenced: the expansion that shows it.
        referenced_author: the expansion that shows who wrote it, where that is one of its own.
        note: the whole of a long post.
        reposts: how often it was reposted.
        posts: how many posts a user has.
        pinned: the post that a user put on top; also the expansion.
        problems: what the addresses of problem types begin with.
        post_fields: what `{post}.fields` may name.
        dm_fields: what `dm_event.fields` may name.
        expansions: what `expansions` may name.
    """

    post: str
    included: str
    history: str
    always: frozenset[str]
    references: str
    referenced: str
    referenced_author: str
    note: str
    reposts: str
    posts: str
    pinned: str
    problems: str
    post_fields: frozenset[str]
    dm_fields: frozenset[str]
    expansions: frozenset[str]

    def allowed(self) -> dict[str, frozenset[str]]:
        """Give what each parameter with a list of names may name."""
        return {
            f"{self.post}.fields": self.post_fields,
            "expansions": self.expansions,
            "user.fields": _USER,
            "media.fields": _MEDIA,
            "poll.fields": _POLL,
            "dm_event.fields": self.dm_fields,
            "usage.fields": _USAGE,
        }


NEW = Words(
    post="post",
    included="posts",
    history="edit_history_post_ids",
    always=frozenset({"id", "text"}),
    references="referenced_posts",
    referenced="referenced_posts",
    referenced_author="",
    note="note_post",
    reposts="repost_count",
    posts="post_count",
    pinned="pinned_post_id",
    problems="https://api.x.com/2/problems/",
    post_fields=_POST | {"note_post"},
    dm_fields=_DM,
    expansions=_EXPANSIONS | {"edit_history_post_ids", "referenced_posts", "pinned_post_id"},
)
OLD = Words(
    post="tweet",
    included="tweets",
    history="edit_history_tweet_ids",
    always=frozenset({"id", "text", "edit_history_tweet_ids"}),
    references="referenced_tweets",
    referenced="referenced_tweets.id",
    referenced_author="referenced_tweets.id.author_id",
    note="note_tweet",
    reposts="retweet_count",
    posts="tweet_count",
    pinned="pinned_tweet_id",
    problems="https://api.twitter.com/2/problems/",
    post_fields=_POST
    | {"author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet", "referenced_tweets"},
    dm_fields=_DM | {"participant_ids", "referenced_tweets", "sender_id"},
    expansions=_EXPANSIONS
    | {"edit_history_tweet_ids", "referenced_tweets.id", "referenced_tweets.id.author_id", "pinned_tweet_id"},
)


def listed(query: Mapping[str, str], name: str) -> frozenset[str]:
    """Give the names in a parameter that is a list."""
    return frozenset(each for each in query.get(name, "").split(",") if each)


def spoken(query: Mapping[str, str], understood: Iterable[Words]) -> Words:
    """Give the vocabulary that a request is in, of those that the server knows; the first where it tells neither."""
    known = list(understood)
    for words in known:
        if f"{words.post}.fields" in query or listed(query, "expansions") & (words.expansions - _EXPANSIONS):
            return words
    return known[0]


def refusal(query: Mapping[str, str], words: Words, sizes: tuple[int, int]) -> dict[str, Any] | None:
    """Give the answer (status 400) to a parameter that is unknown, or has a value that it may not have; None if all are right.

    Args:
        query: the parameters.
        words: the vocabulary.
        sizes: the smallest and the largest page that may be asked for.
    """
    allowed = words.allowed()
    for name, value in query.items():
        if name not in allowed and name not in _PLAIN:
            names = ",".join(sorted(_PLAIN | allowed.keys()))
            return refused(words, name, value, f"The query parameter [{name}] is not one of [{names}]")
        for each in sorted(listed(query, name) - allowed.get(name, listed(query, name))):
            known = ",".join(sorted(allowed[name]))
            return refused(words, name, value, f"The `{name}` query parameter value [{each}] is not one of [{known}]")
    size = query.get("max_results")
    if size is not None and not (size.isascii() and size.isdigit() and sizes[0] <= int(size) <= sizes[1]):
        said = f"The `max_results` query parameter value [{size}] is not between {sizes[0]} and {sizes[1]}"
        return refused(words, "max_results", size, said)
    return None


def refused(words: Words, name: str, value: str, message: str) -> dict[str, Any]:
    """Give the answer (status 400) to a parameter whose value is not taken."""
    return {
        "errors": [{"parameters": {name: [value]}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{words.problems}invalid-request",
    }
