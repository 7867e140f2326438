"""What the Bluesky connector declares of itself."""

from __future__ import annotations

from archiver.platforms import bluesky_check
from archiver.platforms.bluesky_servers import SETTINGS
from archiver.platforms.contract import Manifest, StreamKind

MANIFEST = Manifest(
    name="bluesky",
    title="Bluesky",
    streams=(StreamKind.PROFILE, StreamKind.POSTS, StreamKind.REPOSTS, StreamKind.COMMENTS),
    settings=(*SETTINGS, bluesky_check.SETTING),
    permissions=("none: public posts and replies are read without logging in",),
    limits=(
        "3,000 requests in 5 minutes for each address of ours, told by RateLimit headers, which are obeyed",
        "a thread is cut where the AppView cuts it; its leaves are asked for again one by one",
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
        "direct messages (they need the account's own log-in)",
    ),
    sources=(
        "bluesky-social/atproto, lexicons/ (app.bsky.feed.threadgate and postgate for what is hidden, com.atproto.sync.getRepo)",
        "bluesky-social/bsky-docs, docs/advanced-guides (api-directory, rate-limits)",
    ),
)
