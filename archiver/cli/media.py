"""`media`: what is not kept and why; small pictures of what is, for the pages."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from archiver import accounts, media_missing
from archiver.cli.output import AsJson, console, print_json, problem, table
from archiver.runtime import opened

app = typer.Typer(help="Pictures, videos and other attachments.", no_args_is_help=True)
Account = Annotated[str | None, typer.Option(help="Only what was seen through it, as platform:handle-or-id.")]


@app.command("missing")
def missing(
    account: Account = None,
    again: Annotated[
        bool, typer.Option("--again", help="Let the next captures try anew what has failed or was refused.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show which attachments are not kept, and why."""
    with opened() as archive:
        chosen = None if account is None else accounts.id_of(archive.engine, account)
        with archive.engine.begin() as connection:
            renewed = media_missing.try_again(connection, chosen) if again else 0
            rows = media_missing.missing(connection, chosen)
    if as_json:
        print_json([{**row._asdict(), "public_id": str(row.public_id), "item": str(row.item)} for row in rows])
        return
    table(
        f"{len(rows)} attachments are not kept",
        ("what", "state", "tries", "why", "record"),
        (
            (
                f"{row.kind} {row.url or row.platform_id}"[:200],
                row.state,
                row.attempts,
                row.reason or ("not fetched yet" if row.state == "wanted" else None),
                row.item,
            )
            for row in rows
        ),
        empty="Every attachment is kept.",
    )
    if again:
        console.print(f"{renewed} will be tried again by the next captures.")


@app.command("thumbnails")
def thumbnails(
    account: Account = None,
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
