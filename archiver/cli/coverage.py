"""`coverage` and `gaps`: how whole the archive is, and which windows were missed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver import accounts
from archiver import gaps as record
from archiver.cli.output import AsJson, print_json, problem, table
from archiver.platforms import PLATFORMS
from archiver.runtime import opened
from archiver.settings import settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Row


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("gaps")(gaps)


Account = Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="platform:handle-or-id; default: all.")]


def gaps(
    name: Account = None,
    only_open: Annotated[bool, typer.Option("--open", help="Those that have not ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show each window in which an account was not captured whole, and why."""
    config = settings()
    with opened(config) as archive:
        account_id = None if name is None else accounts.id_of(archive.engine, name)
        with archive.engine.connect() as connection:
            rows = record.listed(connection, account_id=account_id, only_open=only_open)
            late = record.overdue(connection, list(PLATFORMS), archive.now(), timedelta(hours=config.gap_hours))
    late = [each for each in late if account_id in (None, each.account_id)]
    if as_json:
        print_json(
            {"gaps": [_plain(row) for row in rows], "overdue": [{"account": o.account, "since": o.since} for o in late]}
        )
        return
    table(
        "Gaps",
        ("account", "stream", "from", "to", "cause", "reason"),
        (
            (
                row.account,
                row.stream or "all",
                f"{row.opened_at.astimezone(config.zone):%Y-%m-%d %H:%M}",
                f"{row.closed_at.astimezone(config.zone):%Y-%m-%d %H:%M}" if row.closed_at else "still open",
                row.cause.replace("_", " "),
                row.reason,
            )
            for row in rows
        ),
        empty="There is no gap on record.",
    )
    for each in late:
        problem(
            f"{each.account} was {'never captured' if each.never else 'not captured'} since "
            f"{each.since.astimezone(config.zone):%Y-%m-%d %H:%M}; is the scheduler running?"
        )


def _plain(row: Row[Any]) -> dict[str, Any]:
    return {
        "account": row.account,
        "stream": row.stream,
        "from": row.opened_at,
        "to": row.closed_at,
        "cause": row.cause,
        "reason": row.reason,
    }
