"""What the commands print: JSON on standard output where it was asked for, else tables and sentences for a person."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

console = Console(width=None if sys.stdout.isatty() else 140)
errors = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]


def print_json(value: Any) -> None:
    """One JSON document on standard output, nothing else."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table, or a sentence where there is nothing to put into it."""
    drawn = Table(title=title, title_justify="left")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    if drawn.row_count:
        console.print(drawn)
    else:
        console.print(empty)


def say(message: str) -> None:
    """A line of progress, on standard error."""
    errors.print(message, style="dim", highlight=False, markup=False)


def problem(message: str) -> None:
    """What went wrong, on standard error."""
    errors.print(f"Error: {message}", style="bold red", highlight=False, markup=False)
