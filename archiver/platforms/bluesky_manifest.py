"""What the Bluesky connector declares of itself."""

from __future__ import annotations

from archiver.platforms import bluesky_check, bluesky_members, bluesky_messages, bluesky_session
from archiver.platforms.bluesky_servers import SETTINGS
from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest

MANIFEST = Manifest(
    name="bluesky",
    title="Bluesky",
    streams=(StreamKind.PROFILE, StreamKind.MESSAGES, StreamKind.POSTS, StreamKind.REPOSTS, StreamKind.COMMENTS),
    settings=(*SETTINGS, bluesky_check.SETTING, bluesky_session.SETTING, bluesky_messages.SERVICE),
    permissions=(
        "none: public posts, replies and lists are read without logging in",
        "an app password that was made with access to direct messages, for those (setting `app_password`)",
    ),
    limits=(
        "3,000 requests in 5 minutes for each address of ours, told by RateLimit headers, which are obeyed",
        "a thread is cut where the AppView cuts it; its leaves are asked for again one by one",
        "30 log-ins in 5 minutes and 300 a day for each account: a session is kept, and refreshed for 90 days",
        "the whole repository is read beside the listings once a week (setting `repository_check`), to find what they left out",
    ),
    cannot_see=(
        (
            "replies by accounts that the city has blocked, that were taken down, or that wrote while the post's thread gate did "
            "not let them: the AppView leaves them out of the thread without a mark"
        ),
        "that a reply was hidden below a post that is older than the re-read window, before its thread is read again",
        "a post put up and taken down between two captures",
        "an earlier text of a record that was overwritten between two captures: Bluesky keeps no history",
        "direct messages without the account's app password; how others reacted to a message is counted, and not told",
        "messages that the account deleted before they were captured: they are named, without their text",
        "whom the account blocks by way of a moderation list: the list `blocked` has those that it blocks one by one",
    ),
    sources=(
        (
            "bluesky-social/atproto, lexicons/ (app.bsky.feed.threadgate and postgate for what is hidden, "
            "com.atproto.sync.getRepo, com.atproto.server.createSession, chat.bsky.convo.*)"
        ),
        "bluesky-social/bsky-docs, docs/advanced-guides (api-directory, rate-limits)",
    ),
    may_be_empty=frozenset({StreamKind.MESSAGES}),
    places=frozenset({"cursor"}),
    by_conversation=True,
    lists=bluesky_members.LISTS,
)
