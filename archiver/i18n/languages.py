"""Which language a person is spoken to in. Pure, but for the language of the running task.

The language belongs to the running task (a `ContextVar`): whoever answers a request sets it once, and every sentence
that is made for the answer is in it. Whatever nobody set it for (captures, mails, receipts, exports) is in English.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGLISH = "en"
SPANISH = "es"
LANGUAGES = {ENGLISH: "English", SPANISH: "Español"}
"""Each by its tag (BCP 47), with its own name for itself."""
_MOST_ASKED = 20
"""How many languages of a browser's list are looked at; a longer list is nobody's."""

_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def language() -> str:
    """The language of the running task, by its tag."""
    return _spoken.get()


@contextlib.contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Make the sentences within in a language. `tag`: one of `LANGUAGES`; any other is taken for English."""
    before = _spoken.set(tag if tag in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(before)


def preferred(chosen: str | None, accepted: str) -> str:
    """The language for somebody: the one they chose, else the first of ours that their browser would rather have.

    Args:
        chosen: the tag that they chose, if any; one that is not ours counts for nothing.
        accepted: the header Accept-Language (RFC 9110, 12.5.4), as it came.
    """
    if chosen in LANGUAGES:
        return chosen
    asked: list[tuple[float, str]] = []
    for each in accepted.split(",")[:_MOST_ASKED]:
        tag, _, parameters = each.partition(";")
        weight = _weight(parameters)
        primary = tag.strip().lower().partition("-")[0]
        if weight and (primary in LANGUAGES or primary == "*"):
            asked.append((weight, ENGLISH if primary == "*" else primary))
    return max(asked, key=lambda pair: pair[0], default=(0.0, ENGLISH))[1]


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if not name.strip():
        return 1.0
    try:
        weight = float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
