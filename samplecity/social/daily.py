"""Ordinary life on the further platforms: what the city posts on a plain day, what residents answer, what is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from samplecity import phrases
from samplecity.accounts import SITE
from samplecity.ids import dice
from samplecity.people import RESIDENTS
from samplecity.social import captions
from samplecity.social.abilities import ABILITIES, Abilities
from samplecity.social.accounts import resident

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from samplecity.social.events import Remover
    from samplecity.social.ledger import SocialLedger
    from samplecity.social.model import Person, SocialAccount, Thing
    from samplecity.social.scale import Scale

_MICROSECONDS = 1_000_000
_SAMPLES = 90  # different comments in each language
_MOST = 12  # times the average: the most comments an ordinary post gets
_NESTED, _LATE, _VERY_LATE, _ANSWERED = 0.4, 0.15, 0.01, 0.2
_EDITED, _REMOVED, _MODERATED = 0.03, 0.04, 0.03
_PICTURE, _VIDEO, _LONG = 0.35, 0.42, 0.1


@dataclass
class Life:
    """The ordinary life of one platform.

    Attributes:
        ledger: where it is written.
        platform: where it is lived.
        seed: of the build.
        scale: how much of it there is.
    """

    ledger: SocialLedger
    platform: str
    seed: int
    scale: Scale

    @cached_property
    def can(self) -> Abilities:
        """What the platform can do."""
        return ABILITIES[self.platform]

    @cached_property
    def people(self) -> list[tuple[Person, tuple[str, ...]]]:
        """The residents on this platform, with their languages."""
        return [(resident(self.platform, one), one.languages) for one in RESIDENTS]

    @cached_property
    def _words(self) -> dict[str, list[str]]:
        rng = dice(self.seed, "social", self.platform, "words")
        return {
            lang: [phrases.fill(rng.choice(templates), rng, SITE) for _ in range(_SAMPLES)]
            for lang, templates in phrases.REPLIES.items()
        }

    def day(self, account: SocialAccount, day: int) -> None:
        """Write an account's plain day."""
        rng = dice(self.seed, "social", self.platform, account.key, day)
        for _ in range(int(self.scale.posts) + (rng.random() < self.scale.posts % 1)):
            self._post(account, day, rng)
        if self.can.stories and rng.random() < 0.4:  # noqa: PLR2004 - a story on two days of five
            at = self._when(day, rng)
            media = self.ledger.attach(self.platform, at, (self._alt(rng),), "video" if day % 3 == 0 else "image")
            self.ledger.post(account, phrases.fill("{park}, {day} {hour}", rng, SITE), at, "story", attachments=media)

    def _when(self, day: int, rng: Random) -> datetime:
        return self.ledger.moment(day, rng.randint(8, 17), rng.randint(0, 59), rng.randrange(_MICROSECONDS))

    @staticmethod
    def _alt(rng: Random) -> str:
        return phrases.fill(rng.choice(phrases.ALTS), rng, SITE)

    def say(self, account: SocialAccount, text: str, at: datetime, **fields: Any) -> Thing:
        """Publish with what the platform asks of a post: a picture, a title."""
        if self.can.media != "any" and "attachments" not in fields:
            fields["attachments"] = self.ledger.attach(self.platform, at, ("City Hall under a blue sky",))
        if self.can.titles and "title" not in fields:
            fields["title"] = title_of(text)
        return self.ledger.post(account, text, at, **fields)

    def _post(self, account: SocialAccount, day: int, rng: Random) -> None:
        lang, template = rng.choice(phrases.OFFICIAL[account.topic])
        at = self._when(day, rng)
        text = phrases.fill(template, rng, SITE)
        if rng.random() < _LONG:
            text = self.long_text(account, rng, text)
        fields: dict[str, Any] = {"lang": lang, "likes": rng.randint(0, 90)}
        kind = rng.random()
        if self.can.media in ("any", "some") and kind < _PICTURE:
            alts = tuple(self._alt(rng) for _ in range(rng.choice((1, 1, 1, 2, 4))))
            fields["attachments"] = self.ledger.attach(self.platform, at, alts)
        elif self.can.media in ("any", "some") and kind < _VIDEO:
            fields["attachments"] = self.ledger.attach(self.platform, at, (self._alt(rng),), "video")
            fields["reel"] = self.can.reels and rng.random() < 0.5  # noqa: PLR2004 - every other one
        if self.can.unlisted and rng.random() < 0.1:  # noqa: PLR2004 - one of ten
            fields["visibility"] = rng.choice(("unlisted", "private"))
        if self.can.captions and (self.can.media == "cover" or _is_video(fields)):
            fields |= captions.of_the_day(self, text, day)
        post = self.say(account, text, at, **fields)
        count = min(int(rng.expovariate(1 / self.scale.comments) + 0.5), round(_MOST * self.scale.comments))
        self.comments(account, post, at, rng, count)
        self._change(post, rng, self.can.edits_posts, mine=True)

    def long_text(self, account: SocialAccount, rng: Random, text: str) -> str:
        """Give more words than an ordinary post has, in paragraphs, as far as the platform lets it."""
        parts = [text]
        templates = phrases.OFFICIAL[account.topic]
        parts += [phrases.fill(rng.choice(templates)[1], rng, SITE) for _ in range(rng.randint(3, 8))]
        while len("\n\n".join(parts)) > self.can.text_limit:
            parts.pop()
        return "\n\n".join(parts)

    def comments(self, account: SocialAccount, post: Thing, at: datetime, rng: Random, count: int) -> list[Thing]:
        """Let residents answer a post and each other, some late, and the city answer a few; then change some.

        Args:
            account: whose post it is.
            post: what they answer.
            at: after which time.
            rng: the dice.
            count: how many comments, the city's among them.

        Returns:
            The comments.
        """
        made: list[Thing] = []
        while len(made) < count:
            person, languages = rng.choice(self.people)
            late = rng.random()
            days = rng.randint(31, 36) if late < _VERY_LATE else rng.randint(1, 6) if late < _LATE else 0
            when = at + timedelta(days=days, seconds=rng.randint(60, 18_000), microseconds=rng.randrange(_MICROSECONDS))
            under = post
            if made and rng.random() < _NESTED:
                under = rng.choice(made)
                when = max(when, under.at + timedelta(seconds=rng.randint(20, 5000)))
            lang = rng.choice(languages)
            text = rng.choice(self._words[lang])
            comment = self.ledger.comment(person, text, when, under, lang=lang, likes=rng.randint(0, 9))
            made.append(comment)
            if len(made) < count and rng.random() < _ANSWERED:
                then = when + timedelta(seconds=rng.randint(300, 5400))
                answer = phrases.fill(rng.choice(phrases.ANSWERS), rng, SITE)
                made.append(self.ledger.comment(account.person, answer, then, comment))
            self._change(comment, rng, self.can.edits_comments, mine=False)
        return made

    def _change(self, thing: Thing, rng: Random, editable: bool, *, mine: bool) -> None:  # noqa: FBT001
        """Edit, remove, hide or hold one thing in some; the time is within the following week."""
        lot = rng.random()
        when = thing.at + timedelta(days=rng.randint(0, 6), seconds=rng.randint(30, 30_000))
        if lot < _EDITED:
            if editable:
                self.ledger.revise(thing, thing.text + " (corrected)", self.editable_until(thing, when))
            return
        lot -= _EDITED
        if lot < _REMOVED:
            by: Remover = "author" if mine or lot < _REMOVED / 2 else "city"
            self.ledger.remove(thing, when, by)
            return
        lot -= _REMOVED
        if mine or lot >= _MODERATED:
            return
        later = when + timedelta(days=rng.randint(1, 4)) if lot < _MODERATED / 2 else None
        if self.can.hides:
            self.ledger.hide(thing, when, until=later)
        elif self.can.moderates:
            self.ledger.moderate(thing, "heldForReview" if later else "likelySpam", when)
            if later:
                self.ledger.moderate(thing, "published", later)

    def editable_until(self, thing: Thing, when: datetime) -> datetime:
        """Give the wished time of an edit, or an earlier one where the platform lets nobody edit so late."""
        minutes = self.can.edit_minutes
        return when if minutes is None else min(when, thing.at + timedelta(minutes=minutes / 2))


def _is_video(fields: dict[str, Any]) -> bool:
    return any(one.kind == "video" for one in fields.get("attachments", ()))


def title_of(text: str) -> str:
    """Give a title for a text: its first sentence."""
    return text.partition(".")[0][:90]
