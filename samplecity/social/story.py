"""The script of the further platforms: what goes wrong on each, by name, as far as the platform can do it.

The names are the keys of `SocialCity.story` and the `story` of an item in the truth. Most of it happens to a platform's
first account in the first five nights; what befalls whole accounts, to its last one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from samplecity import phrases
from samplecity.accounts import SITE
from samplecity.ids import dice
from samplecity.social import captions, exchanges
from samplecity.story import HOSTILE_TEXTS

if TYPE_CHECKING:
    from samplecity.social.daily import Life
    from samplecity.social.model import SocialAccount, Thing

_DEEP = 12  # levels of the longest chain of answers


def tell(life: Life, accounts: tuple[SocialAccount, ...]) -> None:
    """Write the script of one platform, for its accounts."""
    first, last = accounts[0], accounts[-1]
    _edits(life, first)
    _deletions(life, first)
    if life.can.comments:
        _late_comments(life, first)
        _crowd(life, first)
        _moderation(life, first)
        if life.can.depth != 1:
            _chain(life, first)
    if life.can.stories:
        _stories(life, first)
    if life.can.captions:
        captions.tell(life, first)
    exchanges.tell(life, first)
    if last is not first:
        _accounts(life, last)


def _edits(life: Life, account: SocialAccount) -> None:
    if not life.can.edits_posts:
        return
    ledger, moment = life.ledger, life.ledger.moment
    pool = life.say(account, "Anza Park pool opens Saturday at 9. #ParksLPV", moment(-3, 10, 5))
    ledger.revise(
        pool, "CORRECTION: Anza Park pool opens Sunday at 10. #ParksLPV", life.editable_until(pool, moment(2, 11))
    )
    ledger.note("edited", pool)

    first = "Street sweeping fines are suspended until further notice."
    fines = life.say(account, first, moment(1, 23, 20))
    if life.can.edit_minutes is None:
        ledger.revise(fines, "Street sweeping fines resume on Monday.", moment(3, 9))
        ledger.revise(fines, first, moment(4, 16))
        ledger.note("edited_and_back", fines)
    else:  # the first form is seen by one night's capture, the second by the next
        ledger.revise(fines, "Street sweeping fines resume on Monday.", fines.at + timedelta(minutes=12))
        ledger.revise(fines, "Street sweeping fines resume on Tuesday.", fines.at + timedelta(minutes=14))
        ledger.note("edited_around_a_capture", fines)

    boil = life.say(account, "Boil water notice for Mesa Dr until Tuesday.", moment(2, 8))
    for minutes, text in (
        (4, "Boil water notice for ALL of the city until Tuesday."),
        (9, "Boil water notice lifted 💧"),
    ):
        ledger.revise(boil, text, boil.at + timedelta(minutes=minutes))
    ledger.note("edited_twice_in_a_day", boil)

    if life.can.edit_minutes is None:
        for day, name in ((-9, "edited_inside_window"), (-41, "edited_outside_window")):
            old = life.say(account, f"Library card drive, week {50 + day}.", moment(day, 12))
            ledger.revise(old, f"Library card drive, week {50 + day}. Now with prizes!", moment(2, 14))
            ledger.note(name, old)
    if life.can.titles:
        hearing = life.say(account, "Public hearing on rent.", moment(-1, 13), title="Public hearing")
        ledger.revise(hearing, hearing.text, moment(3, 13), title="Public hearing (moved to Dec 2)")
        ledger.note("retitled", hearing)
    if life.can.edits_media:
        shown = ledger.attach(life.platform, moment(1, 14), ("Flyer",))
        flyer = life.say(account, "Notice of public hearing.", moment(1, 14), attachments=shown)
        other = ledger.attach(life.platform, moment(3, 10), ("Flyer: public hearing on rent, Nov 30 at 6",))
        ledger.revise(flyer, flyer.text, moment(3, 10), attachments=other)
        ledger.note("picture_replaced", flyer)


def _deletions(life: Life, account: SocialAccount) -> None:
    ledger, moment = life.ledger, life.ledger.moment
    gone = life.say(account, "Council will meet in closed session about the landfill.", moment(-2, 15))
    ledger.remove(gone, moment(3, 9, 5))
    ledger.note("deleted_post", gone)

    back = life.say(account, "Story time is cancelled this week.", moment(-1, 9, 30))
    ledger.remove(back, moment(2, 9), "platform")
    ledger.note("recreated", back)

    blink = life.say(account, "Suspect sought near Mills Grove, armed.", moment(3, 13, 1))
    ledger.remove(blink, moment(3, 13, 20))
    ledger.note("never_observable", blink)

    if life.can.comments:
        _deleted_comments(life, account, gone, back)
    ledger.restore(back, moment(4, 9))


def _deleted_comments(life: Life, account: SocialAccount, gone: Thing, back: Thing) -> None:
    ledger, moment, people = life.ledger, life.ledger.moment, life.people
    ledger.note("comment_under_deleted_post", ledger.comment(people[11][0], "Closed? Why?", moment(-2, 16), gone))
    ledger.note("comment_under_recreated_post", ledger.comment(people[2][0], "Oh no!", moment(-1, 11), back))

    root = life.say(account, "Repaving of Harbor Blvd is done.", moment(1, 10))
    leaf = ledger.comment(people[13][0], "Done? Half of it is mud.", moment(1, 11), root)
    ledger.remove(leaf, moment(2, 20))
    ledger.note("deleted_by_author", leaf)
    branch = ledger.comment(people[3][0], "You are all thieves.", moment(1, 12), root)
    ledger.remove(branch, moment(3, 8), "city")
    ledger.note("deleted_by_city", branch)
    if life.can.depth != 1:
        ledger.note("orphaned_comment", ledger.comment(people[4][0], "I agree!", moment(1, 13), branch))
    flash = ledger.comment(people[23][0], "I know who did it!", moment(4, 10), root)
    ledger.remove(flash, moment(4, 10, 2))
    ledger.note("never_observable", flash)


def _late_comments(life: Life, account: SocialAccount) -> None:
    ledger, moment, people = life.ledger, life.ledger.moment, life.people
    for day, name in ((-14, "late_comment"), (-40, "late_comment_outside_window")):
        old = life.say(account, f"Stevenson Meadow stays open until ten. ({-day})", moment(day, 12))
        late = ledger.comment(people[7][0], "It was locked at nine last night.", moment(4, 21), old)
        ledger.note(name, late, ledger.comment(account.person, "Fixed, sorry!", moment(5, 9), late))


def _crowd(life: Life, account: SocialAccount) -> None:
    """One post with more comments than any page holds, many of them below a single comment."""
    ledger, people = life.ledger, life.people
    rng = dice(life.seed, "social", life.platform, "crowd")
    hot = life.say(
        account,
        f"The budget keeps the library open on Sundays and fills 4,000 potholes. Read it: {SITE}/budget #Budget2027",
        ledger.moment(-1, 8, 30),
    )
    ledger.note("busy_thread", hot)
    top = ledger.comment(people[0][0], "Who wants the library open on Sundays?", ledger.moment(-1, 8, 50), hot)
    ledger.note("busy_comment", top)
    for number in range(life.scale.crowd):
        at = ledger.moment(-1 + number % 4, 9) + timedelta(seconds=37 * number)
        person, languages = people[(number * 7 + 1) % len(people)]
        text = f"{phrases.fill(rng.choice(phrases.REPLIES[languages[0]]), rng, SITE)} ({number + 1})"
        under = top if number < life.scale.nested and life.can.depth != 1 else hot
        ledger.comment(person, text, at, under, lang=languages[0])
    for number, text in enumerate(HOSTILE_TEXTS):
        ledger.note("hostile_text", ledger.comment(people[31][0], text, ledger.moment(2, 19, number), hot))
    long = life.long_text(account, rng, "As a neighbor of thirty years I have this to say about the budget.")
    ledger.note("long_comment", ledger.comment(people[5][0], long, ledger.moment(2, 20), hot))


def _chain(life: Life, account: SocialAccount) -> None:
    ledger, people = life.ledger, life.people
    under = life.say(account, "Ask us anything about District 3, we answer all day.", ledger.moment(2, 8))
    ledger.note("deep_thread", under)
    rng = dice(life.seed, "social", life.platform, "chain")
    for level in range(_DEEP):
        author = account.person if level % 2 else people[19 + level // 2 % 2][0]
        words = phrases.ANSWERS if level % 2 else phrases.REPLIES["en"]
        text = f"{phrases.fill(rng.choice(words), rng, SITE)} ({level + 1})"
        under = ledger.comment(author, text, ledger.moment(2, 9, level * 4), under)
    ledger.note("deepest_comment", under)


def _moderation(life: Life, account: SocialAccount) -> None:
    ledger, moment, people = life.ledger, life.ledger.moment, life.people
    post = life.say(account, "The skate park vote is tonight at six.", moment(1, 9))
    if life.can.hides:
        rude = ledger.comment(people[14][0], "Liars, all of you.", moment(1, 10), post)
        ledger.hide(rude, moment(2, 9))
        ledger.note("hidden", rude)
        spam = ledger.comment(people[15][0], "Cheap sunglasses!", moment(1, 10, 30), post)
        ledger.hide(spam, moment(2, 9, 1), until=moment(4, 9))
        ledger.note("hidden_and_back", spam)
        brief = ledger.comment(people[16][0], "Is this on video?", moment(2, 10), post)
        ledger.hide(brief, moment(2, 11), until=moment(2, 12))
        ledger.note("hidden_between_captures", brief)
        gone = ledger.comment(people[17][0], "Call 555-0199 for a loan", moment(1, 11), post)
        ledger.hide(gone, moment(2, 9, 2))
        ledger.remove(gone, moment(4, 10), "city")
        ledger.note("hidden_then_deleted", gone)
    if life.can.moderates:
        held = ledger.comment(people[14][0], "I disagree!", moment(1, 10), post, moderation="heldForReview")
        ledger.moderate(held, "published", moment(3, 9))
        ledger.note("held_then_published", held)
        rejected = ledger.comment(people[15][0], "Liars.", moment(1, 10, 30), post, moderation="heldForReview")
        ledger.remove(rejected, moment(3, 9, 1), "city")
        ledger.note("held_then_rejected", rejected)
        spam = ledger.comment(
            people[16][0], "WIN A PHONE http://win.example/1", moment(1, 11), post, moderation="likelySpam"
        )
        ledger.note("likely_spam", spam)
        later = ledger.comment(people[17][0], "Who are you kidding?", moment(1, 12), post)
        ledger.moderate(later, "heldForReview", moment(3, 9, 2))
        ledger.note("published_then_held", later)
    if life.can.closes:
        closed = life.say(account, "Election results are in.", moment(1, 20))
        ledger.comment(people[18][0], "Recount!", moment(1, 21), closed)
        ledger.close(closed, moment(3, 8), until=moment(5, 8))
        ledger.note("comments_closed_and_back", closed)
        silent = life.say(account, "In memoriam.", moment(2, 20), comments_disabled=True)
        ledger.note("comments_closed", silent)


def _stories(life: Life, account: SocialAccount) -> None:
    ledger, moment = life.ledger, life.ledger.moment
    for day, name in ((1, "story"), (2, "story_deleted"), (4, "story_never_observable")):
        at = moment(day, 10)
        media = ledger.attach(life.platform, at, ("Crew at work",), "video" if day == 1 else "image")
        story = ledger.post(account, "Today at Anza Park", at, "story", attachments=media)
        ledger.note(name, story)
        if day > 1:
            ledger.remove(story, moment(3, 7) if day == 2 else moment(4, 12))  # noqa: PLR2004 - on its second day


def _accounts(life: Life, account: SocialAccount) -> None:
    ledger, moment = life.ledger, life.ledger.moment
    ledger.rename(account, f"{account.handle}2", f"{account.name} (new)", moment(3, 7))
    ledger.note("renamed", account)
    ledger.stand(account, "token_dead", moment(2, 6))
    ledger.stand(account, "active", moment(5, 6))
    ledger.note("token_dead_and_back", account)
    ledger.stand(account, "suspended", moment(7, 6))
    ledger.stand(account, "active", moment(10, 6))
    ledger.note("suspended_and_back", account)
