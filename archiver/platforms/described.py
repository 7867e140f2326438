"""What a manifest promises, in words for a person: of what is read, and of how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.platforms.items import StreamKind

if TYPE_CHECKING:
    from archiver.platforms.manifest import Manifest

_READS = {
    StreamKind.PROFILE: "the account's own description",
    StreamKind.POSTS: "posts",
    StreamKind.REELS: "reels",
    StreamKind.REPLIES: "what the account answers elsewhere",
    StreamKind.REPOSTS: "reposts",
    StreamKind.VISITORS: "visitors' posts on the account's page",
    StreamKind.COMMENTS: "comments and replies",
    StreamKind.STORIES: "stories",
    StreamKind.MESSAGES: "private messages",
    StreamKind.MENTIONS: "what names the account",
    StreamKind.IMPORT: "what is imported from a file",
}
_LISTS = {"blocked": "the list of those whom the account blocks", "followers": "the list of followers, where asked for"}
_HOUR = 60


def captures(manifest: Manifest) -> list[str]:
    """What is read of an account, a few words for each stream and list, in the order of the manifest."""
    return [*(_READS[each] for each in manifest.streams), *(_LISTS[each] for each in manifest.lists)]


def often(manifest: Manifest) -> str:
    """How often an account is read, in words."""
    if manifest.streams == (StreamKind.IMPORT,):
        return "when a file is imported"
    light = [each for each in manifest.light if each in manifest.streams]
    if not light or not manifest.light_minutes:
        return "every night"
    minutes = manifest.light_minutes
    spell = f"{minutes // _HOUR} hours" if minutes % _HOUR == 0 and minutes > _HOUR else f"{minutes} minutes"
    return f"every night; {', '.join(_READS[each] for each in light)} also every {spell}"
