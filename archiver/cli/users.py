"""`civic-archive users`: who may log in to the clerk's pages, and what they may see there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from archiver.cli.output import AsJson, console, print_json, table
from archiver.runtime import opened

app = typer.Typer(help="Who may log in to the clerk's pages, and what they may see.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that they log in with.")]
What = Annotated[str, typer.Argument(metavar="WHAT", help="messages or personal_accounts")]
Reason = Annotated[str, typer.Option(help="Why; it stays in the record of grants.")]
_Password = Annotated[
    str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="CIVIC_ARCHIVE_NEW_PASSWORD")
]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The name to log in with.")],
    role: Annotated[
        str, typer.Option(help="viewer, clerk, reviewer, records_manager, administrator or auditor.")
    ] = "clerk",
    department: Annotated[
        list[str] | None, typer.Option(help="Limit them to a department of the register; may be given again.")
    ] = None,
    password: _Password = "",
) -> None:
    """Let somebody log in to the clerk's pages. The password is asked for, never given on the command line."""
    from clerk import people  # noqa: PLC0415 - an optional group
    from clerk.users import create_user  # noqa: PLC0415 - as above

    with opened() as archive:
        if department:
            people.check_departments(archive.engine, department)
        create_user(archive.engine, name, password, role)
        if department:
            people.set_departments(archive.engine, name, department)
    console.print(f"{name} may log in as {role}.", markup=False)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show who may log in, with role, departments and grants."""
    from clerk import people  # noqa: PLC0415 - an optional group

    with opened() as archive, archive.engine.connect() as connection:
        found = people.listed(connection, archive.now())
        zone = archive.settings.zone
    if as_json:
        print_json(
            [
                {
                    "name": each.row.name,
                    "role": each.row.role,
                    "departments": each.row.departments,
                    "email": each.row.email,
                    "disabled": each.row.disabled,
                    "single_sign_on": each.row.subject is not None,
                    "open_sessions": each.row.sessions,
                    "grants": [
                        {
                            "grant": held.what,
                            "until": held.until,
                            "reason": held.reason,
                            "by": held.by_whom,
                            "at": held.at,
                        }
                        for held in each.grants
                    ],
                }
                for each in found
            ]
        )
        return
    table(
        "Users",
        ("name", "role", "departments", "logs in by", "grants", "open sessions"),
        (
            (
                each.row.name,
                f"{each.row.role}, disabled" if each.row.disabled else each.row.role,
                ", ".join(each.row.departments) or "all",
                "single sign-on" if each.row.subject is not None else "password",
                "; ".join(
                    f"{held.what} (by {held.by_whom}"
                    + (f", until {held.until.astimezone(zone):%Y-%m-%d %H:%M}" if held.until else "")
                    + ")"
                    for held in each.grants
                ),
                each.row.sessions,
            )
            for each in found
        ),
        empty="Nobody may log in; add somebody with `civic-archive users add`.",
    )


@app.command("role")
def role(
    name: Name,
    role: Annotated[str, typer.Argument(help="viewer, clerk, reviewer, records_manager, administrator or auditor.")],
) -> None:
    """Give somebody another role."""
    from clerk import people  # noqa: PLC0415 - an optional group

    with opened() as archive:
        people.set_role(archive.engine, name, role)
    console.print(f"{name} is {role} now.", markup=False)


@app.command("departments")
def departments(
    name: Name,
    department: Annotated[
        list[str] | None, typer.Argument(metavar="[DEPARTMENT]...", help="Departments of the register; none: no limit.")
    ] = None,
) -> None:
    """Limit somebody to departments, or to none."""
    from clerk import people  # noqa: PLC0415 - an optional group

    with opened() as archive:
        people.set_departments(archive.engine, name, department or [])
    console.print(f"{name} sees {', '.join(department) if department else 'every department'}.", markup=False)


@app.command("email")
def email(
    name: Name,
    address: Annotated[str, typer.Argument(help="Where the archive writes to them; none: nowhere.")] = "",
) -> None:
    """Say where the archive writes to somebody, for the searches that they asked to be told of."""
    from clerk import people  # noqa: PLC0415 - an optional group

    with opened() as archive:
        people.set_email(archive.engine, name, address)
    console.print(f"{name} is written to {f'at {address}' if address else 'nowhere'}.", markup=False)


@app.command("grant")
def grant(
    name: Name,
    what: What,
    reason: Reason,
    until: Annotated[str, typer.Option(help="The last day that it holds, in city time, as 2026-03-31.")] = "",
) -> None:
    """Give somebody a grant: for direct messages, or for the records of officials' own accounts."""
    from clerk import grants  # noqa: PLC0415 - an optional group

    with opened() as archive:
        end = grants.end_of(until, archive.settings.zone)
        grants.give(archive.engine, name, grants.what_of(what), reason, now=datetime.now(UTC), until=end)
    console.print(f"{name} has the grant {what}{f' until {until}' if until else ''}.", markup=False)


@app.command("revoke")
def revoke(name: Name, what: What, reason: Reason) -> None:
    """Take a grant from somebody; it holds no longer from the next page that they open."""
    from clerk import grants  # noqa: PLC0415 - an optional group

    with opened() as archive:
        grants.take_back(archive.engine, name, grants.what_of(what), reason, now=datetime.now(UTC))
    console.print(f"{name} has the grant {what} no more.", markup=False)


@app.command("grants")
def grants_(name: Name, as_json: AsJson = False) -> None:
    """Show every grant that somebody was given, and each that was taken back."""
    from clerk import grants, people  # noqa: PLC0415 - an optional group

    with opened() as archive, archive.engine.connect() as connection:
        rows = grants.history(connection, people.id_of(connection, name))
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    table(
        f"Grants of {name}",
        ("when", "what", "given", "until", "by", "why"),
        (
            (row.at, row.what, "given" if row.given else "taken back", row.until, row.by_whom, row.reason)
            for row in rows
        ),
        empty=f"{name} was never given a grant.",
    )


@app.command("disable")
def disable(name: Name) -> None:
    """Let somebody in no more; what they have open ends at once."""
    _set_disabled(name, disabled=True)


@app.command("enable")
def enable(name: Name) -> None:
    """Let somebody in again."""
    _set_disabled(name, disabled=False)


def _set_disabled(name: str, *, disabled: bool) -> None:
    from clerk import people  # noqa: PLC0415 - an optional group

    with opened() as archive:
        people.set_disabled(archive.engine, name, disabled=disabled)
    console.print(f"{name} is {'disabled' if disabled else 'enabled'}.", markup=False)


@app.command("end-sessions")
def end_sessions(name: Name) -> None:
    """End every session that somebody has open."""
    from clerk import people  # noqa: PLC0415 - an optional group

    with opened() as archive:
        ended = people.end_sessions(archive.engine, name)
    console.print(f"{ended} open session{'' if ended == 1 else 's'} of {name} ended.", markup=False)


@app.command("password")
def password(name: Name, password: _Password = "") -> None:
    """Give somebody another password; what they have open ends."""
    from clerk.users import set_password  # noqa: PLC0415 - an optional group

    with opened() as archive:
        set_password(archive.engine, name, password)
    console.print(f"{name} has another password.", markup=False)
