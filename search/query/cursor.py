"""Where a page ended, as a string that can stand in an address. Pure.

The order is total and stable (ending in the item's id), so that the next page needs no state in Elasticsearch: an item
that arrives meanwhile is on a later page or on none already seen, and none comes twice or is skipped for it.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

from archiver.i18n.translation import _
from search.errors import QueryError

if TYPE_CHECKING:
    from search.query.model import SearchRequest


_MOST = 2**63
"""Where a date is missing Elasticsearch sorts by the least or the greatest number of eight bytes."""


def encode(request: SearchRequest, after: list[Any]) -> str:
    """The cursor of the page after the hit with these sort values."""
    return base64.urlsafe_b64encode(json.dumps([_fingerprint(request), after]).encode()).decode().rstrip("=")


def decode(request: SearchRequest) -> list[Any] | None:
    """The sort values to go on after; None for the first page.

    Raises:
        QueryError: the cursor is damaged, or of another search.
    """
    if request.cursor is None:
        return None
    try:
        fingerprint, after = json.loads(base64.urlsafe_b64decode(request.cursor + "=" * (-len(request.cursor) % 4)))
    except (ValueError, TypeError, RecursionError):
        fingerprint, after = None, None
    if fingerprint != _fingerprint(request) or not isinstance(after, list) or not all(map(_is_place, after)):
        raise of_another_search()
    return after


def of_another_search() -> QueryError:
    """What to say of a cursor that this search never gave."""
    return QueryError(lambda: _("This page belongs to another search: go back to its first page."))


def _is_place(value: object) -> bool:
    """Whether a hit is sorted by such a value: a score, a time, an id; nothing that only somebody who made it up would send."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MOST


def _fingerprint(request: SearchRequest) -> str:
    # Not the register: how Python prints a set of names differs from process to process. Nor the words of the limits, which
    # are in the language of whoever asks.
    limits = dataclasses.replace(request.limits, words=())
    same = dataclasses.replace(request, cursor=None, page_size=0, directory=None, limits=limits)
    values = [str(getattr(same, field.name)) for field in dataclasses.fields(same)]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
