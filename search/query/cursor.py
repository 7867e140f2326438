"""Where a page ended, as a string that can stand in an address. Pure.

The order is total (ending in the item's id), and the next page needs no state in Elasticsearch. By date it is stable as well: an
item that arrives meanwhile is on a later page or on none already seen, and none comes twice or is skipped for it. By relevance it
is stable as long as the index is: every page is asked of the same copies of it (`fingerprint`), but what is indexed meanwhile
changes how rare a word is, and so may move a record across the end of a page. What must be complete is walked by id.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

from archiver.i18n.translation import _
from search.errors import QueryError
from search.query.model import Dated
from search.query.parse import parse
from search.query.tree import leaves

if TYPE_CHECKING:
    from search.query.model import SearchRequest


_MOST = 2**63
"""Where a date is missing Elasticsearch sorts by the least or the greatest number of eight bytes."""


def encode(request: SearchRequest, after: list[Any]) -> str:
    """The cursor of the page after the hit with these sort values."""
    return base64.urlsafe_b64encode(json.dumps([fingerprint(request), after]).encode()).decode().rstrip("=")


def decode(request: SearchRequest) -> list[Any] | None:
    """The sort values to go on after; None for the first page.

    Raises:
        QueryError: the cursor is damaged, or of another search; or what was typed cannot be understood.
    """
    if request.cursor is None:
        return None
    try:
        belongs_to, after = json.loads(base64.urlsafe_b64decode(request.cursor + "=" * (-len(request.cursor) % 4)))
    except (ValueError, TypeError, RecursionError):
        belongs_to, after = None, None
    if belongs_to != fingerprint(request) or not isinstance(after, list) or not all(map(_is_place, after)):
        raise of_another_search()
    return after


def of_another_search() -> QueryError:
    """What to say of a cursor that this search never gave."""
    return QueryError(lambda: _("This page belongs to another search: go back to its first page."))


def _is_place(value: object) -> bool:
    """Whether a hit is sorted by such a value: a score, a time, an id; nothing that only somebody who made it up would send."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MOST


def fingerprint(request: SearchRequest) -> str:
    """What two pages of one search have in common, and other searches have otherwise.

    Raises:
        QueryError: what was typed cannot be understood.
    """
    # Not the register: how Python prints a set of names differs from process to process. Nor the words of the limits, which
    # are in the language of whoever asks. Nor the day, but what it makes of "yesterday": whoever pages past midnight goes on.
    days = [(each.first, each.last) for each in leaves(parse(request.text, request.today)) if isinstance(each, Dated)]
    limits = dataclasses.replace(request.limits, words=())
    same = dataclasses.replace(request, cursor=None, page_size=0, directory=None, limits=limits, today=None)
    values = [*(str(getattr(same, field.name)) for field in dataclasses.fields(same)), str(days)]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
