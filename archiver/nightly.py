"""A run over the register, for whoever schedules it: which accounts, how each one ended, what the night brought.

Knows nothing of Airflow: the DAGs call it, and a city with another scheduler can.
"""

from __future__ import annotations

import dataclasses
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from archiver import accounts, coverage
from archiver.accounts import RegisterError
from archiver.capture.export import export_account
from archiver.capture.running import BACKFILL
from archiver.platforms import PLATFORMS
from archiver.platforms.items import StreamKind
from archiver.records.models import uuid7
from archiver.thumbnails.run import make_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.engine import Engine, Row

    from archiver.archive import Archive
    from archiver.capture.export import ExportReport
    from archiver.platforms.pages import AccountRef
    from archiver.thumbnails.run import Made

POOL_SLOTS = 4
"""How many accounts of one platform are captured at once, until an operator changes the pool's slots."""

_ENVIRONMENT = "env:"
_THUMBNAILS = timedelta(minutes=15)
"""How long the end of an account's capture may make small pictures; the rest waits for the night's last task."""
_ALL_THUMBNAILS = timedelta(hours=2)
_ROLLED_UP = frozenset({"nightly", BACKFILL})
"""The modes of a run after which the record says how complete the account is."""
_log = structlog.get_logger(__name__)


class AccountFailed(Exception):
    """An account was not captured whole; what was captured is kept. The message says what is missing and what to do."""

    retryable = True


class AccountNeedsHelp(AccountFailed):
    """As above, and trying again cannot help before somebody has done something."""

    retryable = False


def pool_of(platform: str) -> str:
    """The name of the pool that a platform's captures share."""
    return f"platform_{platform}"


def accounts_on(engine: Engine, platform: str, only: Sequence[str] = ()) -> list[str]:
    """The names of a platform's active accounts, in order; of these only those in `only`, where that is given.

    Reads no account's secrets, so that one whose secret is missing does not keep the others from being captured.

    Raises:
        RegisterError: `only` names an account that is not in the register.
    """
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("select id, handle from accounts where platform = :platform and status = 'active' order by handle"),
            {"platform": platform},
        ).all()
    if only:
        wanted = {accounts.id_of(engine, name) for name in only if accounts.parse_name(name)[0] == platform}
        rows = [row for row in rows if row.id in wanted]
    return [f"{platform}:{row.handle}" for row in rows]


def secrets_missing(engine: Engine, name: str) -> list[str]:
    """The environment variables that an account's settings name and that are not set here. Raises `RegisterError`."""
    with engine.connect() as connection:
        settings: Mapping[str, Any] = connection.execute(
            sa.text("select settings from accounts where id = :id"), {"id": accounts.id_of(engine, name)}
        ).scalar_one()
    named = [str(value).removeprefix(_ENVIRONMENT) for value in settings.values() if _is_secret(value)]
    return [variable for variable in named if variable not in os.environ]


def secrets_named(engine: Engine) -> list[str]:
    """Every environment variable that any account's settings name: what a scheduler's environment must hold."""
    with engine.connect() as connection:
        rows = connection.scalars(sa.text("select settings from accounts")).all()
    return sorted({str(v).removeprefix(_ENVIRONMENT) for row in rows for v in row.values() if _is_secret(v)})


def _is_secret(value: object) -> bool:
    return isinstance(value, str) and value.startswith(_ENVIRONMENT)


def run_prefix(scheduler_run: str) -> str:
    """What the names of all captures of one scheduled run begin with; safe in a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", scheduler_run).strip("-") + "."


def capture(
    archive: Archive,
    name: str,
    *,
    mode: str,
    scheduler_run: str,
    wait: bool = False,
    streams: Sequence[str] = (),
    thread: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> ExportReport:
    """Capture one account; after a night's or a backfill's capture, put on record how complete it is.

    Args:
        archive: The archive, open.
        name: `platform:handle-or-id`.
        mode: `nightly`, `now`, or `backfill`, which reads everything again to its end; kept with the captures.
        scheduler_run: The scheduler's own name of the run; `night` finds the captures by it.
        wait: Wait for a capture that is at work on the account.
        streams: These streams only, by name; all where empty.
        thread: The id of one post: its comments, then the newest posts.
        say: Told in lines how complete the account is.

    Raises:
        AccountNeedsHelp: access was lost, or the register is wrong.
        AccountFailed: something is missing that trying again may bring.
    """
    try:
        account = accounts.find(archive.engine, name)
        _check_streams(account, streams)
        report = export_account(
            archive,
            account,
            mode=mode,
            run_id=run_prefix(scheduler_run) + str(uuid7()),
            wait=wait,
            only=[StreamKind(stream) for stream in streams] or None,
            thread=thread,
        )
    except RegisterError as error:
        raise AccountNeedsHelp(str(error)) from error
    if mode in _ROLLED_UP:
        found = coverage.roll_up(archive.engine, account.id, account.platform, report.run_id, archive.now())
        say(coverage.as_lines(report.account, found))
    for each in report.lists:
        say(
            f"{report.account} ({each.listing}): "
            + (each.problem or f"{each.size}, {each.joined} new, {each.left} gone")
        )
    _thumbnails(archive, account.id, say)
    if report.complete:
        return report
    problems = "; ".join(report.problems)
    stored = sum(stream.versions_new for stream in report.streams)
    message = f"{report.account} was not captured whole ({stored} new versions are kept): {problems}"
    raise (AccountFailed if report.retryable else AccountNeedsHelp)(message)


def _thumbnails(archive: Archive, account_id: int, say: Callable[[str], None]) -> None:
    """Small pictures of what was fetched. That some are missing takes nothing from the account's night."""
    try:
        done = make_waiting(archive, account_id=account_id, longest=_THUMBNAILS.total_seconds())
    except Exception:  # noqa: BLE001 - whatever it is, the capture stands, and the next night makes what is missing
        _log.exception("small pictures not made; `civic-archive media thumbnails` makes them")
        return
    for each in (*done.unmade, *done.later):
        say(f"no small picture of {each}")


def small_pictures(archive: Archive) -> Made:
    """Every small picture that is missing still, of whatever came by captures or imports, for two hours at most."""
    return make_waiting(archive, longest=_ALL_THUMBNAILS.total_seconds())


def _check_streams(account: AccountRef, streams: Sequence[str]) -> None:
    has = PLATFORMS[account.platform].manifest.streams
    if unknown := sorted(set(streams) - {kind.value for kind in has}):
        raise AccountNeedsHelp(f"{account.name} has no stream {', '.join(unknown)}; it has {', '.join(has)}")


@dataclasses.dataclass(frozen=True, slots=True)
class AccountNight:
    """What a run brought of one account: counts over its streams, and a sentence for each thing that is wrong."""

    name: str
    items_seen: int
    items_new: int
    versions_new: int
    problems: tuple[str, ...]


def night(engine: Engine, scheduler_run: str, only: Sequence[str] = ()) -> list[AccountNight]:
    """What a run brought, by account, in the order of their names; the last try of each stream counts.

    An account that the run did not touch is a problem, and so is one of whose stream, of which some are held, nothing came
    without the platform's own word for it (its count, HTTP 304, or a look at each item that is missing). Streams that may be
    empty, and those that are read by need (comments, messages), are left out.

    Args:
        engine: The archive's database.
        scheduler_run: As given to `capture`.
        only: The accounts the run was for; every active one where empty.
    """
    with engine.connect() as connection:
        rows = connection.execute(_NIGHT, {"prefix": run_prefix(scheduler_run), "never_empty": _never_empty()}).all()
    wanted = {accounts.id_of(engine, name) for name in only}
    by_account: dict[int, list[Row[Any]]] = {}
    for row in rows:
        if not wanted or row.id in wanted:
            by_account.setdefault(row.id, []).append(row)
    return [_account_night(streams) for streams in by_account.values()]


def _never_empty() -> list[str]:
    """The listings, as `platform stream`, that are not empty where they ever held something."""
    return [
        f"{name} {kind.value}"
        for name, platform in PLATFORMS.items()
        for kind in platform.manifest.streams
        if kind not in _BY_NEED and kind not in platform.manifest.may_be_empty
    ]


_BY_NEED = frozenset({StreamKind.PROFILE, StreamKind.COMMENTS, StreamKind.MESSAGES, StreamKind.IMPORT})

_NIGHT = sa.text("""
    select a.id, a.platform || ':' || a.handle as name, s.kind, c.outcome, c.error, c.items_seen, c.items_new, c.versions_new,
      c.id is not null and a.platform || ' ' || s.kind = any(:never_empty) and c.outcome = 'complete' and c.items_seen = 0
        and exists (
            select from sightings g where g.stream_id = s.id and g.state in ('present', 'not_returned')
              and not exists (select from states t where t.item_id = g.item_id and t.stream_id = s.id and t.by_lookup
                              and t.state = 'not_returned' and t.observed_at >= g.last_seen_at))
        and not exists (select from exchanges e where e.capture_id = c.id and e.status = 304)
        and not exists (select from completeness k where k.capture_id = c.id and k.platform_count = 0) as vanished
    from accounts a left join streams s on s.account_id = a.id and s.kind <> 'lists'
    left join lateral (select * from captures c where c.stream_id = s.id and starts_with(c.run_id, :prefix)
      order by c.id desc limit 1) c on true
    where a.status = 'active' order by a.platform, a.handle, s.kind
""")


def _account_night(rows: Sequence[Row[Any]]) -> AccountNight:
    captured = [row for row in rows if row.outcome is not None]
    problems = [f"{row.kind}: {row.error or row.outcome}" for row in captured if row.outcome != "complete"]
    problems += [
        f"{row.kind}: the platform gave none, though the archive holds some and nothing says why; "
        "look at the account on the platform itself"
        for row in captured
        if row.vanished
    ]
    if not captured:
        problems.append("it was not captured at all; its own task says why")
    return AccountNight(
        rows[0].name,
        sum(row.items_seen for row in captured),
        sum(row.items_new for row in captured),
        sum(row.versions_new for row in captured),
        tuple(problems),
    )


def as_table(nights: Sequence[AccountNight]) -> str:
    """The run as lines of text, a heading first."""
    width = max([len("account"), *(len(night.name) for night in nights)])
    lines = [f"{'account':{width}}  {'seen':>8} {'new':>8} {'versions':>8}  state"]
    lines += [
        f"{night.name:{width}}  {night.items_seen:8} {night.items_new:8} {night.versions_new:8}  "
        f"{'; '.join(night.problems) or 'whole'}"
        for night in nights
    ]
    return "\n".join(lines)
