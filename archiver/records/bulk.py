"""Many rows in one statement: they travel as one JSON document and are unfolded by Postgres.

One parameter and one parse, however many rows, and the statement text is always the same; measured faster here than
multi-row VALUES, and no limit on the number of parameters.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.records.storable import mend

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.engine import Connection, Row


_UNSTORABLE = re.compile("\\\\u0000|[\ud800-\udfff]")


def rows_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as one JSON array, free of what Postgres cannot hold (items were mended and flagged before; this is for the
    words of platforms around them).
    """
    found = list(rows)
    text = _dumps(found)
    return _dumps([mend(row) for row in found]) if _UNSTORABLE.search(text) else text


def _dumps(rows: list[Mapping[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value)


def run(connection: Connection, statement: str, rows: Iterable[Mapping[str, Any]], **values: Any) -> list[Row[Any]]:
    """Run a statement whose `:rows` is the JSON of the rows. Gives what it returns, or nothing."""
    result = connection.execute(sa.text(statement), {"rows": rows_of(rows), **values})
    return list(result.all()) if result.returns_rows else []
