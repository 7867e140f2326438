"""`civic-archive accounts`: the register."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from archiver import accounts as register
from archiver import register_file, standing
from archiver.cli.output import AsJson, console, print_json, problem, table
from archiver.runtime import opened
from archiver.settings import settings

app = typer.Typer(help="The register of the city's accounts.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="ACCOUNT", help="platform:handle-or-id, as bluesky:parks.example.gov")],
    department: Annotated[str, typer.Option(help="The department it belongs to.")],
    steward: Annotated[str | None, typer.Option(help="Who answers for its records.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who runs it.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    authority_statement: Annotated[str | None, typer.Option("--authority", help="By what authority it speaks.")] = None,
    record_series: Annotated[str | None, typer.Option("--series", help="Its record series.")] = None,
    approved_by: Annotated[str | None, typer.Option(help="Who approved it.")] = None,
    approved_on: Annotated[str | None, typer.Option(help="When, as 2026-03-31.")] = None,
    began_on: Annotated[str | None, typer.Option(help="The day it began, as 2020-01-15.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of its platform, as name=value; a secret as name=env:VARIABLE."),
    ] = None,
    import_only: Annotated[
        bool, typer.Option("--import-only", help="Its records come by import alone: it is never captured.")
    ] = False,
    personal: Annotated[
        bool, typer.Option("--personal", help="An official's own account: nobody sees its records without a grant.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add an account to the register."""
    entry = {
        "department": department,
        "steward": steward,
        "owner": owner,
        "purpose": purpose,
        "authority_statement": authority_statement,
        "record_series": record_series,
        "approved_by": approved_by,
        "approved_on": approved_on,
        "began_on": began_on,
    }
    given = dict(_setting(each) for each in setting or [])
    with opened() as archive:
        register.add(archive.engine, name, entry, given, import_only=import_only, personal=personal)
    if as_json:
        print_json({"added": [name]})
    else:
        console.print(f"{name} is in the register.")


def _setting(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise register.RegisterError(f"--set {text!r}: write it as name=value")
    return name, value


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the register, and how long each account's department has to comply with the policy."""
    config = settings()
    with opened(config) as archive:
        listed = register.listing(archive.engine, config.policy_effective_date, datetime.now(config.zone).date())
    if as_json:
        print_json(
            [
                {
                    "account": each.name,
                    "platform": each.platform,
                    "platform_id": each.platform_id,
                    "status": each.status,
                    "personal": each.personal,
                    **each.entry,
                    "missing": each.compliance.missing,
                    "due_on": each.compliance.due_on,
                    "days_left": each.compliance.days_left,
                    "compliance": each.compliance.sentence,
                }
                for each in listed
            ]
        )
        return
    table(
        "Accounts",
        ("account", "department", "steward", "record series", "began", "status", "policy"),
        (
            (
                each.name,
                each.entry["department"],
                each.entry["steward"],
                each.entry["record_series"],
                each.entry["began_on"],
                f"{each.status}, personal" if each.personal else each.status,
                each.compliance.sentence,
            )
            for each in listed
        ),
        empty="The register is empty; add an account with `civic-archive accounts add`.",
    )


@app.command("import")
def import_(path: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], as_json: AsJson = False) -> None:
    """Add the accounts of a CSV file (columns: account, the register's fields, personal, setting.NAME)."""
    with opened() as archive:
        added, refused = register_file.import_csv(archive.engine, path)
    if as_json:
        print_json({"added": added, "refused": refused})
    else:
        console.print(f"{len(added)} accounts added.")
        for sentence in refused:
            problem(sentence)
    if refused:
        sys.exit(1)


Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="platform:handle-or-id")]
Reason = Annotated[str, typer.Option(help="Why; it stays in the audit log and in the gap record.")]


@app.command("pause")
def pause(name: Name, reason: Reason) -> None:
    """Capture an account no more until it is resumed; the gap is put on record with the reason."""
    with opened() as archive:
        standing.pause(archive.engine, name, reason, archive.now())
    console.print(f"{name} is paused: no night captures it until `civic-archive accounts resume {name}`.", markup=False)


@app.command("resume")
def resume(name: Name, reason: Reason) -> None:
    """Capture an account again; the first complete capture closes its gap."""
    with opened() as archive:
        standing.resume(archive.engine, name, reason, archive.now())
    console.print(f"{name} is active again: its gap ends with the first complete capture.", markup=False)


@app.command("close")
def close(name: Name, reason: Reason) -> None:
    """The city gave an account up: what is held stays, nothing more is captured."""
    with opened() as archive:
        standing.close(archive.engine, name, reason, archive.now())
    console.print(f"{name} is closed: what is held of it stays.", markup=False)


@app.command("personal")
def personal(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why; it stays in the audit log.")],
    official: Annotated[bool, typer.Option("--official", help="It is the city's after all.")] = False,
) -> None:
    """An account is an official's own: from now on its records are kept from whoever has no grant for them."""
    with opened() as archive:
        standing.set_personal(archive.engine, name, reason, personal=not official)
    console.print(
        f"{name} is the city's: no grant is needed."
        if official
        else f"{name} is an official's own: a grant is needed.",
        markup=False,
    )
