"""`media thumbnails`: small pictures of what is kept, for the pages."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from archiver import accounts
from archiver.cli.output import AsJson, console, print_json, problem
from archiver.runtime import opened

app = typer.Typer(help="The kept media.", no_args_is_help=True)


@app.callback()
def media() -> None:
    """The kept media."""


@app.command("thumbnails")
def thumbnails(
    account: Annotated[
        str | None, typer.Option(help="Only what was seen through it, as platform:handle-or-id.")
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Also those of which none could be made, as after an update of the decoders."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the small pictures that are missing; the nights do it by themselves. What cannot be decoded is named."""
    from archiver.thumbnails.run import make_waiting  # noqa: PLC0415 - `--help` stays quick

    with opened() as archive:
        chosen = None if account is None else accounts.id_of(archive.engine, account)
        done = make_waiting(archive, account_id=chosen, again=again)
    if as_json:
        print_json(dataclasses.asdict(done))
        return
    console.print(f"{done.made} small pictures made.")
    for each in done.unmade:
        problem(f"none can be made of {each}")
    for each in done.later:
        problem(f"to be tried again: {each}")
