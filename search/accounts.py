"""An account as it is named (`platform:handle-or-id`), looked up in the register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.i18n.translation import _
from search.errors import UnknownAccountError
from search.query.words import quoted

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection

    from sqlalchemy.engine import Connection

_FIND = sa.text("""
    select a.platform, a.handle, a.public_id from accounts a
    where a.platform = lower(:platform) and (not :limited or a.id = any(:accounts))
      and (a.platform_id = :name or lower(a.handle) = lower(:name)
           or exists (select from account_handles h where h.account_id = a.id and lower(h.handle) = lower(:name)))
    order by (a.platform_id = :name) desc nulls last, (lower(a.handle) = lower(:name)) desc, a.id limit 1
""")


@dataclass(frozen=True, slots=True)
class ResolvedAccount:
    """An account of the register: how it is named today, and the id that its items are found by whatever its name."""

    name: str
    public_id: uuid.UUID


def resolve_account(connection: Connection, name: str, accounts: Collection[int] | None = None) -> ResolvedAccount:
    """Find the account that is named so, by its handle today, its platform id, or an earlier handle.

    Args:
        connection: to the archive's database.
        name: `platform:handle-or-id`.
        accounts: the row ids of those that whoever asks may see: others are as if they were not there; None: all.

    Raises:
        UnknownAccountError: there is none; the message is for whoever typed the name.
    """
    platform, _colon, rest = name.strip().partition(":")
    limits = {"limited": accounts is not None, "accounts": list(accounts or ())}
    wanted = {"platform": platform, "name": rest.removeprefix("@"), **limits}
    row = connection.execute(_FIND, wanted).first() if rest else None
    if row is None:
        raise UnknownAccountError(
            lambda: _(
                "There is no account %(name)s in the register: write it as platform:handle, as `civic-archive accounts list` "
                "shows it.",
                name=quoted(name),
            )
        )
    return ResolvedAccount(f"{row.platform}:{row.handle}", row.public_id)
