"""What an account on Mastodon needs, how it is limited, and what of it cannot be seen."""

from __future__ import annotations

from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest, Setting
from archiver.platforms.mastodon_manners import NEEDED

SETTINGS = (
    Setting(
        "api_url",
        "The address of the instance. Default: https:// and what follows the second @ of the account's name.",
    ),
    Setting(
        "token",
        "An access token of the account (Preferences, Development, New application). Without one only what everybody sees is "
        "read, and long conversations are cut at 60 replies.",
        secret=True,
    ),
)
LISTS = {"blocked": "/api/v1/blocks", "followers": "/api/v1/accounts/{id}/followers"}
OPEN = (StreamKind.PROFILE, StreamKind.POSTS, StreamKind.COMMENTS)

MANIFEST = Manifest(
    name="mastodon",
    title="Mastodon",
    streams=(*OPEN, StreamKind.MENTIONS, StreamKind.MESSAGES),
    settings=SETTINGS,
    permissions=(
        *NEEDED,
        "read:blocks, for whom the account blocks; read:follows, where the setting `lists` asks for `followers`",
        "none for an account of which only the public posts are kept, on instances that show them without a log-in",
    ),
    limits=(
        "300 requests in 5 minutes for each token, told by X-RateLimit headers, which are obeyed",
        "a conversation is shown up to 4,096 replies with a token, 60 without; its leaves are asked for again one by one",
        "one more request for each edited post (its history) and each reply of the account (what it answers)",
    ),
    cannot_see=(
        "replies that never reached the account's own instance (from instances it does not federate with, or has blocked)",
        "replies below one that was deleted, unless they were captured before: the instance no longer lists them",
        "private and direct posts without the account's token",
        "without a token, whether the instance hides a reply from elsewhere that is still at its own address",
        "a post put up and deleted between two captures",
        "who was muted; who was blocked between two nights and no more at the second",
    ),
    sources=("mastodon/documentation, content/en (entities, methods, api)", "W3C ActivityPub, section 3.2"),
    may_be_empty=frozenset({StreamKind.MENTIONS, StreamKind.MESSAGES}),
    places=frozenset({"max_id"}),
    by_conversation=True,
    light=(StreamKind.POSTS, StreamKind.COMMENTS, StreamKind.MENTIONS),
    lists=tuple(LISTS),
)
