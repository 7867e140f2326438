"""`civic-archive saved`: the searches that people keep, and the e-mails that tell what is new."""

from __future__ import annotations

import dataclasses
import sys

import typer

from archiver.cli.output import AsJson, print_json, problem, table
from archiver.runtime import opened

app = typer.Typer(help="Searches that people keep, and the e-mails that tell what is new.", no_args_is_help=True)


@app.command("run")
def run(as_json: AsJson = False) -> None:
    """Run each search whose owner asked to be told of what is new, and write to them; Airflow does this each night."""
    from archiver.cli.pages import archive_and_index  # noqa: PLC0415 - `--help` stays quick
    from clerk.saved import nightly  # noqa: PLC0415 - an optional group

    with archive_and_index() as (archive, client, name):
        try:
            done = nightly.run(archive, client, name)
        except nightly.BusyError as error:
            problem(str(error))
            sys.exit(1)
    if as_json:
        print_json([dataclasses.asdict(each) for each in done])
    else:
        table(
            "Saved searches",
            ("owner", "search", "found", "new", "outcome", "problem"),
            ((each.owner, each.name, each.found, each.new, each.outcome, each.problem) for each in done),
            empty="None is to run by night.",
        )
    if any(each.outcome == "failed" for each in done):
        sys.exit(2)


@app.command("list")
def listed(as_json: AsJson = False) -> None:
    """Show everybody's saved searches, with what came of the last nightly run."""
    from clerk.saved import store  # noqa: PLC0415 - an optional group

    with opened() as archive, archive.engine.connect() as connection:
        rows = [each.row for each in store.every(connection)]
        zone = archive.settings.zone
    if as_json:
        wanted = (
            "public_id", "owner", "name", "fields", "shared", "nightly", "saved_at", "run_at", "outcome", "found", "new",
            "problem",
        )  # fmt: skip
        print_json([{name: getattr(row, name) for name in wanted} for row in rows])
        return
    table(
        "Saved searches",
        ("owner", "search", "typed", "shared", "nightly", "last run", "came to"),
        (
            (
                row.owner,
                row.name,
                row.fields.get("q", "")[:200],
                "yes" if row.shared else "",
                "yes" if row.nightly else "",
                f"{row.run_at.astimezone(zone):%Y-%m-%d %H:%M}" if row.run_at else "",
                row.problem or (f"{row.new} new" if row.new is not None else row.outcome),
            )
            for row in rows
        ),
        empty="Nobody keeps one.",
    )
