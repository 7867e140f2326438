"""How the log stands, for the command line and the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.custody import log, nodes, roots
from archiver.database import repeatable_read

if TYPE_CHECKING:
    from archiver.archive import Archive


def standing(archive: Archive) -> dict[str, Any]:
    """The log's size and root, what waits, the last signed root, and when each kind of thing was last read again.

    Raises `nodes.LogDamaged`.
    """
    with repeatable_read(archive.engine) as connection:
        head = nodes.head(connection)
        last = roots.last(connection)
        checks = connection.execute(
            sa.text(
                "select kind, max(checked_at) as at, count(distinct subject) as things, "
                "count(*) filter (where findings <> '[]'::jsonb) as bad from fixity_checks group by kind order by kind"
            )
        ).all()
        return {
            "size": head.size,
            "root": head.root.hex(),
            "waiting": log.waiting(connection),
            "signed": None if last is None else {name: last[name] for name in ("size", "root", "time", "public_key")},
            "timestamp": None if last is None else _stamp(last["timestamp"]),
            "folder": str(roots.folder_of(archive)),
            "checks": [
                {"kind": row.kind, "last": row.at.isoformat(), "things": row.things, "with_findings": row.bad}
                for row in checks
            ],
        }


def _stamp(timestamp: Any) -> Any:
    return {name: timestamp[name] for name in ("authority", "time")} if isinstance(timestamp, dict) else timestamp
