"""What a person may see, decided in this one place. Every page that shows a record asks here; a test walks them all.

Three things keep a record from somebody: it is a direct message, and they have no grant for those; it came through officials' own
accounts alone, and they have no grant for those; it came through accounts of departments alone that they are not limited to. What
somebody may not see is not counted, named or hinted at: its address answers as if there were nothing. Only a direct message is
refused with a sentence, since everybody may know that messages are kept.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import sqlalchemy as sa
from fastapi import Depends, HTTPException, Request

from archiver.i18n.languages import ENGLISH, language, speaking
from archiver.i18n.translation import _, marked
from archiver.records.shapes import load_shapes
from archiver.records.through import SEEN, parameters
from clerk import grants, messages
from clerk.context import clerk_of, signed_in
from clerk.grants import What
from search.query import Limits
from search.query.limits import covers
from search.query.words import joined

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy.engine import Connection

    from archiver.records.shapes import ItemShape
    from clerk.users import SignedIn

WITHOUT_RECORDS = frozenset({"auditor"})
"""The roles that read no records at all."""
NO_MESSAGES = marked(
    "This is a direct message, or came with some: it takes a grant for direct messages, which an administrator gives. "
    "That you tried is in the audit log."
)
WANTED_MESSAGES = "open direct messages"
WANTED_SEARCH = "search direct messages"
_FORBIDDEN, _NOT_FOUND = 403, 404
_ACCOUNTS = sa.text("select id, public_id, department, personal from accounts")
_VISIBLE = sa.text(f"""
    select i.id from items i where i.id = any(:ids) and {SEEN}
""")  # noqa: S608 - a condition of our own
_EXCHANGES = sa.text("""
    select e.id from exchanges e join captures c on c.id = e.capture_id join streams s on s.id = c.stream_id
    where e.id = any(:ids) and (not :limited or s.account_id = any(:accounts))
""")
_SHOWING = sa.text("""
    select distinct v.item_id from media m join version_media a on a.medium_id = m.id join versions v on v.id = a.version_id
    where m.public_id = :id order by v.item_id
""")


class NotForRecords(Exception):
    """A page of records was asked for by somebody whose role reads none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see. `accounts`: those that they see, public ids by row ids; None: every account there is. `kept`: it is
    put down with what is kept of a search.
    """

    messages: bool
    personal: bool
    departments: tuple[str, ...] = ()
    accounts: Mapping[int, uuid.UUID] | None = None
    kept: bool = False

    @property
    def account_ids(self) -> Collection[int] | None:
        """The row ids of the accounts that they see; None: every account."""
        return None if self.accounts is None else self.accounts.keys()

    @property
    def public_ids(self) -> tuple[str, ...] | None:
        """The public ids of the accounts that they see, in order; None: every account."""
        return None if self.accounts is None else tuple(sorted(map(str, self.accounts.values())))

    @property
    def words(self) -> tuple[str, ...]:
        """What keeps records from them, as it follows "Everything"; what is kept is in English, whoever asks."""
        found = []
        with speaking(ENGLISH if self.kept else language()):
            if len(self.departments) == 1:
                found.append(_("of your department: %(name)s", name=self.departments[0]))
            elif self.departments:
                found.append(_("of your departments: %(names)s", names=joined(self.departments)))
            if not self.personal:
                found.append(_("without officials\u2019 own accounts"))
        return tuple(found)

    @property
    def limits(self) -> Limits:
        """The same as a search wants it."""
        return Limits(accounts=self.public_ids, messages=self.messages, words=self.words)

    def sees_account(self, account_id: int) -> bool:
        """Whether they see an account of the register, by its row id."""
        return self.accounts is None or account_id in self.accounts

    def sees(self, item: ItemShape) -> bool:
        """Whether they see a record."""
        if item.kind == messages.MESSAGE and not self.messages:
            return False
        return self.accounts is None or not set(self.accounts.values()).isdisjoint(item.through)

    def trimmed(self, item: ItemShape) -> ItemShape:
        """A record that they see, without what other accounts of the register have to do with it."""
        return item if self.accounts is None else item.within(self.accounts)

    def covers(self, kept: Limits) -> bool:
        """Whether they see all that was searched for something that was kept under these limits."""
        return covers(self.limits, kept)


def look(connection: Connection, user: SignedIn, now: dt.datetime) -> Sight:
    """What a user may see at a moment: by their grants, their departments and the register as they are then."""
    holds = {each.what for each in grants.held(connection, now, user.id).get(user.id, ())}
    personal = What.PERSONAL in holds
    departments = {each.lower() for each in user.departments}
    rows = connection.execute(_ACCOUNTS).all()
    seen = {
        row.id: row.public_id
        for row in rows
        if (personal or not row.personal) and (not departments or row.department.lower() in departments)
    }
    whole = not departments and len(seen) == len(rows)
    return Sight(What.MESSAGES in holds, personal, user.departments, None if whole else seen)


def sight_of(request: Request) -> Sight:
    """What whoever is signed in may see.

    Raises:
        NotForRecords: their role reads no records.
    """
    clerk, user = clerk_of(request), signed_in(request).user
    if user.role in WITHOUT_RECORDS:
        raise NotForRecords
    with clerk.archive.engine.connect() as connection:
        return look(connection, user, clerk.archive.now())


Seen = Annotated[Sight, Depends(sight_of)]
"""The parameter of every page that shows records: what whoever asks may see."""


def shapes(connection: Connection, sight: Sight, item_ids: Iterable[int]) -> dict[int, ItemShape]:
    """The records that they see, of those with these row ids, trimmed. As `load_shapes` otherwise."""
    found = load_shapes(connection, item_ids)
    return {item_id: sight.trimmed(shape) for item_id, shape in found.items() if sight.sees(shape)}


def visible(connection: Connection, sight: Sight, item_ids: Iterable[int]) -> set[int]:
    """Which of these records they see, by row id."""
    asked = list(item_ids)
    if sight.accounts is None and sight.messages:
        return set(asked)
    what = {"ids": asked, "messages": sight.messages, **parameters(sight.account_ids)}
    return set(connection.scalars(_VISIBLE, what))


def visible_exchanges(connection: Connection, sight: Sight, exchange_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these exchanges were with accounts that they see."""
    what = {"ids": list(exchange_ids), **parameters(sight.account_ids)}
    return set(connection.scalars(_EXCHANGES, what))


def require_item(
    request: Request, sight: Sight, item: ItemShape | None, public_id: uuid.UUID, nothing: str
) -> ItemShape:
    """A record that may be shown, trimmed; a refusal is audited.

    Raises:
        HTTPException: 404 with the sentence `nothing` where there is none, or none that they see; 403 for a direct message.
    """
    if item is None:
        raise HTTPException(_NOT_FOUND, nothing)
    if not dataclasses.replace(sight, messages=True).sees(item):
        _hide(request, str(public_id), nothing)
    if not sight.sees(item):
        refuse_messages(request, str(public_id))
    return sight.trimmed(item)


def require_account(request: Request, sight: Sight, account_id: int | None, public_id: uuid.UUID, nothing: str) -> None:
    """Go on only with an account that they see.

    Raises:
        HTTPException: 404 with the sentence `nothing`.
    """
    if account_id is None:
        raise HTTPException(_NOT_FOUND, nothing)
    if not sight.sees_account(account_id):
        _hide(request, str(public_id), nothing)


def require_covered(request: Request, sight: Sight, kept: Limits, subject: str, nothing: str) -> None:
    """Go on only with what was kept of a search (a receipt, an export) of which they see all.

    Args:
        request: of whoever asks.
        sight: what they see.
        kept: the limits that it was made under.
        subject: its name in the audit log.
        nothing: what is said where there is none.

    Raises:
        HTTPException: 404 with the sentence `nothing`; it is audited.
    """
    if not sight.covers(kept):
        _hide(request, subject, nothing)


def to_keep(connection: Connection, sight: Sight) -> Sight:
    """The same, as it is put down with what is kept of a search: its accounts by their names, its words in English.

    Who lacks the grant for officials' own accounts sees every account for as long as the register has none of those. What they
    keep is of these accounts, and stays theirs to open when one is entered.
    """
    if sight.accounts is not None or sight.personal:
        return dataclasses.replace(sight, kept=True)
    rows = connection.execute(_ACCOUNTS).all()
    return dataclasses.replace(sight, accounts={row.id: row.public_id for row in rows if not row.personal}, kept=True)


def require_exchange(
    request: Request, connection: Connection, sight: Sight, exchange_id: uuid.UUID, nothing: str
) -> None:
    """Go on only with an exchange that they may read.

    Raises:
        HTTPException: 404 with the sentence `nothing`, or 403 where direct messages came in it.
    """
    known = visible_exchanges(connection, dataclasses.replace(sight, accounts=None), [exchange_id])
    if not known:
        raise HTTPException(_NOT_FOUND, nothing)
    if not visible_exchanges(connection, sight, [exchange_id]):
        _hide(request, str(exchange_id), nothing)
    if not sight.messages and messages.in_exchange(connection, exchange_id):
        refuse_messages(request, str(exchange_id))


def require_medium(
    request: Request, connection: Connection, sight: Sight, public_id: uuid.UUID, nothing: str
) -> list[int]:
    """Go on only with an attachment of a record that they see; gives the row ids of those records, none where it is of none.

    Raises:
        HTTPException: 404 with the sentence `nothing`, or 403 where it was sent in direct messages and nowhere else.
    """
    showing = list(connection.scalars(_SHOWING, {"id": public_id}))
    seen = visible(connection, sight, showing)
    if not seen and (showing or sight.accounts is not None):
        if not visible(connection, dataclasses.replace(sight, messages=True), showing):
            _hide(request, str(public_id), nothing)
        refuse_messages(request, str(public_id))
    return sorted(seen)


def refuse_messages(request: Request, subject: str | None, wanted: str = WANTED_MESSAGES, **detail: Any) -> NoReturn:
    """Refuse what takes a grant for direct messages; it is audited.

    Raises:
        HTTPException: 403, always.
    """
    audit_refusal(request, subject, wanted, **detail)
    raise HTTPException(_FORBIDDEN, _(NO_MESSAGES))


def _hide(request: Request, subject: str, nothing: str) -> NoReturn:
    audit_refusal(request, subject, "open what is not theirs to see")
    raise HTTPException(_NOT_FOUND, nothing)


def audit_refusal(request: Request, subject: str | None, wanted: str, **detail: Any) -> None:
    """Write into the audit log that something was asked for that whoever asks may not see."""
    role = signed_in(request).user.role
    clerk_of(request).record(request, "refused", subject, {"wanted": wanted, "role": role, **detail})
