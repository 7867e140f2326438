"""Many rows in one statement: they travel as one JSON document and are unfolded by Postgres.

One parameter and one parse, however many rows, and the statement text is always the same; measured faster here than
multi-row VALUES, and no limit on the number of parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from archiver.records.storable import mend

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.engine import Connection, Row


_NUL = b"\\u0000"


def rows_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as one JSON array, free of what Postgres cannot hold (items were mended and flagged before; this is for the
    words of platforms around them).
    """
    found = list(rows)
    try:
        text = orjson.dumps(found, default=_plain)
    except TypeError:  # a lone surrogate
        text = _NUL
    return (orjson.dumps([mend(row) for row in found], default=_plain) if _NUL in text else text).decode()


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
