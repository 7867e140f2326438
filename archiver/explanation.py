"""Why the platform's count and ours differ, in numbers. Pure.

Of what the platform counts, so many are held as present; the rest is laid to what is known, the surest first: hidden items,
items whose deletion was confirmed (many counters go on counting them), items that a listing no longer returned, what was not
fetched yet, what the platform itself gives a reason for. What is left is unexplained: restricted or removed elsewhere.
"""

from __future__ import annotations

import dataclasses
import enum
from collections import Counter
from typing import TYPE_CHECKING, Any

from archiver.i18n.translation import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Part(enum.StrEnum):
    """What a number of the counted items is."""

    PRESENT = "present"
    HIDDEN = "hidden"
    GONE = "gone_confirmed"
    NOT_RETURNED = "not_returned"
    NOT_FETCHED = "not_yet_fetched"
    STATED = "stated"
    UNEXPLAINED = "unexplained"


_SAID: dict[Part, Callable[[int], str]] = {
    Part.PRESENT: lambda count: ngettext("%(num)s present", "%(num)s present", count),
    Part.HIDDEN: lambda count: ngettext("%(num)s hidden", "%(num)s hidden", count),
    Part.GONE: lambda count: ngettext("%(num)s gone (confirmed)", "%(num)s gone (confirmed)", count),
    Part.NOT_RETURNED: lambda count: ngettext("%(num)s not returned", "%(num)s not returned", count),
    Part.NOT_FETCHED: lambda count: ngettext("%(num)s not yet fetched", "%(num)s not yet fetched", count),
    Part.STATED: lambda count: ngettext(
        "%(num)s not given out by the platform", "%(num)s not given out by the platform", count
    ),
    Part.UNEXPLAINED: lambda count: ngettext(
        "%(num)s unexplained (restricted or removed elsewhere)",
        "%(num)s unexplained (restricted or removed elsewhere)",
        count,
    ),
}


class Read(enum.StrEnum):
    """How far what was counted has been read."""

    WHOLE = "whole"
    CHANGED = "changed"
    """The count has changed since it was read."""
    PARTLY = "partly"
    """A part of it could not be read."""
    NEVER = "never"


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one count. `platform`: the latest; `at_read`: the one when the items were last read; None: no count.
    `stated`: the connector's or the platform's own reason for a difference.
    """

    platform: int | None
    present: int = 0
    hidden: int = 0
    gone: int = 0
    not_returned: int = 0
    read: Read = Read.WHOLE
    at_read: int | None = None
    stated: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Explained:
    """One count taken apart, or the sum of several.

    `parts` add up to `platform` wherever the platform counts at least what is present. `beyond`: held in some other state and
    not needed to explain the count (deleted, and counted no more). `surplus`: present beyond the platform's count, which is
    late or leaves some out. `no_count`: counts that the platform did not give.
    """

    platform: int | None
    parts: Mapping[Part, int]
    beyond: Mapping[Part, int]
    surplus: int = 0
    no_count: int = 0
    stated: tuple[str, ...] = ()

    @property
    def difference(self) -> int | None:
        """The platform's count less what is present; None without a count."""
        return None if self.platform is None else self.platform - self.parts.get(Part.PRESENT, 0) - self.surplus

    @property
    def sentence(self) -> str:
        """In words and numbers, for a clerk."""
        return sentence(self.platform, self.as_json())

    @property
    def told(self) -> tuple[str, str]:
        """The same in two parts, for a page: what is said here, and what the connector or the platform stated (see `told`)."""
        return told(self.platform, self.as_json())

    def as_json(self) -> dict[str, Any]:
        """As kept in the record: what is zero is left out."""
        found: dict[str, Any] = {part.value: number for part, number in self.parts.items()}
        found["beyond"] = {part.value: number for part, number in self.beyond.items() if number}
        found |= {"surplus": self.surplus, "no_count": self.no_count, "words": list(self.stated)}
        return {name: value for name, value in found.items() if value}


def explain(facts: Facts) -> Explained:
    """Take one count apart."""
    others = {Part.HIDDEN: facts.hidden, Part.GONE: facts.gone, Part.NOT_RETURNED: facts.not_returned}
    stated = (facts.stated,) if facts.stated else ()
    if facts.platform is None:
        return Explained(None, {}, others, no_count=1, stated=stated)
    present = min(facts.present, facts.platform)
    parts = {Part.PRESENT: present}
    left = facts.platform - present
    beyond = {}
    for part, number in others.items():
        parts[part] = min(left, number)
        beyond[part] = number - parts[part]
        left -= parts[part]
    parts[Part.NOT_FETCHED] = min(left, _unfetched(facts, left))
    left -= parts[Part.NOT_FETCHED]
    parts[Part.STATED if facts.stated else Part.UNEXPLAINED] = left
    return Explained(facts.platform, parts, beyond, surplus=facts.present - present, stated=stated)


def _unfetched(facts: Facts, left: int) -> int:
    match facts.read:
        case Read.WHOLE:
            return 0
        case Read.CHANGED:
            return max((facts.platform or 0) - (facts.at_read or 0), 0)
        case Read.PARTLY | Read.NEVER:
            return left


def together(explained: Iterable[Explained]) -> Explained:
    """The sum of several counts. Its platform count is that of those that have one; None where none has."""
    parts: Counter[Part] = Counter()
    beyond: Counter[Part] = Counter()
    platform: int | None = None
    surplus = no_count = 0
    stated: dict[str, None] = {}
    for each in explained:
        if each.platform is not None:
            platform = (platform or 0) + each.platform
        parts.update(each.parts)
        beyond.update(each.beyond)
        surplus += each.surplus
        no_count += each.no_count
        stated.update(dict.fromkeys(each.stated))
    return Explained(platform, dict(parts), dict(beyond), surplus, no_count, tuple(stated)[:5])


def sentence(platform: int | None, reasons: Mapping[str, Any]) -> str:
    """What the record keeps of a count (`Explained.as_json`), in words."""
    made, stated = told(platform, reasons)
    return f"{made} ({stated})" if made and stated else made or stated


def told(platform: int | None, reasons: Mapping[str, Any]) -> tuple[str, str]:
    """The same in its two parts, of which one may be empty: what is said here, in the language of whoever asks, and what the
    connector or the platform stated, as it is kept.
    """
    stated = "; ".join(str(each) for each in reasons.get("words", ()))
    if platform is None:
        return "" if stated else _("the platform gives no count"), stated
    counted = ", ".join(_SAID[part](reasons[part.value]) for part in Part if reasons.get(part.value))
    if not platform:
        text = _("the platform counts none")
    elif counted:
        text = _("of %(number)s the platform counts: %(parts)s", number=f"{platform:,}", parts=counted)
    else:
        text = _("of %(number)s the platform counts: none held", number=f"{platform:,}")
    if reasons.get("surplus"):
        text += "; " + ngettext(
            "%(num)s more are present, so its counter is late or leaves some out",
            "%(num)s more are present, so its counter is late or leaves some out",
            reasons["surplus"],
        )
    beyond = reasons.get("beyond", {})
    held = ", ".join(_SAID[part](beyond[part.value]) for part in Part if beyond.get(part.value))
    if held:
        text += "; " + _("held besides and counted no more: %(parts)s", parts=held)
    return text, stated if reasons.get(Part.STATED.value) else ""
