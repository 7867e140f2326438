"""The account register: adding, finding and listing accounts, and what captures learn about them."""

from __future__ import annotations

import dataclasses
import math
import os
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import audit
from archiver.compliance import Compliance, compliance
from archiver.downloads import DOWNLOADS
from archiver.platforms import PLATFORMS
from archiver.platforms import lists as member_lists
from archiver.platforms.manifest import COMMON_SETTINGS
from archiver.platforms.pages import AccountRef, AccountStatus
from archiver.records.models import Account, AccountHandle, uuid7

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection, Engine

FIELDS = (
    "department", "steward", "owner", "purpose", "authority_statement", "record_series", "approved_by", "approved_on",
    "began_on",
)  # fmt: skip
_DATES = frozenset({"approved_on", "began_on"})
_ENVIRONMENT = "env:"


class RegisterError(Exception):
    """The register cannot do what was asked. The message says which account or row, and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """One line of the register."""

    id: int
    name: str
    platform: str
    handle: str
    platform_id: str | None
    status: str
    entry: Mapping[str, Any]
    compliance: Compliance
    public_id: uuid.UUID
    personal: bool = False
    """An official's own account: its records need a grant."""


def parse_name(name: str) -> tuple[str, str]:
    """`platform:handle-or-id` in its two parts. Raises `RegisterError`."""
    platform, separator, handle = name.partition(":")
    platforms = {*PLATFORMS, *(download.platform for download in DOWNLOADS.values() if download.platform)}
    if not separator or not handle or platform not in platforms:
        known = ", ".join(sorted(platforms))
        raise RegisterError(
            f"{name!r} is no account name: write it as platform:handle-or-id, the platform one of {known}"
        )
    return platform, handle.removeprefix("@") if platform != "rss" else handle


def add(
    engine: Engine,
    name: str,
    entry: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    *,
    import_only: bool = False,
    personal: bool = False,
    actor: str = "command line",
) -> int:
    """Add an account to the register. Gives its row id.

    Args:
        engine: The archive's database.
        name: `platform:handle-or-id`.
        entry: The register's fields (`FIELDS`); dates as `date` or ISO text. `department` is required.
        settings: The platform's own settings; a secret is given as `env:NAME`, never itself.
        import_only: Its records come by import alone (it is closed, or no token is to be had): no setting is required, and it
            is never captured.
        personal: It is an official's own, not the city's: nobody sees its records without a grant.
        actor: Who adds it, for the audit log.

    Raises `RegisterError` for an unknown field or setting, a missing one, a secret in clear, or an account that is there.
    """
    platform, handle = parse_name(name)
    values = _entry(name, entry)
    settings = dict(settings or {})
    _check_settings(name, platform, settings, import_only=import_only)
    with engine.begin() as connection:
        _check_earlier_name(connection, name, platform, handle)
        account_id = connection.execute(
            sa.text(
                "insert into accounts (public_id, platform, handle, department, settings) "
                "values (:public_id, :platform, :handle, :department, '{}') "
                "on conflict (platform, lower(handle)) do nothing returning id"
            ),
            {"public_id": uuid7(), "platform": platform, "handle": handle, "department": values["department"]},
        ).scalar()
        if account_id is None:
            raise RegisterError(f"{name} is in the register already; `accounts list` shows it")
        connection.execute(
            sa.update(Account)
            .where(Account.id == account_id)
            .values(**values, settings=settings, personal=personal, **({"status": "closed"} if import_only else {}))
        )
        detail = {"department": values["department"], **({"personal": True} if personal else {})}
        audit.write(connection, actor, "account added", name, detail)
    return int(account_id)


def _check_earlier_name(connection: Connection, name: str, platform: str, handle: str) -> None:
    """An account that was renamed is in the register under its new name: adding the old one would split its record."""
    row = connection.execute(
        sa.select(Account.handle, AccountHandle.last_seen_at)
        .join(AccountHandle, AccountHandle.account_id == Account.id)
        .where(Account.platform == platform, sa.func.lower(AccountHandle.handle) == handle.lower())
        .where(sa.func.lower(Account.handle) != handle.lower())
        .limit(1)
    ).one_or_none()
    if row is not None:
        raise RegisterError(
            f"{name} is an earlier name of {platform}:{row.handle}, last seen on {row.last_seen_at:%Y-%m-%d}; if it now is "
            "another account of the city, add that one by its stable id instead"
        )


def _entry(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(entry) - set(FIELDS)
    if unknown:
        raise RegisterError(
            f"{name}: the register has no field {', '.join(sorted(unknown))}; it has {', '.join(FIELDS)}"
        )
    values: dict[str, Any] = {}
    for field in FIELDS:
        value = entry.get(field)
        if isinstance(value, str):
            value = value.strip() or None
        if field in _DATES and isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError as error:
                raise RegisterError(f"{name}: {field} {value!r} is no date; write it as 2026-03-31") from error
        values[field] = value
    if not values["department"]:
        raise RegisterError(f"{name}: the department is missing; every account belongs to one")
    return values


def _check_settings(name: str, platform: str, settings: Mapping[str, Any], *, import_only: bool) -> None:
    declared = (*PLATFORMS[platform].manifest.settings, *COMMON_SETTINGS) if platform in PLATFORMS else ()
    known = {setting.name: setting for setting in declared}
    for given, value in settings.items():
        if given not in known:
            raise RegisterError(f"{name}: {platform} has no setting {given!r}; it has {', '.join(known) or 'none'}")
        if known[given].secret and not str(value).startswith(_ENVIRONMENT):
            raise RegisterError(
                f"{name}: {given} is a secret; put it into an environment variable and give `env:ITS_NAME` here"
            )
    for setting in declared:
        if setting.among and setting.name in settings and settings[setting.name] not in setting.among:
            raise RegisterError(f"{name}: {setting.name} is one of {', '.join(setting.among)}")
    if platform in PLATFORMS and (wrong := member_lists.unknown(PLATFORMS[platform].manifest, settings.get("lists"))):
        gives = ", ".join(PLATFORMS[platform].manifest.lists) or "no list"
        raise RegisterError(f"{name}: {platform} has no list {', '.join(wrong)}; it gives {gives}, or say `none`")
    if "light_minutes" in settings and not _is_minutes(settings["light_minutes"]):
        raise RegisterError(
            f"{name}: light_minutes is a number of minutes, 0 or more, not {settings['light_minutes']!r}"
        )
    for setting in declared:
        if setting.required and setting.name not in settings and not import_only:
            raise RegisterError(f"{name}: the setting {setting.name} is missing ({setting.help})")


def _is_minutes(value: object) -> bool:
    try:
        return 0 <= float(str(value)) < math.inf
    except ValueError:
        return False


def find(engine: Engine, name: str) -> AccountRef:
    """The account of that name: by handle, by stable id, or by a handle it had before. Raises `RegisterError`."""
    platform, handle = parse_name(name)
    with engine.connect() as connection:
        row = connection.execute(
            sa.select(Account)
            .where(Account.platform == platform)
            .where(
                (sa.func.lower(Account.handle) == handle.lower())
                | (Account.platform_id == handle)
                | Account.id.in_(
                    sa.select(AccountHandle.account_id).where(sa.func.lower(AccountHandle.handle) == handle.lower())
                )
            )
            .order_by(sa.func.lower(Account.handle) == handle.lower())
        ).all()
    if not row:
        raise RegisterError(f"{name} is not in the register; add it with `civic-archive accounts add {name}`")
    return _ref(row[-1])


_FIND = sa.text("""
    select id from accounts a where platform = :platform and (lower(handle) = lower(:handle) or platform_id = :handle
      or exists (select from account_handles h where h.account_id = a.id and lower(h.handle) = lower(:handle)))
    order by (lower(handle) = lower(:handle)) desc, id limit 1
""")


def id_of(engine: Engine, name: str) -> int:
    """The row id of the account of that name, as `find` but without its settings: none of its secrets need be there.

    Raises `RegisterError`.
    """
    platform, handle = parse_name(name)
    with engine.connect() as connection:
        found: int | None = connection.scalar(_FIND, {"platform": platform, "handle": handle})
    if found is None:
        raise RegisterError(f"{name} is not in the register; add it with `civic-archive accounts add {name}`")
    return found


def handles(engine: Engine, account: AccountRef) -> frozenset[str]:
    """Every name that the account has or had, in lower case."""
    with engine.connect() as connection:
        earlier = connection.scalars(sa.select(AccountHandle.handle).where(AccountHandle.account_id == account.id))
        return frozenset(name.lower() for name in (*earlier, account.handle))


def active_names(engine: Engine) -> list[str]:
    """The names of the accounts that are captured by night, in order. Reads no secret."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(Account.platform, Account.handle)
            .where(Account.status == "active")
            .order_by(Account.platform, Account.handle)
        ).all()
    return [f"{row.platform}:{row.handle}" for row in rows if row.platform in PLATFORMS]


def active(engine: Engine) -> list[AccountRef]:
    """Every account that is captured by night, in the order of their names. One whose platform has no connector (its
    records come by import alone) is not among them.
    """
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(Account).where(Account.status == "active").order_by(Account.platform, Account.handle)
        ).all()
    return [_ref(row) for row in rows if row.platform in PLATFORMS]


def _ref(row: Any) -> AccountRef:
    settings, secrets = resolve(row.settings)
    return AccountRef(row.id, row.platform, row.namespace, row.platform_id, row.handle, settings, secrets)


def resolve(settings: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The settings with `env:NAME` read from the environment, and the values so read. Raises `RegisterError`."""
    resolved: dict[str, Any] = {}
    secrets: list[str] = []
    for name, value in settings.items():
        if isinstance(value, str) and value.startswith(_ENVIRONMENT):
            variable = value.removeprefix(_ENVIRONMENT)
            if variable not in os.environ:
                raise RegisterError(f"the environment variable {variable} (setting {name}) is not set")
            secrets.append(os.environ[variable])
            resolved[name] = os.environ[variable]
        else:
            resolved[name] = value
    return resolved, tuple(secrets)


def listing(engine: Engine, effective: date | None, today: date) -> list[Listed]:
    """The whole register with each account's days left. `today` is a day in the city's time zone."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(Account).order_by(Account.platform, Account.handle)).all()
    began: dict[str, list[date | None]] = {}
    for row in rows:
        began.setdefault(row.department, []).append(row.began_on)
    return [
        Listed(
            row.id,
            f"{row.platform}:{row.handle}",
            row.platform,
            row.handle,
            row.platform_id,
            row.status,
            entry := {field: getattr(row, field) for field in FIELDS},
            compliance(entry, began[row.department], effective, today),
            row.public_id,
            row.personal,
        )
        for row in rows
    ]


# Whether an author is the city is written into an item's document: what the account wrote before it was known is indexed again.
# One statement in the transaction that learns it, so that neither is without the other; locked in the order that captures lock.
_INDEX_AGAIN = sa.text("""
    with written as materialized (
        select distinct v.item_id
        from accounts a
        join parties p on p.platform = a.platform and p.platform_id = a.platform_id
             and (p.namespace = a.namespace or p.namespace = '' or a.namespace = '')
        join versions v on v.author_party_id = p.id
        where a.id = :account
    ), locked as materialized (
        select i.id from items i where i.id in (select item_id from written)
        order by i.platform, i.namespace, i.platform_id for update
    ), changed as (
        update items i set revision = i.revision + 1 from locked where i.id = locked.id returning i.id, i.revision
    )
    insert into outbox (item_id, revision) select id, revision from changed order by id
""")


def index_again(connection: Connection, account_id: int) -> None:
    """What the account wrote is indexed again: whether it is the city's has changed."""
    connection.execute(_INDEX_AGAIN, {"account": account_id})


def learn(engine: Engine, account: AccountRef, status: AccountStatus, now: datetime) -> AccountRef:
    """Keep what the platform said of the account: its stable id at first, its name of today.

    Gives the account with the capture's own addresses (`status.settings`) among its settings. Raises `RegisterError`
    where the platform gives another id than the one the register knows: a handle that now belongs to somebody else.
    """
    if account.platform_id is not None and status.platform_id not in (None, account.platform_id):
        raise RegisterError(
            f"{account.name} now belongs to {status.platform_id}, the register knows {account.platform_id}: the handle was "
            "given to somebody else; correct the register before the next capture"
        )
    handle = status.handle or account.handle
    try:
        with engine.begin() as connection:
            _learn(connection, account, status, handle, now)
    except sa.exc.IntegrityError as error:
        raise RegisterError(
            f"{account.name} is {status.platform_id} with the handle {handle}, which another entry of the register has "
            "already; close one of the two"
        ) from error
    return dataclasses.replace(
        account,
        namespace=account.namespace if status.namespace is None else status.namespace,
        platform_id=account.platform_id or status.platform_id,
        handle=handle,
        settings={**account.settings, **status.settings},
    )


def _learn(connection: Connection, account: AccountRef, status: AccountStatus, handle: str, now: datetime) -> None:
    changed = {}
    if account.platform_id is None and status.platform_id is not None:
        changed["platform_id"] = status.platform_id
    if handle != account.handle:
        changed["handle"] = handle
    if status.namespace is not None and status.namespace != account.namespace:
        changed["namespace"] = status.namespace
    if changed:
        connection.execute(sa.update(Account).where(Account.id == account.id).values(**changed))
        audit.write(connection, "capture", "account learned", account.name, dict(changed))
    if "platform_id" in changed or "namespace" in changed:
        index_again(connection, account.id)
    if status.handle is None:
        return
    last = connection.execute(
        sa.select(AccountHandle.id, AccountHandle.handle)
        .where(AccountHandle.account_id == account.id)
        .order_by(AccountHandle.id.desc())
        .limit(1)
    ).one_or_none()
    if last is not None and last.handle == handle:
        connection.execute(sa.update(AccountHandle).where(AccountHandle.id == last.id).values(last_seen_at=now))
    else:
        connection.execute(
            sa.insert(AccountHandle).values(account_id=account.id, handle=handle, first_seen_at=now, last_seen_at=now)
        )
