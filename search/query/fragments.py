"""What a field asks of a record, as it is said in a sentence: each in whole fragments, so that it can be translated. Pure.

No fragment is made of another: whether one is denied, and what it follows, changes its words in most languages but English.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archiver.i18n import calendar
from archiver.i18n.translation import _, marked, pgettext
from search.query.model import Dated, Field, Filter
from search.query.words import joined, platform_title, quoted

if TYPE_CHECKING:
    import datetime as dt
    import zoneinfo
    from collections.abc import Mapping


class Fragments(NamedTuple):
    """A field in words, before its value is put in: as it follows "Everything", and as it follows "that"; both also denied."""

    beside: str
    not_beside: str
    does: str
    does_not: str


_FIELDS: Mapping[Field, Fragments] = {
    Field.ACCOUNT: Fragments(
        marked("seen on %(value)s"),
        marked("not seen on %(value)s"),
        marked("is seen on %(value)s"),
        marked("is not seen on %(value)s"),
    ),
    Field.PLATFORM: Fragments(
        marked("on %(value)s"),
        marked("not on %(value)s"),
        marked("is on %(value)s"),
        marked("is not on %(value)s"),
    ),
    Field.DEPARTMENT: Fragments(
        marked("of the department %(value)s"),
        marked("not of the department %(value)s"),
        marked("is of the department %(value)s"),
        marked("is not of the department %(value)s"),
    ),
    Field.AUTHOR: Fragments(
        marked("written by %(value)s"),
        marked("not written by %(value)s"),
        marked("is written by %(value)s"),
        marked("is not written by %(value)s"),
    ),
    Field.DATE: Fragments(
        marked("dated %(value)s (%(zone)s time)"),
        marked("not dated %(value)s (%(zone)s time)"),
        marked("is dated %(value)s (%(zone)s time)"),
        marked("is not dated %(value)s (%(zone)s time)"),
    ),
    Field.CAPTURED: Fragments(
        marked("captured %(value)s (%(zone)s time)"),
        marked("not captured %(value)s (%(zone)s time)"),
        marked("is captured %(value)s (%(zone)s time)"),
        marked("is not captured %(value)s (%(zone)s time)"),
    ),
    Field.TAG: Fragments(
        marked("tagged %(value)s by a clerk"),
        marked("not tagged %(value)s by a clerk"),
        marked("is tagged %(value)s by a clerk"),
        marked("is not tagged %(value)s by a clerk"),
    ),
    Field.REQUEST: Fragments(
        marked("in the request %(value)s"),
        marked("not in the request %(value)s"),
        marked("is in the request %(value)s"),
        marked("is not in the request %(value)s"),
    ),
    Field.HOLD: Fragments(
        marked("under the hold %(value)s"),
        marked("not under the hold %(value)s"),
        marked("is under the hold %(value)s"),
        marked("is not under the hold %(value)s"),
    ),
    Field.ADDRESS: Fragments(
        marked("at the address %(value)s"),
        marked("not at the address %(value)s"),
        marked("is at the address %(value)s"),
        marked("is not at the address %(value)s"),
    ),
}
_EXACT_AUTHOR = Fragments(
    marked("written by exactly %(value)s"),
    marked("not written by exactly %(value)s"),
    marked("is written by exactly %(value)s"),
    marked("is not written by exactly %(value)s"),
)
_CHOICES: Mapping[tuple[Field, str], Fragments] = {
    (Field.IS, "city"): Fragments(
        marked("written by the city"),
        marked("not written by the city"),
        marked("is written by the city"),
        marked("is not written by the city"),
    ),
    (Field.IS, "resident"): Fragments(
        marked("written by somebody else than the city"),
        marked("not written by somebody else than the city"),
        marked("is written by somebody else than the city"),
        marked("is not written by somebody else than the city"),
    ),
    (Field.TYPE, "post"): Fragments("", "", marked("is a post"), marked("is not a post")),
    (Field.TYPE, "comment"): Fragments("", "", marked("is a comment"), marked("is not a comment")),
    (Field.TYPE, "reply"): Fragments(
        "", "", marked("is an answer to a comment"), marked("is not an answer to a comment")
    ),
    (Field.TYPE, "repost"): Fragments("", "", marked("is a repost"), marked("is not a repost")),
    (Field.TYPE, "story"): Fragments("", "", marked("is a story"), marked("is not a story")),
    (Field.TYPE, "message"): Fragments("", "", marked("is a direct message"), marked("is not a direct message")),
    (Field.TYPE, "profile"): Fragments("", "", marked("is a profile"), marked("is not a profile")),
    (Field.HAS, "image"): Fragments(
        marked("with a picture"), marked("without a picture"), marked("has a picture"), marked("has no picture")
    ),
    (Field.HAS, "video"): Fragments(
        marked("with a video"), marked("without a video"), marked("has a video"), marked("has no video")
    ),
    (Field.HAS, "audio"): Fragments(
        marked("with a sound recording"),
        marked("without a sound recording"),
        marked("has a sound recording"),
        marked("has no sound recording"),
    ),
    (Field.HAS, "file"): Fragments(
        marked("with a file"), marked("without a file"), marked("has a file"), marked("has no file")
    ),
    (Field.HAS, "link"): Fragments(
        marked("with a link"), marked("without a link"), marked("has a link"), marked("has no link")
    ),
    (Field.HAS, "alt-text"): Fragments(
        marked("with a description of a picture"),
        marked("without a description of a picture"),
        marked("has a description of a picture"),
        marked("has no description of a picture"),
    ),
    (Field.STATE, "present"): Fragments(
        marked("still there when last looked for"),
        marked("not still there when last looked for"),
        marked("is still there when last looked for"),
        marked("is not still there when last looked for"),
    ),
    (Field.STATE, "deleted"): Fragments(
        marked("confirmed to be gone from the platform"),
        marked("not confirmed to be gone from the platform"),
        marked("is confirmed to be gone from the platform"),
        marked("is not confirmed to be gone from the platform"),
    ),
    (Field.STATE, "hidden"): Fragments(
        marked("hidden on the platform"),
        marked("not hidden on the platform"),
        marked("is hidden on the platform"),
        marked("is not hidden on the platform"),
    ),
    (Field.STATE, "missing"): Fragments(
        marked("not seen any more, for a reason that is not known"),
        marked("not not seen any more, for a reason that is not known"),
        marked("is not seen any more, for a reason that is not known"),
        marked("is not not seen any more, for a reason that is not known"),
    ),
    (Field.STATE, "edited"): Fragments(
        marked("edited since it was first said"),
        marked("not edited since it was first said"),
        marked("is edited since it was first said"),
        marked("is not edited since it was first said"),
    ),
}
"""What a record is (`Field.TYPE`) follows "that" alone."""


def beside(asked: Filter | Dated, zone: zoneinfo.ZoneInfo, *, denied: bool = False) -> str:
    """A field as it follows "Everything": `seen on x`, `with a picture`, or that it is not so; none of `Field.TYPE`."""
    found = _fragments(asked)
    return _filled(found.not_beside if denied else found.beside, asked, zone)


def does(asked: Filter | Dated, zone: zoneinfo.ZoneInfo, *, denied: bool = False) -> str:
    """A field as it follows "that": `is seen on x`, `has a picture`, or that it is not so."""
    found = _fragments(asked)
    return _filled(found.does_not if denied else found.does, asked, zone)


def having(what: str) -> str:
    """`with a picture`; `what`: a value of `Field.HAS`."""
    return _(_CHOICES[Field.HAS, what].beside)


def on_account(name: str) -> str:
    """`seen on x`, of what the form asks for."""
    return _(_FIELDS[Field.ACCOUNT].beside, value=name)


def on_platform(platform: str) -> str:
    """`on Bluesky`, of what the form asks for."""
    return _(_FIELDS[Field.PLATFORM].beside, value=platform_title(platform))


def within(field: Field, first: dt.date | None, last: dt.date | None) -> str:
    """A span of days as it follows "dated" (`Field.DATE`) or "captured": `on x`, `from x through y`; empty for all days."""
    begin, end = (None if each is None else calendar.day(each) for each in (first, last))
    if begin is not None and first == last:
        return pgettext("dated", "on %(day)s", day=begin) if field is Field.DATE else _("on %(day)s", day=begin)
    if begin is not None and end is not None:
        return _("from %(first)s through %(last)s", first=begin, last=end)
    if begin is not None:
        return _("from %(first)s", first=begin)
    return "" if end is None else _("through %(last)s", last=end)


def dated(first: dt.date | None, last: dt.date | None, zone: zoneinfo.ZoneInfo) -> str:
    """`dated from x through y (z time)`, of what the form asks for."""
    return _(_FIELDS[Field.DATE].beside, value=within(Field.DATE, first, last), zone=zone.key)


def _fragments(asked: Filter | Dated) -> Fragments:
    if isinstance(asked, Filter) and asked.field is Field.AUTHOR and asked.value.startswith("="):
        return _EXACT_AUTHOR
    return _FIELDS.get(asked.field) or _CHOICES[asked.field, asked.value]


def _filled(fragment: str, asked: Filter | Dated, zone: zoneinfo.ZoneInfo) -> str:
    return _(fragment, value=_value(asked), zone=zone.key)


def _value(asked: Filter | Dated) -> str:
    if isinstance(asked, Dated):
        return within(asked.field, asked.first, asked.last)
    value, named = asked.value, asked.names[0] if asked.names else asked.value
    match asked.field:
        case Field.ACCOUNT:
            return joined(asked.names or (value,), "or")
        case Field.PLATFORM:
            return platform_title(named)
        case Field.DEPARTMENT:
            return named
        case Field.AUTHOR:
            return quoted(value.removeprefix("="))
        case Field.TAG:
            return quoted(named)
        case Field.REQUEST | Field.HOLD:
            return quoted(value)
        case _:
            return value
