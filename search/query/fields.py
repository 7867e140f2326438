"""The fields of a query, and what may be asked of each. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from archiver.i18n.translation import _
from search.errors import QueryError
from search.query import dates
from search.query.model import Dated, Field, Filter
from search.query.words import joined, quoted

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

CHOICES: Mapping[Field, Mapping[str, tuple[str, ...]]] = {
    Field.IS: {"city": (), "resident": ("residents", "public")},
    Field.TYPE: {
        "post": ("posts",),
        "comment": ("comments",),
        "reply": ("replies",),
        "repost": ("reposts", "share", "boost"),
        "story": ("stories",),
        "message": ("messages", "dm"),
        "profile": ("profiles",),
    },
    Field.HAS: {
        "image": ("images", "picture", "photo"),
        "video": ("videos",),
        "audio": (),
        "file": ("files", "document"),
        "link": ("links",),
        "alt-text": ("alt", "alttext", "description"),
    },
    Field.STATE: {
        "present": ("there",),
        "deleted": ("gone",),
        "hidden": (),
        "missing": ("not-returned", "not_returned", "unseen"),
        "edited": ("changed",),
    },
}
"""What a field may be, with other ways to write each."""
_ALIASES = {
    name: {
        **{choice: choice for choice in choices},
        **{other: choice for choice, others in choices.items() for other in others},
    }
    for name, choices in CHOICES.items()
}
_DATES = frozenset({Field.DATE, Field.CAPTURED})
_TYPED = tuple(field for field in Field if field is not Field.ADDRESS)
_NAMES = frozenset(field.value for field in _TYPED)
_NO_FIELDS = frozenset({"http", "https", "at", "did", "urn", "mailto", "tel", "re", "fw", "fwd", "cc", "rt", "via"})
"""What stands before a colon in addresses and headings."""


def is_field(name: str) -> bool:
    """Whether that is the name of a field."""
    return name.lower() in _NAMES


def unknown_field(name: str, typed: str) -> QueryError | None:
    """What to say of something that looks like a field and is none; None where it is part of an address or a heading."""
    if name.lower() in _NO_FIELDS:
        return None
    close = difflib.get_close_matches(name.lower(), sorted(_NAMES), 1)
    said = {"name": quoted(f"{name}:"), "typed": quoted(typed)}
    if close:
        return QueryError(
            lambda: _(
                "There is no field %(name)s; did you mean %(close)s:; put %(typed)s in quotation marks to search for it as "
                "written.",
                close=close[0],
                **said,
            )
        )
    return QueryError(
        lambda: _(
            "There is no field %(name)s; there are %(fields)s; put %(typed)s in quotation marks to search for it as written.",
            fields=joined([f"{each.value}:" for each in _TYPED]),
            **said,
        )
    )


def filter_of(field: Field, value: str, today: dt.date | None) -> Filter | Dated:
    """A field and its value.

    Raises:
        QueryError: the field has no such value; the sentence says which it has.
    """
    if field in _DATES:
        first, last = dates.spoken(value, today)
        return Dated(field, value, first, last)
    choices = _ALIASES.get(field)
    if choices is None:
        return Filter(field, value.strip())
    chosen = choices.get(value.strip().lower())
    if chosen is None:
        named = [f"{field}:{each}" for each in CHOICES[field]]
        raise QueryError(
            lambda: _(
                "%(typed)s is not understood: write %(choices)s.",
                typed=quoted(f"{field}:{value}"),
                choices=joined(named, "or"),
            )
        )
    return Filter(field, chosen)
