"""The part of the script that is between the city and others: quotes, reposts, visitors, mentions, messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samplecity import phrases
from samplecity.accounts import SITE
from samplecity.ids import dice

if TYPE_CHECKING:
    from samplecity.social.daily import Life
    from samplecity.social.model import SocialAccount

_TALKS = 4


def tell(life: Life, account: SocialAccount) -> None:
    """Write it, as far as the platform can do it, for an account."""
    if life.can.strangers:
        _strangers(life, account)
    if life.can.visitors:
        _visitors(life, account)
    if life.can.mentions:
        _mentions(life, account)
    if life.can.messages:
        _messages(life, account)


def _strangers(life: Life, account: SocialAccount) -> None:
    ledger, moment, people = life.ledger, life.ledger.moment, life.people
    mural = ledger.elsewhere(
        life.platform, people[0][0], "Our new mural at Parque Hemingway is finished 🎨", moment(1, 18),
        attachments=ledger.attach(life.platform, moment(1, 18), ("A mural of palm trees",)),
    )  # fmt: skip
    ledger.note("answered_resident_post", mural)
    answer = ledger.comment(account.person, "Beautiful work, thank you!", moment(2, 9, 40), mural, account=account.key)
    ledger.note("city_comment_on_resident_post", answer)
    ledger.note("repost", life.say(account, "", moment(2, 13), reposts=mural.id))
    taken = life.say(account, "", moment(2, 14), reposts=ledger.elsewhere(
        life.platform, people[1][0], "Clean-up day at Mills Grove on Saturday!", moment(2, 13, 30)
    ).id)  # fmt: skip
    ledger.remove(taken, moment(4, 8))
    ledger.note("repost_taken_back", taken)

    rumor = ledger.elsewhere(life.platform, people[12][0], "They are closing Fire Station 2!", moment(2, 17))
    quote = life.say(account, "This is not true. Station 2 stays open.", moment(2, 18), quotes=rumor.id)
    ledger.note("quote_of_resident_post", quote)
    ledger.remove(rumor, moment(3, 18))
    ledger.note("quoted_then_deleted", rumor)
    own = life.say(account, "Pool season starts today.", moment(1, 7))
    ledger.note("quote_of_city_post", life.say(account, "And it is sunny!", moment(1, 12), quotes=own.id))
    part = life.say(account, "1/3 What is in Measure M:", moment(3, 9, 1))
    ledger.note("own_thread", part)
    for number, text in enumerate(("It pays for streets.", "It ends in 2034."), 2):
        part = ledger.comment(account.person, f"{number}/3 {text}", moment(3, 9, number), part)
        ledger.note("own_thread", part)


def _visitors(life: Life, account: SocialAccount) -> None:
    ledger, moment = life.ledger, life.ledger.moment
    rng = dice(life.seed, "social", life.platform, "visitors")
    for day in range(-5, ledger.nights + 1, 2):
        visitor = life.people[rng.randrange(len(life.people))][0]
        text = phrases.fill(rng.choice(phrases.REPLIES["en"]), rng, SITE)
        post = ledger.post(account, text, moment(day, 11, 3), "visitor_post", author=visitor)
        ledger.note("visitor_post", post)
        said = ledger.comment(account.person, "Thank you, we have passed this on.", moment(day, 14), post)
        ledger.note("city_comment_on_visitor_post", said)
        if day in (1, 3):
            ledger.remove(post, moment(day + 1, 9), "author" if day == 1 else "city")
            ledger.note("visitor_post_deleted", post)


def _mentions(life: Life, account: SocialAccount) -> None:
    ledger, moment = life.ledger, life.ledger.moment
    rng = dice(life.seed, "social", life.platform, "mentions")
    for day in range(-5, ledger.nights + 1):
        person = life.people[rng.randrange(len(life.people))][0]
        at = moment(day, 15, rng.randint(0, 59))
        pictures = (
            ledger.attach(life.platform, at, ("Broken bench",)) if life.can.media == "some" or day % 3 == 0 else ()
        )
        text = f"@{account.handle} {phrases.fill(rng.choice(phrases.REPLIES['en']), rng, SITE)}"
        post = ledger.post(account, text, at, "mention", author=person, attachments=pictures)
        ledger.note("mention", post)
        if day == 1:
            ledger.remove(post, moment(3, 9))
            ledger.note("mention_deleted", post)


def _messages(life: Life, account: SocialAccount) -> None:
    """Conversations of several messages; one grows from night to night, one has a message taken back."""
    ledger, moment = life.ledger, life.ledger.moment
    rng = dice(life.seed, "social", life.platform, "messages")
    for number in range(_TALKS):
        person = life.people[number * 5 + 2][0]
        lines = []
        for turn in range(6 + number):
            author = account.person if turn % 2 else person
            words = phrases.ANSWERS if turn % 2 else phrases.REPLIES["en"]
            text = phrases.fill(rng.choice(words), rng, SITE)
            lines.append((author, text, moment(-6 + turn + number * 2, 10 + number, turn)))
        made = ledger.converse(account, person, lines)
        ledger.note("conversation", made[0])
        if number == 1:
            ledger.remove(made[2], moment(3, 9))
            ledger.note("message_taken_back", made[2])
    again = life.people[2][0]
    for day in range(2, ledger.nights + 1, 3):
        line = (again, phrases.fill(rng.choice(phrases.REPLIES["en"]), rng, SITE), moment(day, 20))
        ledger.note("message_in_old_conversation", *ledger.converse(account, again, [line]))
