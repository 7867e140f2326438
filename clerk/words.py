"""The words a clerk reads, in the language of the running task. Pure.

A table holds English, marked for translation: `_(TABLE[key])` says it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.i18n.translation import _, marked, ngettext, pgettext
from archiver.records.derived import deciding
from clerk.times import day, moment

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Sequence

    from archiver.records.shapes import AuthorShape, ItemShape, SightingShape, StateShape

KINDS = {
    "post": marked("Post"),
    "comment": marked("Comment"),
    "repost": marked("Repost"),
    "message": marked("Direct message"),
    "story": marked("Story"),
    "profile": marked("Profile"),
}
KINDS_WITHIN = {
    "post": marked("the post"),
    "comment": marked("the comment"),
    "repost": marked("the repost"),
    "message": marked("the direct message"),
    "story": marked("the story"),
    "profile": marked("the profile"),
}
"""The same within a sentence, with the article."""
STREAMS = {
    "profile": marked("the profile"),
    "posts": marked("posts"),
    "reels": marked("reels"),
    "replies": marked("answers given elsewhere"),
    "reposts": marked("reposts"),
    "visitors": marked("posts by visitors"),
    "comments": marked("comments"),
    "stories": marked("stories"),
    "messages": marked("direct messages"),
    "mentions": marked("mentions"),
    "import": marked("an imported download"),
    "lists": marked("its lists of accounts"),
}
LISTS = {"blocked": marked("Whom it blocks"), "followers": marked("Who follows it")}
LIST_CHANGES = {
    "blocked": (marked("Blocked"), marked("No longer blocked")),
    "followers": (marked("Follows"), marked("Follows no more")),
}
PLATFORMS = {
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "flickr": "Flickr",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "nextdoor": "Nextdoor",
    "rss": marked("Website feed"),
    "threads": "Threads",
    "tiktok": "TikTok",
    "x": "X (Twitter)",
    "youtube": "YouTube",
}
SOURCES = {
    "api": marked("read from the platform"),
    "feed": marked("read from a feed"),
    "import": marked("imported from a download"),
}
COUNTERS = {
    "followers": marked("followers"),
    "following": marked("following"),
    "likes": marked("likes"),
    "posts": marked("posts"),
    "quotes": marked("quotes"),
    "replies": marked("replies"),
    "reposts": marked("reposts"),
    "shares": marked("shares"),
    "views": marked("views"),
}
OUTCOMES = {
    "running": marked("Running"),
    "complete": marked("Complete"),
    "partial": marked("In part"),
    "failed": marked("Failed"),
    "access_lost": marked("Access lost"),
    "abandoned": marked("Broken off"),
}
MODES = {
    "nightly": marked("Nightly"),
    "backfill": marked("From the beginning"),
    "now": marked("On request"),
    "import": marked("Import"),
    "light": marked("Light pass"),
    "sweep": marked("Sweep"),
}
ROLES = {
    "viewer": marked("Viewer"),
    "clerk": marked("Clerk"),
    "reviewer": marked("Reviewer"),
    "records_manager": marked("Records manager"),
    "administrator": marked("Administrator"),
    "auditor": marked("Auditor"),
}
GRANTS = {"messages": marked("Direct messages"), "personal_accounts": marked("Officials\u2019 own accounts")}
GAP_CAUSES = {
    "failed": marked("The capture failed"),
    "access_lost": marked("Access was lost"),
    "abandoned": marked("The program ended before the capture did"),
    "not_run": marked("No capture ran"),
    "never_captured": marked("Never captured"),
    "paused": marked("Paused"),
    "closed": marked("Closed"),
}
ACTIONS = {
    "hidden": marked("Hidden"),
    "unhidden": marked("No longer hidden"),
    "deleted": marked("Deleted"),
    "restored": marked("Restored"),
    "restricted": marked("Restricted"),
    "held_for_review": marked("Held for review"),
    "rejected": marked("Rejected"),
    "approved": marked("Approved"),
    "reason_given": marked("A reason only"),
}
MODERATION_SOURCES = {
    "platform": marked("the platform says so"),
    "inferred": marked("seen in the record\u2019s state; nobody says by whom"),
    "clerk": marked("written by a person"),
}
WHO = {
    "the city's account": marked("the city's account"),
    "the author": marked("the author"),
    "the platform": marked("the platform"),
}
"""Who did it, where the archive and not a person put it down; as archiver/records/store/moderated.py does."""
CAPTURE_OUTCOMES = {
    "complete": marked("It ended well"),
    "partial": marked("It ended, and a part is missing"),
    "failed": marked("It failed"),
    "unknown": marked("It is not known how it ended"),
}
STATE_NAMES = {
    "present": marked("Present"),
    "not_returned": marked("Not seen"),
    "hidden": marked("Hidden"),
    "gone_confirmed": marked("Confirmed gone"),
    "access_lost": marked("Access lost"),
}
FLAGS = {
    "html_escaped_text": marked(
        "The platform wrote &, %(less)s and %(more)s of the text as &amp;, &lt; and &gt;; it is kept as received."
    ),
    "repaired_encoding": marked(
        "The download had the bytes of the text in place of its characters; they were put together again."
    ),
    "replaced_characters": marked("Characters that cannot be stored were replaced; the bytes as received have them."),
    "shortened_ids": marked("An id too long to be stored is kept as its beginning and its digest."),
}
"""What a flag of a version says, in a sentence."""

_FOUND = {
    "present": (
        marked("Present when last looked for on %(moment)s"),
        None,
        marked("Shown inside another record, never looked for itself"),
    ),
    "not_returned": (
        marked("Not seen since %(moment)s, reason unknown"),
        marked("Not seen any more, noticed on %(day)s, reason unknown"),
        marked("Not seen any more, reason unknown"),
    ),
    "hidden": (
        None,
        marked("Hidden by the platform or its owner, noticed on %(day)s"),
        marked("Hidden by the platform or its owner"),
    ),
    "gone_confirmed": (None, marked("Confirmed gone on %(day)s"), marked("Confirmed gone")),
    "access_lost": (
        marked("Cannot be looked for: access to the account was lost; last seen on %(moment)s"),
        None,
        marked("Cannot be looked for: access to the account was lost; last seen on an unknown day"),
    ),
}
"""How an item in a state was found: with the moment of the last sight, with the day when the change was noticed, with neither."""
_UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def platform(name: str) -> str:
    """A platform's name as people write it."""
    return _(PLATFORMS[name]) if name in PLATFORMS else name


def kind(name: str) -> str:
    """What an item is called."""
    return _(KINDS[name]) if name in KINDS else _spaced(name).capitalize()


def kind_within(name: str) -> str:
    """What an item is called within a sentence: `the comment`."""
    return _(KINDS_WITHIN[name]) if name in KINDS_WITHIN else _("the %(kind)s", kind=_spaced(name).lower())


def stream(name: str) -> str:
    """What a stream is called, as in "seen among the comments of"."""
    return _(STREAMS[name]) if name in STREAMS else name


def counter(name: str) -> str:
    """What a platform's counter counts."""
    return _(COUNTERS[name]) if name in COUNTERS else _spaced(name)


def mode(name: str) -> str:
    """What kind of capture it was."""
    return _(MODES[name]) if name in MODES else name


def outcome(name: str) -> str:
    """How a capture of a stream ended."""
    return _(OUTCOMES[name]) if name in OUTCOMES else name


def source(name: str) -> str:
    """How a version came into the archive."""
    return _(SOURCES[name]) if name in SOURCES else name


def flag(name: str) -> str:
    """What a flag of a version says, in a sentence."""
    return _(FLAGS[name], less="<", more=">") if name in FLAGS else _spaced(name)


def action(name: str) -> str:
    """What was done to a record."""
    return _(ACTIONS[name]) if name in ACTIONS else name


def moderation_source(name: str) -> str:
    """How it is known that something was done to a record."""
    return _(MODERATION_SOURCES[name]) if name in MODERATION_SOURCES else name


def whom(name: str, source: str | None) -> str:
    """Who did something to a record: in the reader's language, where the archive found it out; as it is on record, where a person
    wrote it (`source`: how it is known) or the platform named somebody.
    """
    if name == "unknown":
        return pgettext("by whom", "unknown")
    return _(WHO[name]) if name in WHO and source != "clerk" else name


def author_label(author: AuthorShape | None) -> str:
    """Whether the city wrote it. Who is not in the register is not known to be anybody in particular."""
    if author is None or author.platform_id is None:
        return _("Author not stated")
    return _("City account") if author.is_city else _("Not a city account")


def state_sentence(item: ItemShape, zone: zoneinfo.ZoneInfo) -> str:
    """How the item was last found, over the streams that decide it."""
    seen = max((sighting.last_seen_at for sighting in deciding(item.sightings)), default=None)
    return _sentence(item.state, None if seen is None else moment(seen, zone), _deciding(item), zone)


def state_sentence_then(item: ItemShape, zone: zoneinfo.ZoneInfo) -> str:
    """How the item was last found by a moment that is past: when it was last looked for before then is not known of each."""
    if item.state == "present":
        return _("Present by what was captured until then")
    return _sentence(item.state, None, _deciding(item), zone)


def _deciding(item: ItemShape) -> list[StateShape]:
    streams = {sighting.stream for sighting in deciding(item.sightings)}
    return [each for each in item.states if each.stream in streams]


def sighting_sentence(sighting: SightingShape, states: Sequence[StateShape], zone: zoneinfo.ZoneInfo) -> str:
    """How the item was last found in one stream."""
    own = [each for each in states if (each.account_id, each.stream) == (sighting.account_id, sighting.stream)]
    return _sentence(sighting.state, moment(sighting.last_seen_at, zone), own, zone)


def _sentence(state: str, seen: str | None, states: Sequence[StateShape], zone: zoneinfo.ZoneInfo) -> str:
    if state not in _FOUND:
        return _spaced(state).capitalize()
    with_moment, with_day, bare = _FOUND[state]
    found = next((each for each in reversed(states) if each.state == state), None)
    if with_moment is not None and seen is not None:
        return _(with_moment, moment=seen)
    if with_day is not None and found is not None:
        return _(with_day, day=day(found.observed_at, zone))
    return _(bare)


def observed_state(state: StateShape) -> str:
    """One line of an item's history."""
    name = _(STATE_NAMES[state.state]) if state.state in STATE_NAMES else state.state
    if state.by_lookup:
        return _("%(state)s (its own address was asked)", state=name)
    return _("%(state)s (a list was read)", state=name)


def size(number: int | None) -> str:
    """A number of bytes, in the unit that suits it."""
    if number is None:
        return _("size unknown")
    unit, factor = next((each for each in _UNITS if number >= each[1]), ("", 1))
    return f"{number / factor:,.1f} {unit}" if unit else ngettext("%(num)s byte", "%(num)s bytes", number)


def _spaced(name: str) -> str:
    return name.replace("_", " ")
