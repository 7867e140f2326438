"""`civic-archive tokens` and `civic-archive recent`: how the log-ins stand, and the light pass by hand."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from archiver import accounts as register
from archiver.cli.output import AsJson, console, print_json, problem, table
from archiver.platforms import PLATFORMS
from archiver.records.models import uuid7
from archiver.runtime import opened


def register_commands(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("tokens")(tokens)
    app.command("recent")(recent)


def tokens(
    check: Annotated[
        bool, typer.Option("--check", help="Ask the platforms now, instead of showing the last answers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show how every account's token stands; ends with 1 where somebody has to look at one."""
    from archiver import token_health  # noqa: PLC0415 - `--help` stays quick

    with opened() as archive:
        failed = token_health.check(archive, register.active_names(archive.engine)) if check else {}
        found = token_health.standings(archive)
    wrong = [f"{each.account}: {each.problem}" for each in found if each.problem]
    wrong += [f"{name}: {why}" for name, why in failed.items()]
    if as_json:
        print_json({"tokens": [each.as_dict() for each in found], "problems": wrong})
    else:
        table(
            "Tokens",
            ("account", "checked", "alive", "ends", "permissions"),
            (
                (
                    each.account,
                    f"{each.checked_at:%Y-%m-%d %H:%M}" if each.checked_at else "never",
                    {True: "yes", False: "no", None: "not told"}[each.alive],
                    f"{each.expires_at:%Y-%m-%d}" if each.expires_at else "no date",
                    ", ".join(each.scopes),
                )
                for each in found
            ),
            empty="No account with a token was checked yet; `civic-archive tokens --check` asks.",
        )
        for sentence in wrong:
            problem(sentence)
    if wrong:
        sys.exit(1)


def recent(
    account: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT]...", help="These; all whose turn it is where none.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the newest posts and comments now, as the light pass does by itself."""
    from archiver import recent as light  # noqa: PLC0415 - `--help` stays quick

    with opened() as archive:
        names = account or [
            name for platform in PLATFORMS for name in light.due(archive.engine, platform, archive.now())
        ]
        brought = list(light.capture_recent(archive, names, scheduler_run=f"manual-{uuid7()}"))
    if as_json:
        print_json({"accounts": [each.as_dict() for each in brought]})
    else:
        for each in brought:
            console.print(f"{each.account}: {each.problem or f'{each.versions_new} new versions'}")
        if not brought:
            console.print("It is no account's turn.")
    if light.failures(brought):
        sys.exit(1)
