"""The register from a file: accounts of a CSV file are added, line by line."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from archiver import accounts
from archiver.accounts import RegisterError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

PERSONAL = "personal"
"""The column that says whether an account is an official's own."""
_YES, _NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0", ""})


def import_csv(engine: Engine, path: Path, *, actor: str = "command line") -> tuple[list[str], list[str]]:
    """Add the accounts of a CSV file with the columns `account`, the register's fields, `personal` and `setting.NAME`.

    Gives the names added, and a sentence for each row that was not. Raises `RegisterError` where the file has no such
    columns at all.
    """
    added: list[str] = []
    refused: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if "account" not in (reader.fieldnames or ()):
            raise RegisterError(f"{path} has no column 'account'; its first line must name the columns")
        for number, row in enumerate(reader, 2):
            name = (row.pop("account") or "").strip()
            settings = {
                column.removeprefix("setting."): value
                for column, value in row.items()
                if column and column.startswith("setting.") and value
            }
            entry = {column: value for column, value in row.items() if column and not column.startswith("setting.")}
            try:
                personal = _yes_or_no(name, entry.pop(PERSONAL, None))
                accounts.add(engine, name, entry, settings, personal=personal, actor=actor)
                added.append(name)
            except RegisterError as error:
                refused.append(f"line {number}: {error}")
    return added, refused


def _yes_or_no(name: str, value: str | None) -> bool:
    said = (value or "").strip().lower()
    if said not in _YES | _NO:
        raise RegisterError(f"{name}: personal {value!r} is not understood; write yes or no")
    return said in _YES
