"""`lists`: whom an account blocks and who follows it, on any day, and what changed."""

from __future__ import annotations

import enum
import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver import accounts
from archiver import lists as record
from archiver.cli.output import AsJson, console, print_json, problem, table
from archiver.runtime import opened
from archiver.settings import settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

TITLES = {"blocked": "blocked by", "followers": "following"}
_SHOWN_AT_MOST = 10_000


class Listing(enum.StrEnum):
    """The lists that are kept."""

    BLOCKED = "blocked"
    FOLLOWERS = "followers"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lists")(lists)


def lists(
    name: Annotated[str, typer.Argument(metavar="ACCOUNT", help="platform:handle-or-id.")],
    listing: Annotated[
        Listing | None,
        typer.Argument(metavar="[blocked|followers]", help="Default: how each list of the account stands."),
    ] = None,
    on: Annotated[
        str | None, typer.Option(help="As it was on that day, in city time, as 2026-03-01; default: the last.")
    ] = None,
    changes: Annotated[bool, typer.Option("--changes", help="Who joined it and who left it, day by day.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show whom an account blocks and who follows it; ends with 2 where a list is not what its digest was made of."""
    if listing is None and (on or changes):
        raise typer.BadParameter("say which list: blocked or followers")
    day = None if on is None else _day(on)
    with opened() as archive:
        account_id = accounts.id_of(archive.engine, name)
        with archive.engine.connect() as connection:
            if listing is None:
                _standings(connection, account_id, name, as_json=as_json)
            elif changes:
                _changes(record.changes(connection, account_id, listing, day, _SHOWN_AT_MOST), name, listing, as_json)
            else:
                _members(record.shown(connection, account_id, listing, day), name, listing, as_json=as_json)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-03-31") from error


def _standings(connection: Connection, account_id: int, name: str, *, as_json: bool) -> None:
    found = record.standings(connection, account_id)
    if as_json:
        print_json(
            [
                {
                    "list": each.listing,
                    "snapshots": each.snapshots,
                    "since": each.since,
                    "last": _snapshot(each.snapshot),
                    "failure": None if each.failure is None else each.failure._asdict(),
                }
                for each in found
            ]
        )
        return
    table(
        f"The lists of {name}",
        ("list", "size", "last read", "snapshots", "since", "not read since"),
        (
            (
                each.listing,
                each.snapshot.size if each.snapshot else None,
                each.snapshot.taken_on if each.snapshot else "never whole",
                each.snapshots,
                each.since,
                f"{each.failure.failed_at.astimezone(settings().zone):%Y-%m-%d %H:%M}: {each.failure.words}"
                if each.failure
                else None,
            )
            for each in found
        ),
        empty=f"No list of {name} was read yet: lists are read at the end of a night, as the account's setting `lists` says.",
    )


def _members(found: record.Shown | None, name: str, listing: str, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "account": name,
                "list": listing,
                "snapshot": None if found is None else _snapshot(found.snapshot),
                "proved": None if found is None else found.proved,
                "members": [_party(row) | {"since": row.since} for row in (found.members if found else ())],
            }
        )
    else:
        table(
            f"{len(found.members)} accounts {TITLES[listing]} {name} on {found.snapshot.taken_on}" if found else "",
            ("name", "handle", "id", "since"),
            ((row.name, row.handle, row.platform_id, row.since) for row in (found.members if found else ())),
            empty=f"The list was empty on {found.snapshot.taken_on}."
            if found
            else "There is no snapshot of that list, or none so early.",
        )
        if found is not None:
            console.print(f"SHA-256 of the list: {bytes(found.snapshot.digest).hex()}", highlight=False)
    if found is not None and not found.proved:
        problem(
            "the differences that are kept do not add up to the list that was read: run `civic-archive log fixity --whole`"
        )
        sys.exit(2)


def _changes(rows: Any, name: str, listing: str, as_json: bool) -> None:  # noqa: FBT001 - as the option says
    if as_json:
        print_json(
            [{"on": row.taken_on, "change": _change(row), "snapshot": str(row.snapshot), **_party(row)} for row in rows]
        )
        return
    table(
        f"Changes among the accounts {TITLES[listing]} {name}",
        ("on", "change", "name", "handle", "id"),
        ((row.taken_on, _change(row), row.name, row.handle, row.platform_id) for row in rows),
        empty="Nothing has changed since the first snapshot.",
    )


def _change(row: Row[Any]) -> str:
    return "joined" if row.joined else "left"


def _party(row: Row[Any]) -> dict[str, Any]:
    return {"id": row.platform_id, "namespace": row.namespace, "handle": row.handle, "name": row.name}


def _snapshot(row: Row[Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "id": str(row.public_id),
        "taken_on": row.taken_on,
        "taken_at": row.taken_at,
        "size": row.size,
        "platform_count": row.platform_count,
        "joined": row.joined,
        "left": row.departed,
        "sha256": bytes(row.digest).hex(),
    }
