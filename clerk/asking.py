"""The search that a form asks for, with the register as it is now to look its names up in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.i18n.languages import ENGLISH, speaking
from clerk import visibility
from clerk.searching import request_of
from search.accounts import resolve_account
from search.errors import QueryError
from search.query.directory import directory
from search.query.parse import parse

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from archiver.archive import Archive
    from clerk.searching import SearchForm
    from clerk.visibility import Sight
    from search.errors import SearchError
    from search.query import SearchRequest


def today(archive: Archive) -> dt.date:
    """The day that it is in the city."""
    return archive.now().astimezone(archive.settings.zone).date()


def asked_for(archive: Archive, sight: Sight, form: SearchForm, day: dt.date) -> SearchRequest:
    """The search, within what whoever asks may see; `day` is the one that "yesterday" goes by.

    Raises:
        QueryError: an account, a date or an order is none; its message is for the page.
    """
    with archive.engine.connect() as connection:
        known = directory(connection, sight.public_ids, messages=sight.messages)
        account_id = resolve_account(connection, form.account, sight.account_ids).public_id if form.account else None
    return request_of(form, archive.settings.zone, account_id, limits=sight.limits, today=day, directory=known)


def asked_to_keep(archive: Archive, sight: Sight, form: SearchForm, day: dt.date) -> SearchRequest:
    """The same where something is kept of it: its limits name the accounts that whoever asks may see. Raises as `asked_for`."""
    with archive.engine.connect() as connection:
        sight = visibility.to_keep(connection, sight)
    return asked_for(archive, sight, form, day)


def in_english(error: SearchError) -> str:
    """What the audit log puts down of a search that was refused: it is in English, whoever asked."""
    with speaking(ENGLISH):
        return str(error)


def understood_by(connection: Connection, sight: Sight, forms: Sequence[SearchForm], day: dt.date) -> list[bool]:
    """For each of these searches, whether it can be understood by who sees only so much: it names nothing that is hidden."""
    known = directory(connection, sight.public_ids, messages=sight.messages)

    def is_understood(form: SearchForm) -> bool:
        try:
            node = parse(form.q, day)
            if node is not None:
                known.resolved(node)
            if form.account:
                resolve_account(connection, form.account, sight.account_ids)
        except QueryError:
            return False
        return True

    return [is_understood(each) for each in forms]
