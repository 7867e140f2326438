"""What the city's Mastodon shows, entity by entity (mastodon/documentation, content/en/entities). Pure."""

from __future__ import annotations

import re
from datetime import UTC
from html import escape
from typing import TYPE_CHECKING, Any

from samplecity.social.api import media_url
from samplecity.social.model import hashtags, mentions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from samplecity.social.model import Attachment, Edit, Person, Thing
    from samplecity.social.world import SocialWorld

NAME = "mastodon"
_SHOWN_OF_A_LINK = 30
_WORD = re.compile(r"(https?://[^\s<>\"”]+[\w/])|#(\w+)|(?<![\w/])@([\w.\-]*\w)")


class Entities:
    """The instance's entities on one night, with addresses below `origin`."""

    def __init__(self, world: SocialWorld, origin: str) -> None:
        self._world, self._origin = world, origin

    def status(self, thing: Thing, *, inside: bool = False) -> dict[str, Any]:
        """A Status."""
        author = self._world.author(thing)
        parent = self._world.thing(NAME, thing.parent) if thing.parent else None
        boosted = self._world.thing(NAME, thing.reposts) if thing.reposts else None
        owner = self._world.by_key(NAME, thing.account)
        answered = self._world.author(parent).id if parent else owner.person.id if owner else author.id
        return {
            "id": thing.id,
            "created_at": time_of(thing.at),
            "in_reply_to_id": parent.id if parent else None,
            "in_reply_to_account_id": answered if thing.parent else None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "direct" if thing.kind == "message" else thing.visibility,
            "language": thing.lang,
            "uri": self.uri(thing),
            "url": self._url(thing),
            "replies_count": len(self.answers(thing)),
            "reblogs_count": 0,
            "favourites_count": self._world.likes(thing),
            "quotes_count": 0,
            "edited_at": time_of(thing.edited_at) if thing.edited_at else None,
            "favourited": False,
            "reblogged": False,
            "muted": False,
            "bookmarked": False,
            "content": self.html(thing.text),
            "filtered": [],
            "reblog": self.status(boosted, inside=True) if boosted is not None and not inside else None,
            "application": {"name": "Web", "website": None} if owner and author.id == owner.person.id else None,
            "account": self.account(author),
            "media_attachments": [self._attachment(one) for one in thing.attachments],
            "mentions": [
                {"id": one.id, "username": one.handle, "url": self._address(one), "acct": one.handle}
                for name in mentions(thing.text)
                if (known := self._world.account(NAME, name)) is not None
                for one in [known.person]
            ],
            "tags": [{"name": tag, "url": f"{self._origin}/tags/{tag}"} for tag in hashtags(thing.text)],
            "emojis": [],
            "tagged_collections": [],
            "quote": None if inside else self._quote(thing),
            "card": None,
            "poll": None,
            "quote_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
        }

    def _quote(self, thing: Thing) -> dict[str, Any] | None:
        if not thing.quotes:
            return None
        quoted = self._world.thing(NAME, thing.quotes)
        if quoted is None:
            return {"state": "deleted", "quoted_status": None}
        return {"state": "accepted", "quoted_status": self.status(quoted, inside=True)}

    def edit(self, thing: Thing, state: Thing | Edit) -> dict[str, Any]:
        """A StatusEdit."""
        at = thing.edited_at or thing.at if state is thing else state.at
        return {
            "content": self.html(state.text),
            "spoiler_text": "",
            "sensitive": False,
            "created_at": time_of(at),
            "account": self.account(self._world.author(thing)),
            "media_attachments": [self._attachment(one) for one in state.attachments],
            "emojis": [],
        }

    def _attachment(self, one: Attachment) -> dict[str, Any]:
        url = media_url(self._origin, one.id)
        return {
            "id": one.id,
            "type": one.kind,
            "url": url,
            "preview_url": url,
            "remote_url": None,
            "preview_remote_url": None,
            "text_url": None,
            "meta": {"original": {"width": one.width, "height": one.height, "size": f"{one.width}x{one.height}"}},
            "description": one.alt or None,
            "blurhash": None,
        }

    def account(self, person: Person) -> dict[str, Any]:
        """An Account."""
        here = self._world.account(NAME, person.id)
        picture = "missing.png"
        return {
            "id": person.id,
            "username": person.handle.partition("@")[0],
            "acct": person.handle,
            "display_name": person.name,
            "locked": False,
            "bot": False,
            "discoverable": True,
            "indexable": True,
            "group": False,
            "created_at": "2023-02-01T00:00:00.000Z",
            "note": f"<p>{escape(here.purpose)}</p>" if here else "",
            "url": self._address(person),
            "uri": self.person(person),
            "avatar": f"{self._origin}/avatars/original/{picture}",
            "avatar_static": f"{self._origin}/avatars/original/{picture}",
            "avatar_description": "",
            "header": f"{self._origin}/headers/original/{picture}",
            "header_static": f"{self._origin}/headers/original/{picture}",
            "header_description": "",
            "followers_count": 120,
            "following_count": 3,
            "statuses_count": len(self._world.authored(NAME, here.key)) if here else 1,
            "last_status_at": None,
            "hide_collections": None,
            "show_media": True,
            "show_media_replies": True,
            "show_featured": True,
            "noindex": False,
            "feature_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
            "emojis": [],
            "roles": [],
            "fields": [{"name": "Department", "value": escape(here.department), "verified_at": None}] if here else [],
        }

    def person(self, person: Person) -> str:
        """The identity of who has an account here, or on the residents' own server."""
        if "@" in person.handle:
            return f"{self._origin}/_elsewhere/users/{person.handle.partition('@')[0]}"
        return f"{self._origin}/ap/users/{person.id}"

    def _address(self, person: Person) -> str:
        return f"{self._origin}/@{person.handle}"

    def uri(self, thing: Thing) -> str:
        """The identity of a status."""
        return f"{self.person(thing.author)}/statuses/{thing.id}{'/activity' if thing.reposts else ''}"

    def _url(self, thing: Thing) -> str | None:
        return None if thing.reposts else f"{self._address(self._world.author(thing))}/{thing.id}"

    def answers(self, thing: Thing) -> Sequence[Thing]:
        """What answers a status directly, oldest first."""
        if thing.kind == "message":
            every = reversed(self._world.messages(NAME, thing.conversation or ""))
            return [one for one in every if one.parent == thing.id]
        return self._world.replies(NAME, thing.id)

    def html(self, text: str) -> str:
        """A text as Mastodon formats it: paragraphs, and links whose middle alone is shown."""
        if not text:
            return ""
        parts = ["<p>"]
        at = 0
        for match in _WORD.finditer(text):
            parts.append(_lines(text[at : match.start()]))
            at = match.end()
            parts.append(self._word(match))
        return "".join([*parts, _lines(text[at:]), "</p>"])

    def _word(self, match: re.Match[str]) -> str:
        link, tag, name = match.groups()
        if link:
            scheme, _, rest = link.partition("://")
            shown, hidden = rest[:_SHOWN_OF_A_LINK], rest[_SHOWN_OF_A_LINK:]
            style = ' class="ellipsis"' if hidden else ""
            return (
                f'<a href="{escape(link)}" target="_blank" rel="nofollow noopener" translate="no">'
                f'<span class="invisible">{scheme}://</span><span{style}>{escape(shown)}</span>'
                f'<span class="invisible">{escape(hidden)}</span></a>'
            )
        if tag:
            return (
                f'<a href="{self._origin}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{escape(tag)}</span></a>'
            )
        if self._world.account(NAME, name) is None:
            return escape(match[0])
        return (
            f'<span class="h-card" translate="no"><a href="{self._origin}/@{escape(name)}" class="u-url mention">'
            f"@<span>{escape(name)}</span></a></span>"
        )


def time_of(at: datetime) -> str:
    """As Mastodon writes a time: in UTC, to the millisecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _lines(text: str) -> str:
    return escape(text).replace("\n\n", "</p><p>").replace("\n", "<br />")
