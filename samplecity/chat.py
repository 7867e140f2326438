"""The city's direct messages on Bluesky: some conversations of two accounts, with what happens to them, and the truth of it.

Only the accounts of `LOGGED_IN` have an app password in the register. A message is deleted for the account that deletes it, and
for nobody else; what the other one deletes stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from samplecity.accounts import BY_KEY
from samplecity.days import Days
from samplecity.ids import stamp, tid
from samplecity.people import RESIDENT_BY_KEY
from samplecity.truth import TrueItem, TrueSighting, TrueVersion

if TYPE_CHECKING:
    from datetime import date, datetime

LOGGED_IN = ("mayor", "clerk")
LONG = 230
"""Messages of the longest conversation: three pages of 100."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message.

    Attributes:
        id: within its conversation.
        sender: DID; empty for what the service itself says in a group.
        text: what it says.
        night: of which day.
        at: when it was sent.
        answers: the message it answers, by id.
        shares: the address of a post shown with it.
        reactions: from which night on somebody reacted, if at all.
        deleted: by the account that reads, of which day; None: never.
    """

    id: str
    sender: str
    text: str
    night: int
    at: datetime
    answers: str | None = None
    shares: str | None = None
    reactions: int | None = None
    deleted: int | None = None


@dataclass
class Talk:
    """A conversation.

    Attributes:
        id: of the service.
        members: DIDs.
        accepted: from which day on the city's account has taken it up; before, it is a request.
        group: its name, where it is one of several people.
        messages: in the order of time.
    """

    id: str
    members: tuple[str, ...]
    accepted: int
    group: str | None = None
    messages: list[Message] = field(default_factory=list)

    def at(self, night: int) -> list[Message]:
        """Give what was sent up to a night."""
        return [message for message in self.messages if message.night <= night]

    def rev(self, night: int) -> str:
        """Give the revision at a night: the number of things that have happened, as a key that grows."""
        happened = sum(
            1
            + (each.reactions is not None and each.reactions <= night)
            + (each.deleted is not None and each.deleted <= night)
            for each in self.at(night)
        )
        return f"{happened + (self.accepted <= night):013d}"


class Chat:
    """Every conversation of the logged-in accounts.

    Args:
        start: the date of day 1.
        nights: how many days the history has.
        shared: the address of a post that is shown in one of them.
    """

    def __init__(self, start: date, nights: int, shared: str) -> None:
        self._days, self.nights = Days(start, nights), nights
        self.talks: list[Talk] = []
        mayor, clerk = (BY_KEY[key].did for key in LOGGED_IN)
        people = (RESIDENT_BY_KEY[key].did for key in ("marisol-vega", "arvid-berg", "noa-levi", "dexter-poole"))
        marisol, arvid, noa, dexter = people
        mural = self._talk((mayor, marisol), accepted=1)
        first = self._say(mural, marisol, "Can the mural stay? 🎨", 1, 9)
        self._say(mural, mayor, "Let me ask Parks.", 1, 10, answers=first, reactions=2)
        self._say(mural, mayor, "My private number is 555 0100.", 2, 11, deleted=3)
        self._say(mural, marisol, "It was painted over!", 4, 12, shares=shared)
        self._say(mural, mayor, "Wrong window, sorry.", 4, 13, deleted=4)
        complaint = self._talk((mayor, arvid), accepted=4)
        self._say(complaint, arvid, "<b>Answer me</b> or else.", 2, 20)
        self._say(complaint, mayor, "I read every message.", 4, 9)
        round_table = self._talk((mayor, clerk, noa), accepted=1, group="Budget round table")
        self._say(round_table, "", "member joined", 1, 8)
        self._say(round_table, clerk, "Agenda is out.", 1, 9)
        self._say(round_table, noa, "Item 4 is missing.", 3, 9)
        long = self._talk((clerk, dexter), accepted=1)
        for number in range(LONG):
            sender = clerk if number % 3 == 2 else dexter  # noqa: PLR2004 - every third one
            self._say(
                long,
                sender,
                f"Records request, part {number + 1}.",
                1 + number // 80,
                9 + number % 80 // 20,
                number % 60,
            )

    def _talk(self, members: tuple[str, ...], *, accepted: int, group: str | None = None) -> Talk:
        talk = Talk(tid(self._days.moment(1, 7), len(self.talks) + 1), members, accepted, group)
        self.talks.append(talk)
        return talk

    def _say(
        self,
        talk: Talk,
        sender: str,
        text: str,
        day: int,
        hour: int,
        minute: int = 0,
        *,
        answers: str | None = None,
        shares: str | None = None,
        reactions: int | None = None,
        deleted: int | None = None,
    ) -> str:
        at = self._days.moment(day, hour, minute, len(talk.messages))
        identity = tid(at, len(talk.messages))
        talk.messages.append(Message(identity, sender, text, day, at, answers, shares, reactions, deleted))
        talk.messages.sort(key=lambda message: message.id)
        return identity

    def of(self, did: str, night: int) -> list[Talk]:
        """Give an account's conversations that have a message by a night, those with the newest first."""
        mine = [talk for talk in self.talks if did in talk.members and talk.at(night)]
        return sorted(mine, key=lambda talk: talk.at(night)[-1].at, reverse=True)

    def truth_after(self, night: int) -> list[TrueItem]:
        """Give every message ever sent up to a night; `samplecity.truth` says how to read it."""
        logged_in = {BY_KEY[key].did for key in LOGGED_IN}
        return [
            self._true(talk, message, sorted(logged_in & set(talk.members)), night)
            for talk in self.talks
            for message in talk.at(night)
        ]

    def _true(self, talk: Talk, message: Message, accounts: list[str], night: int) -> TrueItem:
        ends = message.deleted if message.deleted is not None else night + 1
        nights = list(range(message.night, min(ends, night + 1)))
        gone = message.deleted is not None and message.deleted <= night
        version = TrueVersion(
            1, None, message.text if message.sender else "", None, stamp(message.at), nights, observable=bool(nights)
        )
        return TrueItem(
            "bluesky",
            "",
            f"{talk.id}/{message.id}",
            "message",
            message.sender,
            parent=f"{talk.id}/{message.answers}" if message.answers else None,
            versions=[version],
            visible_nights=nights,
            sightings=[TrueSighting(did, "messages", nights) for did in accounts if nights],
            state="deleted" if gone else "present",
            gone_since=message.deleted if gone else None,
            observable=bool(nights),
            story=["message"],
            removed_by="city" if gone else None,
        )
