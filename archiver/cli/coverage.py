"""`coverage` and `gaps`: how whole the archive is, and which windows were missed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver import accounts
from archiver import coverage as record
from archiver import gaps as missed
from archiver.cli.output import AsJson, print_json, problem, table
from archiver.platforms import PLATFORMS
from archiver.runtime import opened
from archiver.settings import settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

    from archiver.archive import Archive


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("coverage")(coverage)
    app.command("gaps")(gaps)


Account = Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="platform:handle-or-id; default: all.")]


def coverage(
    name: Account = None,
    posts: Annotated[bool, typer.Option("--posts", help="Each post of the account, as it stands now.")] = False,
    since: Annotated[
        str | None, typer.Option(help="Every roll-up since that day, in city time, as 2026-03-01; default: the last.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how complete each account is: the platform's count, ours, and the difference explained in numbers."""
    config = settings()
    with opened(config) as archive:
        if posts:
            if name is None:
                raise accounts.RegisterError("`coverage --posts` wants an account: there may be very many posts")
            _posts(archive, name, as_json=as_json)
            return
        account_id = None if name is None else accounts.id_of(archive.engine, name)
        day = None if since is None else datetime.combine(_day(since), time(), config.zone)
        with archive.engine.connect() as connection:
            rows = record.recorded(connection, account_id, since=day)
    if as_json:
        print_json([_roll_up(row) for row in rows])
        return
    table(
        "How complete the archive is",
        ("account", "stream", "platform", "present", "hidden", "gone", "not returned", "difference", "why", "when"),
        (
            (
                row.account,
                row.stream,
                "no count" if row.platform_count is None else row.platform_count,
                row.present,
                row.hidden,
                row.gone,
                row.not_returned,
                row.difference,
                record.sentence(row.platform_count, row.reasons)
                + (f"; {row.unread} threads to be read" if row.unread else "")
                + (f"; {row.media_missing} attachments are not kept" if row.media_missing else "")
                + (f"; {row.gaps_open} open gaps" if row.gaps_open else "")
                + (f"; {row.checked}" if row.checked else ""),
                f"{row.observed_at.astimezone(config.zone):%Y-%m-%d %H:%M}",
            )
            for row in rows
        ),
        empty="Nothing is on record yet: the roll-up is made after each night's capture.",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-03-31") from error


def _roll_up(row: Row[Any]) -> dict[str, Any]:
    return {
        "account": row.account,
        "stream": row.stream,
        "run_id": row.run_id,
        "platform_count": row.platform_count,
        "present": row.present,
        "hidden": row.hidden,
        "gone_confirmed": row.gone,
        "not_returned": row.not_returned,
        "difference": row.difference,
        "reasons": row.reasons,
        "gaps_open": row.gaps_open,
        "unread_threads": row.unread,
        "oldest_unread": row.oldest_unread,
        "media_missing": row.media_missing,
        "checked": row.checked,
        "observed_at": row.observed_at,
    }


def _posts(archive: Archive, name: str, *, as_json: bool) -> None:
    platform = accounts.parse_name(name)[0]
    account_id = accounts.id_of(archive.engine, name)
    with archive.engine.connect() as connection:
        found = record.posts_of(connection, account_id, platform)
    if as_json:
        print_json(
            [
                {
                    "post": each.platform_id,
                    "platform_count": each.explained.platform,
                    "difference": each.explained.difference,
                    "reasons": each.explained.as_json(),
                    "read": each.read.value,
                }
                for each in found
            ]
        )
        return
    table(
        f"Comments below each post of {name}",
        ("post", "platform", "difference", "why", "thread"),
        (
            (
                each.platform_id,
                "no count" if each.explained.platform is None else each.explained.platform,
                each.explained.difference,
                each.explained.sentence,
                _READ[each.read.value],
            )
            for each in found
        ),
        empty=f"No comments are captured of {name}.",
    )


_READ = {
    "whole": "read",
    "changed": "to be read: its count has changed",
    "partly": "read in part",
    "never": "never read",
}


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
            rows = missed.listed(connection, account_id=account_id, only_open=only_open)
            late = missed.overdue(connection, list(PLATFORMS), archive.now(), timedelta(hours=config.gap_hours))
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
