"""The register as a query sees it: what an account or a department may be called. Pure, but for reading it."""

from __future__ import annotations

import dataclasses
import difflib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver import naming, tags
from archiver.i18n.translation import _
from search.errors import QueryError, UnknownAccountError
from search.query.model import And, Field, Filter, Not, Or
from search.query.words import joined, plain_or_quoted, quoted
from search.text import key, typeable, unquoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from search.query.model import Node

_ACCOUNTS = sa.text("""
    select a.id, a.public_id::text as public_id, a.platform, a.handle, a.platform_id, a.department,
           coalesce(array_agg(h.handle) filter (where h.handle is not null), '{}') as former
    from accounts a left join account_handles h on h.account_id = a.id group by a.id order by a.platform, a.handle
""")


@dataclasses.dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account of the register: the id that its items are found by, how it is named today, all its names, its department."""

    public_id: str
    platform: str
    handle: str
    names: frozenset[str]
    department: str

    @property
    def name(self) -> str:
        """How it is named everywhere: `platform:handle`."""
        return f"{self.platform}:{self.handle}"


@dataclasses.dataclass(frozen=True, slots=True)
class Directory:
    """All accounts of the register, and what else a field may name: a clerk's tags (each as it was first written, by what is
    compared), requests by number, holds by name.
    """

    accounts: Sequence[KnownAccount]
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    requests: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    whole: bool = True
    """Whether it is the whole register, or the part of it that somebody may see."""

    @property
    def by_department(self) -> dict[str, list[str]]:
        """The public ids of the accounts, by department."""
        found: dict[str, list[str]] = {}
        for each in self.accounts:
            found.setdefault(each.department, []).append(each.public_id)
        return found

    def resolved(self, node: Node) -> Node:
        """The query with the accounts and departments that it names looked up.

        Raises:
            UnknownAccountError: the register has none of that name; the sentence says which come near.
            QueryError: as above, of a department, a platform, a tag, a request, a hold.
        """
        match node:
            case And(parts):
                return And(tuple(self.resolved(each) for each in parts))
            case Or(parts):
                return Or(tuple(self.resolved(each) for each in parts))
            case Not(part):
                return Not(self.resolved(part))
            case Filter(Field.ACCOUNT, value):
                found = self._accounts(value)
                return Filter(
                    Field.ACCOUNT, value, tuple(each.public_id for each in found), tuple(each.name for each in found)
                )
            case Filter(Field.DEPARTMENT, value):
                name = self._department(value)
                # A record may have come through an account of that department which is not to be seen: then it is not of it.
                return Filter(Field.DEPARTMENT, value, () if self.whole else tuple(self.by_department[name]), (name,))
            case Filter(Field.PLATFORM, value):
                return Filter(Field.PLATFORM, value, (), (self._platform(value),))
            case Filter(Field.TAG, value):
                tag = self._tag(value)
                return Filter(Field.TAG, value, (tag,), (self.tags[tag],))
            case Filter(Field.REQUEST | Field.HOLD as field, value):
                known = {Field.REQUEST: self.requests, Field.HOLD: self.holds}[field]
                if key(value) not in known:
                    raise _no_request(value) if field is Field.REQUEST else _no_hold(value)
                return node
            case _:
                return node

    def _accounts(self, value: str) -> list[KnownAccount]:
        wanted = typeable(value).lower().removeprefix("@")
        platform, colon, rest = wanted.partition(":")
        named = [each for each in self.accounts if wanted in each.names]
        if not named and colon:
            name = rest.removeprefix("@")
            named = [each for each in self.accounts if each.platform == platform and name in each.names]
        if named:
            return named
        every = {name.lower(): name.lower() for each in self.accounts for name in (each.name, each.handle)}
        raise UnknownAccountError(
            _unknown(
                wanted,
                every,
                lambda name: f"account:{plain_or_quoted(name)}",
                lambda near: _(
                    "There is no account %(value)s in the register; perhaps %(near)s is meant.",
                    value=quoted(value),
                    near=near,
                ),
                lambda: _(
                    "There is no account %(value)s in the register; the page Accounts lists them.", value=quoted(value)
                ),
            )
        )

    def _department(self, value: str) -> str:
        known = {typeable(each.department).lower(): each.department for each in self.accounts}
        wanted = typeable(value).lower()
        if wanted in known:
            return known[wanted]
        raise QueryError(
            _unknown(
                wanted,
                known,
                lambda name: f'department:"{unquoted(name)}"',
                lambda near: _(
                    "There is no department %(value)s in the register; perhaps %(near)s is meant.",
                    value=quoted(value),
                    near=near,
                ),
                lambda: _(
                    "There is no department %(value)s in the register; the page Accounts lists them.",
                    value=quoted(value),
                ),
            )
        )

    def _tag(self, value: str) -> str:
        wanted = naming.key(" ".join(value.split()))
        if wanted in self.tags:
            return wanted
        raise QueryError(
            _unknown(
                wanted,
                self.tags,
                lambda name: f"tag:{plain_or_quoted(name)}",
                lambda near: _(
                    "There is no tag %(value)s in this archive; perhaps %(near)s is meant.",
                    value=quoted(value),
                    near=near,
                ),
                lambda: _("There is no tag %(value)s in this archive; the page Tags lists them.", value=quoted(value)),
            )
        )

    def _platform(self, value: str) -> str:
        known = sorted({each.platform for each in self.accounts})
        wanted = value.strip().lower()
        if wanted in known:
            return wanted
        if known:
            raise QueryError(
                lambda: _(
                    "The register has no account on %(value)s; its platforms are %(platforms)s.",
                    value=quoted(value),
                    platforms=joined(known),
                )
            )
        raise QueryError(
            lambda: _("The register has no account on %(value)s, nor on any other platform.", value=quoted(value))
        )


def _unknown(
    wanted: str,
    known: Mapping[str, str],
    typed: Callable[[str], str],
    perhaps: Callable[[str], str],
    none: Callable[[], str],
) -> Callable[[], str]:
    """What to say of a name that there is not.

    Args:
        wanted: as it is compared.
        known: the names that there are, by how they are compared.
        typed: how one of them is asked for.
        perhaps: the sentence with those that come near.
        none: the sentence where none does.
    """
    every = sorted(known)
    near = difflib.get_close_matches(wanted, every, 3) or [each for each in every if wanted and wanted in each][:3]
    return (lambda: perhaps(joined([typed(known[each]) for each in near], "or"))) if near else none


def _no_request(value: str) -> QueryError:
    return QueryError(
        lambda: _("There is no request %(value)s in this archive: look it up, or take it out.", value=quoted(value))
    )


def _no_hold(value: str) -> QueryError:
    return QueryError(
        lambda: _("There is no hold %(value)s in this archive: look it up, or take it out.", value=quoted(value))
    )


def directory(connection: Connection, accounts: Collection[str] | None = None, *, messages: bool = False) -> Directory:
    """Read the register, and the tags.

    Args:
        connection: to the archive's database.
        accounts: public ids of accounts: of these alone, and of tags on what came through them; None: of all.
        messages: the tags on direct messages as well.
    """
    rows = [row for row in connection.execute(_ACCOUNTS) if accounts is None or row.public_id in accounts]
    seen = None if accounts is None else [row.id for row in rows]
    return Directory(
        [
            KnownAccount(
                row.public_id,
                row.platform,
                row.handle,
                frozenset(typeable(name).lower() for name in (row.handle, row.platform_id, *row.former) if name),
                row.department,
            )
            for row in rows
        ],
        tags=tags.known(connection, seen, messages=messages),
        whole=accounts is None,
    )
