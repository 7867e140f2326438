"""The words a clerk reads: plain English, gathered here so that Spanish can come. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clerk.times import day, moment

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Sequence

    from archiver.records.shapes import AuthorShape, ItemShape, SightingShape, StateShape

KINDS = {
    "post": "Post",
    "comment": "Comment",
    "repost": "Repost",
    "message": "Direct message",
    "story": "Story",
    "profile": "Profile",
}
STREAMS = {
    "profile": "the profile",
    "posts": "posts",
    "reposts": "reposts",
    "comments": "comments",
    "stories": "stories",
    "messages": "direct messages",
    "mentions": "mentions",
    "import": "an imported download",
    "lists": "its lists of accounts",
}
LISTS = {"blocked": "Whom it blocks", "followers": "Who follows it"}
LIST_CHANGES = {"blocked": ("Blocked", "No longer blocked"), "followers": ("Follows", "Follows no more")}
PLATFORMS = {
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "flickr": "Flickr",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "nextdoor": "Nextdoor",
    "rss": "Website feed",
    "threads": "Threads",
    "tiktok": "TikTok",
    "x": "X (Twitter)",
    "youtube": "YouTube",
}
SOURCES = {"api": "read from the platform", "feed": "read from a feed", "import": "imported from a download"}
OUTCOMES = {
    "running": "Running",
    "complete": "Complete",
    "partial": "In part",
    "failed": "Failed",
    "access_lost": "Access lost",
    "abandoned": "Broken off",
}
MODES = {
    "nightly": "Nightly",
    "backfill": "From the beginning",
    "now": "On request",
    "import": "Import",
    "light": "Light pass",
    "sweep": "Sweep",
}
ROLES = {
    "viewer": "Viewer",
    "clerk": "Clerk",
    "reviewer": "Reviewer",
    "records_manager": "Records manager",
    "administrator": "Administrator",
    "auditor": "Auditor",
}
GRANTS = {"messages": "Direct messages", "personal_accounts": "Officials\u2019 own accounts"}
GAP_CAUSES = {
    "failed": "The capture failed",
    "access_lost": "Access was lost",
    "abandoned": "The program ended before the capture did",
    "not_run": "No capture ran",
    "never_captured": "Never captured",
    "paused": "Paused",
    "closed": "Closed",
}
ACTIONS = {
    "hidden": "Hidden",
    "unhidden": "No longer hidden",
    "deleted": "Deleted",
    "restored": "Restored",
    "restricted": "Restricted",
    "held_for_review": "Held for review",
    "rejected": "Rejected",
    "approved": "Approved",
    "reason_given": "A reason only",
}
MODERATION_SOURCES = {
    "platform": "the platform says so",
    "inferred": "seen in the record\u2019s state; nobody says by whom",
    "clerk": "written by a person",
}
CAPTURE_OUTCOMES = {
    "complete": "It ended well",
    "partial": "It ended, and a part is missing",
    "failed": "It failed",
    "unknown": "It is not known how it ended",
}
STATE_NAMES = {
    "present": "Present",
    "not_returned": "Not seen",
    "hidden": "Hidden",
    "gone_confirmed": "Confirmed gone",
    "access_lost": "Access lost",
}
FLAGS = {
    "html_escaped_text": "The platform wrote &, < and > of the text as &amp;, &lt; and &gt;; it is kept as received.",
    "repaired_encoding": "The download had the bytes of the text in place of its characters; they were put together again.",
    "replaced_characters": "Characters that cannot be stored were replaced; the bytes as received have them.",
    "shortened_ids": "An id too long to be stored is kept as its beginning and its digest.",
}
"""What a flag of a version says, in a sentence."""


_UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def platform(name: str) -> str:
    """A platform's name as people write it."""
    return PLATFORMS.get(name, name)


def kind(name: str) -> str:
    """What an item is called."""
    return KINDS.get(name, name.replace("_", " ").capitalize())


def stream(name: str) -> str:
    """What a stream is called, as in "seen among the comments of"."""
    return STREAMS.get(name, name)


def author_label(author: AuthorShape | None) -> str:
    """Whether the city wrote it. Who is not in the register is not known to be anybody in particular."""
    if author is None or author.platform_id is None:
        return "Author not stated"
    return "City account" if author.is_city else "Not a city account"


def state_sentence(item: ItemShape, zone: zoneinfo.ZoneInfo) -> str:
    """How the item was last found, over all the streams it was seen in."""
    seen = max((sighting.last_seen_at for sighting in item.sightings), default=None)
    return _sentence(item.state, None if seen is None else moment(seen, zone), item.states, zone)


def state_sentence_then(item: ItemShape, zone: zoneinfo.ZoneInfo) -> str:
    """How the item was last found by a moment that is past: when it was last looked for before then is not known of each."""
    if item.state == "present":
        return "Present by what was captured until then"
    return _sentence(item.state, None, item.states, zone)


def sighting_sentence(sighting: SightingShape, states: Sequence[StateShape], zone: zoneinfo.ZoneInfo) -> str:
    """How the item was last found in one stream."""
    own = [each for each in states if (each.account_id, each.stream) == (sighting.account_id, sighting.stream)]
    return _sentence(sighting.state, moment(sighting.last_seen_at, zone), own, zone)


def _sentence(state: str, seen: str | None, states: Sequence[StateShape], zone: zoneinfo.ZoneInfo) -> str:
    found = next((each for each in reversed(states) if each.state == state), None)
    on = f" on {day(found.observed_at, zone)}" if found else ""
    match state:
        case "present":
            return (
                f"Present when last looked for on {seen}"
                if seen
                else "Shown inside another record, never looked for itself"
            )
        case "not_returned":
            return (
                f"Not seen since {seen}, reason unknown"
                if seen
                else f"Not seen any more{on and f', noticed{on}'}, reason unknown"
            )
        case "hidden":
            return f"Hidden by the platform or its owner, noticed{on}" if on else "Hidden by the platform or its owner"
        case "gone_confirmed":
            return f"Confirmed gone{on}"
        case "access_lost":
            return f"Cannot be looked for: access to the account was lost; last seen on {seen or 'an unknown day'}"
    return state.replace("_", " ").capitalize()


def observed_state(state: StateShape) -> str:
    """One line of an item's history."""
    how = "its own address was asked" if state.by_lookup else "a list was read"
    return f"{STATE_NAMES.get(state.state, state.state)} ({how})"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 reply`, `1,234 replies`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int | None) -> str:
    """A number of bytes, in the unit that suits it."""
    if number is None:
        return "size unknown"
    unit, factor = next((each for each in _UNITS if number >= each[1]), ("", 1))
    return f"{number / factor:,.1f} {unit}" if unit else counted(number, "byte")
