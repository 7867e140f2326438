"""The audit log: who did what, when. Rows are only ever added; Postgres refuses everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.records.models import AuditRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection


def write(
    connection: Connection, actor: str, action: str, subject: str | None = None, detail: Mapping[str, Any] | None = None
) -> None:
    """Add a row within the caller's transaction, so that an act and its trace are stored together or not at all."""
    connection.execute(
        sa.insert(AuditRow).values(actor=actor, action=action, subject=subject, detail=dict(detail or {}))
    )
