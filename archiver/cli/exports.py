"""`exports`: what clerks asked for as files."""

from __future__ import annotations

import dataclasses
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver.cli.output import AsJson, console, print_json, say, table
from archiver.runtime import opened

if TYPE_CHECKING:
    from types import FrameType

app = typer.Typer(help="Exports of everything that a search finds.", no_args_is_help=True)


@app.command("run")
def run(
    once: Annotated[bool, typer.Option("--once", help="End where nothing waits.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the exports that wait, and go on with those whose worker died; the clerk's pages start this by themselves."""
    from archiver.cli.pages import archive_and_index  # noqa: PLC0415 - `--help` stays quick
    from search.exports.worker import work  # noqa: PLC0415 - as above

    signal.signal(signal.SIGTERM, _end)
    with archive_and_index() as (archive, client, name):
        done = work(archive, client, name, once=once, told=say)
    if as_json:
        print_json(dataclasses.asdict(done))
    else:
        console.print(f"{done.made} exports made, {done.failed} came to nothing.")


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


@app.command("list")
def listed(
    messages: Annotated[bool, typer.Option("--messages", help="Also those that direct messages are in.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the latest exports and how far each is."""
    from search.exports import jobs  # noqa: PLC0415 - `--help` stays quick
    from search.query import Limits  # noqa: PLC0415 - as above

    with opened() as archive, archive.engine.connect() as connection:
        rows = jobs.listed(connection, Limits(messages=messages), most=100)
    if as_json:
        print_json([_plain(row) for row in rows])
        return
    table(
        "Exports",
        ("asked", "by", "format", "search", "state", "records", "problem"),
        (
            (
                f"{row.asked_at:%Y-%m-%d %H:%M} UTC",
                row.asked_by,
                row.format,
                row.sentence[:200],
                row.state,
                f"{row.written:,} of {row.found if row.expected is None else row.expected:,}",
                row.error,
            )
            for row in rows
        ),
        empty="None was asked for.",
    )


def _plain(row: Any) -> dict[str, Any]:
    wanted = (
        "public_id", "asked_at", "asked_by", "format", "search", "messages", "sentence", "state", "found", "expected",
        "written", "gone", "changed", "error", "file_name", "size",
    )  # fmt: skip
    return {name: getattr(row, name) for name in wanted} | {"sha256": row.sha256 and bytes(row.sha256).hex()}
