"""What each platform can do, and what its API tells of it: the one place that history, truth and renderings go by.

The facts are those of the platforms' own documentation as of November 2026; where an API says nothing of a matter, the
city's platform says nothing of it either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Abilities:
    """One platform.

    Attributes:
        name: as in addresses and registers.
        depth: levels of comments; 1 knows no answers to comments, 0 no limit.
        answers: what becomes of the answers below a comment or post that is removed: `gone` with it, `listed` in the
            thread as before, or `unlisted` (found by their own id only).
        edits: what its API tells of an edit: `history` (every earlier state), `time` (that and when, not what), `silent`
            (nothing: only another text).
        edits_posts: posts can be edited.
        edits_comments: comments can be edited.
        edit_minutes: how long after publishing; None for ever.
        hides: the city can hide comments, and the API tells it of those it still shows to the city.
        moderates: comments are held for review, and the city can list them.
        closes: comments on one post can be switched off.
        comments: the text of comments can be read.
        comment_days: how old comments found at a capture are at most; None for all. X finds replies of the last 7 days by
            recent search; `None` stands for the search of all posts, which the city's X offers too.
        stories: there are stories of 24 hours.
        reels: short videos are listed apart.
        messages: private conversations can be read.
        message_days: how far back; None for all.
        visitors: others can publish on the city's page, and it is listed.
        mentions: what names the account elsewhere is listed.
        mentions_cap: how many of the newest.
        reposts: things of others can be reposted.
        quotes: things of others can be quoted.
        unlisted: posts can be other than public.
        media: what a post carries: `any`, `some` (at least one), `image` (exactly one), `cover` (one image: what the API
            gives of a video).
        comment_media: comments can carry pictures.
        titles: posts have titles.
        posts_cap: how many of the newest posts the listing reaches; None for all.
        text_limit: characters of a long text.
        own_comments: the stream in which the account's own comments are listed besides their threads: `posts` among the
            posts, `replies` by themselves, None nowhere.
        shows_answered: what is shown with such a comment, also where the thread itself cannot be read any more: what it answers
            on a stranger's post (`strangers`), what it answers anywhere (`parent`), or all that stands above it (`ancestors`).
        below_own: what stands below the account's own comment on a stranger's post can be read through that comment.
        edits_media: an edit can change pictures and their alternative texts.
        captions: videos have tracks of captions, which its API gives to their owner.
        strangers: what residents publish on their own is part of the city's world (quoted, reposted, answered).
    """

    name: str
    depth: int
    answers: Literal["gone", "listed", "unlisted"]
    edits: Literal["history", "time", "silent"]
    edits_posts: bool = True
    edits_comments: bool = True
    edit_minutes: int | None = None
    hides: bool = False
    moderates: bool = False
    closes: bool = False
    comments: bool = True
    comment_days: int | None = None
    stories: bool = False
    reels: bool = False
    messages: bool = False
    message_days: int | None = None
    visitors: bool = False
    mentions: bool = False
    mentions_cap: int | None = None
    reposts: bool = False
    quotes: bool = False
    unlisted: bool = False
    media: Literal["any", "some", "image", "cover"] = "any"
    comment_media: bool = False
    titles: bool = False
    posts_cap: int | None = None
    text_limit: int = 2000
    own_comments: Literal["posts", "replies"] | None = None
    shows_answered: Literal["strangers", "parent", "ancestors"] = "strangers"
    below_own: bool = False
    edits_media: bool = False
    captions: bool = False
    strangers: bool = False


ABILITIES: dict[str, Abilities] = {
    one.name: one
    for one in (
        Abilities(
            "facebook", depth=3, answers="gone", edits="silent", hides=True, stories=True, reels=True, messages=True,
            visitors=True, mentions=True, comment_media=True, posts_cap=600, captions=True,
        ),
        Abilities(
            "instagram", depth=2, answers="gone", edits="silent", edits_comments=False, hides=True, closes=True,
            stories=True, reels=True, messages=True, mentions=True, media="some", posts_cap=10_000,
        ),
        Abilities(
            "threads", depth=0, answers="listed", edits="silent", edits_comments=False, edit_minutes=15, hides=True,
            mentions=True, reposts=True, quotes=True, text_limit=500, own_comments="replies", strangers=True,
        ),
        Abilities(
            "x", depth=0, answers="listed", edits="history", edit_minutes=30, messages=True, message_days=30,
            mentions=True, mentions_cap=800, reposts=True, quotes=True, comment_media=True, posts_cap=3200,
            own_comments="posts", shows_answered="parent", below_own=True, strangers=True,
        ),
        Abilities(
            "youtube", depth=2, answers="gone", edits="time", moderates=True, closes=True, media="cover", titles=True,
            posts_cap=20_000, captions=True,
        ),
        Abilities(
            "mastodon", depth=0, answers="unlisted", edits="history", messages=True, mentions=True, reposts=True,
            quotes=True, unlisted=True, comment_media=True, own_comments="posts", shows_answered="ancestors",
            below_own=True, edits_media=True, strangers=True,
        ),
        Abilities("linkedin", depth=2, answers="gone", edits="time", closes=True),
        Abilities("flickr", depth=1, answers="gone", edits="time", edits_comments=False, media="image", titles=True),
        Abilities("tiktok", depth=1, answers="gone", edits="silent", edits_comments=False, edits_posts=False,
                  comments=False, media="cover", titles=True),
    )
}  # fmt: skip
