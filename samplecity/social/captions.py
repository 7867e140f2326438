"""The part of the script that is the captions of the city's videos, and the alternative texts of its pictures on Facebook."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from samplecity.ids import dice
from samplecity.social.media import track

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from samplecity.social.daily import Life
    from samplecity.social.model import SocialAccount, Thing, Track

_CAPTIONED = 0.25  # of a plain day's videos on Facebook; on YouTube, where they are dear, fewer
_DEAR = 0.06
_LINES = (
    "Good evening, and welcome to the city council.",
    "Item one: the library stays open on Sundays.",
    "The motion carries, seven to nothing.",
)


def tell(life: Life, account: SocialAccount) -> None:
    """Write it for an account: tracks that come, are replaced, and go, and one that nobody made by hand."""
    ledger, moment = life.ledger, life.ledger.moment
    first = _made("en", "\n".join(_LINES))
    minutes = _video(life, account, "Council meeting, recorded.", moment(-3, 12), first)
    ledger.caption(minutes, moment(3, 10), _of(minutes, "en", "\n".join((*_LINES, "(corrected)")), moment(3, 10)))
    ledger.note("captions_corrected", minutes)

    later = _video(life, account, "How to report a pothole, in one minute.", moment(1, 9, 30))
    ledger.caption(later, moment(2, 10), _of(later, "es", "Así se avisa de un bache.", moment(2, 10)))
    ledger.note("captions_added", later)

    both = _video(life, account, "The pool opens: a tour.", moment(1, 11, 30), _made("en", "Mind the step."))
    spanish = _of(both, "es", "Cuidado con el escalón.", moment(2, 12))
    ledger.caption(both, moment(2, 12), *both.tracks, spanish)
    ledger.caption(both, moment(4, 12), spanish)
    ledger.note("captions_deleted", both)

    none = _video(life, account, "Street sweeping, explained.", moment(-2, 9, 30), _made("en", "We sweep on Mondays."))
    ledger.caption(none, moment(3, 9, 30))
    ledger.note("captions_all_deleted", none)

    brief = _video(life, account, "A minute with the mayor.", moment(2, 9, 30))
    ledger.caption(brief, moment(3, 11), _of(brief, "en", "Thank you all.", moment(3, 11)))
    ledger.caption(brief, moment(3, 11, 20))
    ledger.note("captions_never_observable", brief)

    if life.platform == "youtube":
        machine = _video(
            life, account, "Budget hearing, full.", moment(-4, 9, 30), _made("en", "uh the budget", kind="ASR")
        )
        ledger.note("captions_by_machine", machine)
        draft = _made("fr", "Bonjour à tous.", name="brouillon", draft=True)
        ledger.note(
            "captions_draft",
            _video(life, account, "Welcome, in two languages.", moment(-5, 9), _made("en", "Hello."), draft),
        )
    if life.platform == "facebook":
        _alternative_texts(life, account)


def _alternative_texts(life: Life, account: SocialAccount) -> None:
    ledger, moment = life.ledger, life.ledger.moment
    shown = ledger.attach(life.platform, moment(1, 15), ("A pool", "Children at the pool"))
    post = life.say(account, "Swimming lessons begin on Monday.", moment(1, 15), attachments=shown)
    better = replace(shown[0], alt="The empty pool of Anza Park at sunrise")
    ledger.revise(post, post.text, moment(3, 15), attachments=(better, *shown[1:]))
    ledger.note("alternative_text_corrected", post)
    plain = ledger.attach(life.platform, moment(2, 15, 30), ("",))
    silent = life.say(account, "The new bench at the library.", moment(2, 15, 30), attachments=plain)
    ledger.note("without_alternative_text", silent)


def of_the_day(life: Life, text: str, day: int) -> dict[str, Any]:
    """What a plain day's video has of captions, as a field for `SocialLedger.post`; the dice are its own."""
    rng = dice(life.seed, "social", life.platform, "captions", text, day)
    if rng.random() >= (_DEAR if life.platform == "youtube" else _CAPTIONED):
        return {}
    made = [_made("en", text[:200])]
    if life.platform == "youtube" and rng.random() < 0.5:  # noqa: PLR2004 - every other one
        made.append(_made("en", text[:200].lower(), kind="ASR"))
    return {"tracked": _all(tuple(made))}


def _video(life: Life, account: SocialAccount, text: str, at: datetime, *tracks: Callable[[Thing], Track]) -> Thing:
    fields: dict[str, Any] = {"tracked": _all(tracks)}
    if life.platform == "facebook":
        fields["attachments"] = life.ledger.attach(life.platform, at, ("",), "video")
    return life.say(account, text, at, **fields)


def _all(tracks: tuple[Callable[[Thing], Track], ...]) -> Callable[[Thing], tuple[Track, ...]]:
    return lambda thing: tuple(make(thing) for make in tracks)


def _made(language: str, words: str, **more: Any) -> Callable[[Thing], Track]:
    """A track that is there with its video."""
    return lambda thing: _of(thing, language, words, thing.at, **more)


def _of(thing: Thing, language: str, words: str, at: datetime, **more: Any) -> Track:
    return track(thing.platform, video_of(thing), at, language, words, **more)


def video_of(thing: Thing) -> str:
    """The id of a thing's video: on Facebook that of what is attached, unless the thing itself is a video."""
    return thing.attachments[0].id if thing.platform == "facebook" and not thing.reel else thing.id
