"""The JSON of X's API v2: posts, users, messages and what comes with them, field by field as a request asks for it.

Shapes as in the recorded answers of API v2 and docs.x.com (x-api/fundamentals/data-dictionary, edit-posts, metrics; posts/
timelines/integrate: what is longer than 280 characters is cut, and whole in the note). Texts are HTML-escaped and links
shortened, as X does both. Media come with the posts that were asked for, not with those that are shown beside them.
"""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from samplecity.social.api import media_url
from samplecity.social.ids import characters
from samplecity.social.model import Edit, hashtags, links, mentions
from samplecity.social.x_words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from samplecity.social.model import Attachment, Person, SocialAccount, Thing
    from samplecity.social.world import SocialWorld
    from samplecity.social.x_words import Words

NAME = "x"
_SHORT, _REPOSTED = 280, 140
_EDITS, _EDITABLE = 5, timedelta(minutes=30)


class Shapes:
    """What one answer is put together from; `includes` and `problems` fill up while its records are made."""

    def __init__(self, world: SocialWorld, query: Mapping[str, str], words: Words, origin: str) -> None:
        self.problems: list[dict[str, Any]] = []
        self._world, self._words, self._origin = world, words, origin
        self._expands = listed(query, "expansions")
        self._fields = {
            "post": listed(query, f"{words.post}.fields") | words.always,
            "user": listed(query, "user.fields") | {"id", "name", "username"},
            "media": listed(query, "media.fields") | {"media_key", "type"},
            "dm": listed(query, "dm_event.fields") | {"id", "text", "event_type"},
        }
        self._people: dict[str, Person] = {}
        self._posts: dict[str, dict[str, Any]] = {}
        self._media: dict[str, dict[str, Any]] = {}

    def includes(self) -> dict[str, Any]:
        """Give what comes with the records."""
        found: dict[str, list[Any]] = {
            "users": [self.person(one) for one in self._people.values()],
            self._words.included: list(self._posts.values()),
            "media": list(self._media.values()),
        }
        return {name: value for name, value in found.items() if value}

    def problem(self, kind: str, identity: str, parameter: str) -> None:
        """Note that something could not be found."""
        self.problems.append(missing(self._words, kind, identity, parameter))

    def person(self, person: Person) -> dict[str, Any]:
        """A user of whom nothing more is told."""
        return {"id": person.id, "name": person.name, "username": person.handle}

    def user(self, account: SocialAccount, written: int) -> dict[str, Any]:
        """A user; `written` is how many posts it has."""
        words = self._words
        metrics = {"followers_count": 900, "following_count": 12, words.posts: written, "listed_count": 3}
        told = {
            "created_at": f"{account.began_on}T08:00:00.000Z",
            "description": _shown(account.purpose),
            "protected": False,
            "public_metrics": metrics,
            "verified": True,
            "verified_type": "government",
        }
        return self.person(account.person) | {
            name: value for name, value in told.items() if name in self._fields["user"]
        }

    def post(self, thing: Thing, form: str = "", *, beside: bool = False) -> dict[str, Any]:
        """A post in one of its forms (its present one without `form`); `beside`: it is shown with another only."""
        words, expands = self._words, self._expands
        state: Thing | Edit = next((one for one in thing.edits if one.id == form), thing)
        own = state.id if isinstance(state, Edit) else thing.present_id
        if not beside and words.history in expands:
            for each in thing.ids:
                if each != own:
                    self._posts.setdefault(each, self.post(thing, each, beside=True))
        told = {"id": own, **self._said(thing, state), **self._about(thing, own), **self._pointers(thing, beside)}
        author = self._world.author(thing)
        if "author_id" in expands and (not beside or words.referenced_author in expands):
            self._people[author.id] = author
        if keys := self._attached(state.attachments, beside=beside):
            told["attachments"] = {"media_keys": keys}
        wanted = self._fields["post"] | {"id"}
        for name, expansion in (
            ("author_id", "author_id"),
            ("in_reply_to_user_id", "in_reply_to_user_id"),
            ("attachments", "attachments.media_keys"),
            (words.references, words.referenced),
            (words.history, words.history),
        ):
            wanted |= {name} if expansion in expands else set()
        return {name: value for name, value in told.items() if name in wanted}

    def _about(self, thing: Thing, own: str) -> dict[str, Any]:
        """What is told of a post beside its words."""
        at = form_at(thing, own)
        metrics = {
            self._words.reposts: 0,
            "reply_count": len(self._world.replies(NAME, thing.id)),
            "like_count": self._world.likes(thing),
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": 40 + self._world.likes(thing),
        }
        return {
            "author_id": self._world.author(thing).id,
            "conversation_id": thing.root or thing.id,
            "created_at": _time(at),
            "edit_controls": {
                "edits_remaining": _EDITS - len(thing.edits),
                "is_edit_eligible": not thing.parent and not thing.reposts,
                "editable_until": _time(thing.at + _EDITABLE),
            },
            self._words.history: list(thing.ids),
            "lang": thing.lang,
            "possibly_sensitive": False,
            "public_metrics": metrics,
            "reply_settings": "everyone",
        }

    def _said(self, thing: Thing, state: Thing | Edit) -> dict[str, Any]:
        """The words of a form, cut where they are long; a repost has those of what it reposts."""
        text = state.text
        if thing.reposts:
            original = self._world.thing(NAME, thing.reposts)
            text = f"RT @{self._world.author(original).handle}: {original.text}" if original else "RT"
            cut = text if len(text) <= _REPOSTED else f"{text[: _REPOSTED - 1]}…"
            return {"text": _shown(cut), **self._entities(cut)}
        if len(text) <= _SHORT:
            return {"text": _shown(text), **self._entities(text)}
        cut = f"{text[: _SHORT - 1]}…"
        return {
            "text": _shown(cut),
            **self._entities(cut),
            self._words.note: {"text": _shown(text), **self._entities(text)},
        }

    def _pointers(self, thing: Thing, beside: bool) -> dict[str, Any]:  # noqa: FBT001
        """What a post points at: the form that stood when it was published."""
        found = []
        for kind, identity in (("replied_to", thing.parent), ("quoted", thing.quotes), ("retweeted", thing.reposts)):
            if not identity:
                continue
            other = self._world.thing(NAME, identity)
            form = identity if other is None else _standing(other, thing.at)
            found.append({"type": kind, "id": form})
            if beside or self._words.referenced not in self._expands:
                continue
            if other is None:
                self.problem(self._words.post, identity, self._words.referenced)
            else:
                self._posts.setdefault(form, self.post(other, form, beside=True))
        told: dict[str, Any] = {self._words.references: found} if found else {}
        answered = self._world.author_of(NAME, thing.parent) if thing.parent else None
        return told | ({"in_reply_to_user_id": answered.id} if answered else {})

    def _attached(self, attachments: tuple[Attachment, ...], *, beside: bool) -> list[str]:
        for one in attachments if not beside and "attachments.media_keys" in self._expands else ():
            address = media_url(self._origin, one.id)
            told: dict[str, Any] = {
                "media_key": one.id,
                "type": "photo" if one.kind == "image" else "video",
                "height": one.height,
                "width": one.width,
            }
            if one.alt:
                told["alt_text"] = one.alt
            if one.kind == "image":
                told["url"] = address
            else:
                told["duration_ms"] = 4000
                told["variants"] = [
                    {"content_type": "application/x-mpegURL", "url": f"{address}.m3u8"},
                    {"content_type": one.mime, "bit_rate": 832_000, "url": address},
                ]
            self._media[one.id] = {name: value for name, value in told.items() if name in self._fields["media"]}
        return [one.id for one in attachments]

    def event(self, thing: Thing) -> dict[str, Any]:
        """A private message."""
        author = self._world.author(thing)
        told: dict[str, Any] = {
            "id": thing.id,
            "event_type": "MessageCreate",
            "text": _shown(thing.text),
            "created_at": _time(thing.at),
            "dm_conversation_id": thing.conversation,
            "sender_id": author.id,
            **self._entities(thing.text),
        }
        if keys := self._attached(thing.attachments, beside=False):
            told["attachments"] = {"media_keys": keys}
        if "sender_id" in self._expands:
            self._people[author.id] = author
        wanted = self._fields["dm"] | (self._expands & {"sender_id", "participant_ids"})
        return {name: value for name, value in told.items() if name in wanted}

    def _entities(self, text: str) -> dict[str, Any]:
        """Tags, names and addresses, with their places in the words as they are shown."""
        shown = _shown(text)
        known = {one.handle.lower(): one.id for one in self._world.accounts(NAME)}
        found: dict[str, list[dict[str, Any]]] = {
            "hashtags": [{**place, "tag": tag} for tag in hashtags(text) for place in _places(shown, f"#{tag}")],
            "mentions": [
                {**place, "username": name, **({"id": known[name.lower()]} if name.lower() in known else {})}
                for name in mentions(text)
                for place in _places(shown, f"@{name}")
            ],
            "urls": [
                {**place, "url": short(url), "expanded_url": url, "display_url": url.partition("//")[2][:30]}
                for url in links(text)
                for place in _places(shown, short(url))
            ],
        }
        told = {name: value for name, value in found.items() if value}
        return {"entities": told} if told else {}


def missing(words: Words, kind: str, identity: str, parameter: str) -> dict[str, Any]:
    """Give the problem of what is not there."""
    return {
        "value": identity,
        "resource_id": identity,
        "resource_type": kind,
        "parameter": parameter,
        "title": "Not Found Error",
        "detail": f"Could not find {kind} with {parameter}: [{identity}].",
        "type": f"{words.problems}resource-not-found",
    }


def form_at(thing: Thing, form: str) -> datetime:
    """Since when a form of a thing stands."""
    return next((one.at for one in thing.edits if one.id == form), thing.edited_at or thing.at)


def _standing(thing: Thing, at: datetime) -> str:
    """The id of the form that stood at a time."""
    return next((each for each in reversed(thing.ids) if form_at(thing, each) <= at), thing.id)


def short(url: str) -> str:
    """Give the shortened form of an address."""
    return f"https://t.co/{characters(url, 10).translate(str.maketrans('-_', 'xX'))}"


def _shown(text: str) -> str:
    """Give a text as X shows it: its links shortened, and `&`, `<`, `>` escaped."""
    for url in sorted(set(links(text)), key=len, reverse=True):
        text = text.replace(url, short(url))
    return escape(text, quote=False)


def _places(shown: str, part: str) -> Iterator[dict[str, int]]:
    for found in re.finditer(re.escape(part), shown):
        yield {"start": found.start(), "end": found.end()}
        return


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
