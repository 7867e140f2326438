"""`civic-archive moderation`: who hid or removed what, and why."""

from __future__ import annotations

import getpass
import uuid
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
import typer

from archiver import accounts
from archiver import moderation as record
from archiver.cli.output import AsJson, console, print_json, table
from archiver.records.models import Item
from archiver.records.models.supervision import ACTIONS
from archiver.runtime import opened
from archiver.settings import settings
from archiver.zones import in_zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection, Row

app = typer.Typer(help="Who hid or removed what, when, and why.", no_args_is_help=True)


@app.command("list")
def list_(
    account: Annotated[str | None, typer.Option(help="Only this account, as platform:handle-or-id.")] = None,
    action: Annotated[str | None, typer.Option(help=f"Only one of {', '.join(ACTIONS)}.")] = None,
    source: Annotated[str | None, typer.Option(help=f"Only one of {', '.join(record.SOURCES)}.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="First day, in city time, as 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last day, in city time.")] = None,
    limit: Annotated[int, typer.Option(help="How many to show.", min=1)] = 100,
    as_json: AsJson = False,
) -> None:
    """Show the moderation record, the latest first."""
    config = settings()
    with opened(config) as archive:
        wanted = record.Wanted(
            account_id=None if account is None else accounts.id_of(archive.engine, account),
            action=action,
            source=source,
            since=_begin(since, config.zone),
            until=_begin(until, config.zone, days=1),
        )
        with archive.engine.connect() as connection:
            rows = record.listed(connection, wanted, messages=True, most=limit)
    if as_json:
        print_json([_plain(row) for row in rows])
        return
    table(
        "Moderation",
        ("when", "what", "by whom", "record", "accounts", "reason", "clause", "recorded by"),
        (
            (
                f"{in_zone(row.at or row.observed_at, config.zone):%Y-%m-%d %H:%M}",
                row.action.replace("_", " "),
                row.by_whom,
                row.item,
                ", ".join(row.accounts),
                row.reason or row.words,
                row.clause,
                row.recorded_by or f"({row.source})",
            )
            for row in rows
        ),
        empty="Nothing is on record.",
    )


@app.command("add")
def add(
    item: Annotated[uuid.UUID, typer.Argument(metavar="RECORD", help="The record's id, as its page's address has it.")],
    action: Annotated[str, typer.Option(help=f"What was done: {', '.join(ACTIONS)}.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    clause: Annotated[str, typer.Option(help="Under which clause of the policy.")] = "",
    by_whom: Annotated[str, typer.Option("--by", help="By whom.")] = "",
    at: Annotated[str, typer.Option(help="When, in city time, as 2026-03-31T14:05.")] = "",
) -> None:
    """Put on record why something was hidden or removed."""
    config = settings()
    with opened(config) as archive:
        checked = record.check(record.Given(action, reason, clause, by_whom, at), config.zone, archive.now())
        with archive.engine.connect() as connection:
            item_id = _item(connection, item)
        record.add(
            archive.engine,
            item_id,
            checked,
            user=f"{getpass.getuser()} (command line)",
            now=archive.now(),
            actor="command line",
        )
    console.print("It is on record.")


def _item(connection: Connection, public_id: uuid.UUID) -> int:
    found = connection.scalar(sa.select(Item.id).where(Item.public_id == public_id))
    if found is None:
        raise record.ModerationError(
            {"record": f"The archive holds no record {public_id}; its page's address has its id."}
        )
    return int(found)


def _begin(text: str | None, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), zone)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-03-31") from error


def _plain(row: Row[Any]) -> dict[str, Any]:
    return {
        name: getattr(row, name)
        for name in (
            "public_id", "item", "kind", "accounts", "action", "by_whom", "at", "observed_at", "source", "words", "reason",
            "clause", "recorded_by",
        )
    }  # fmt: skip
