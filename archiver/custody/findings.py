"""What a check found wrong: which thing, where in it, what should be there and what is, whom it concerns, what to do."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.engine import Connection

_MANY = 20
RESTORE = (
    "take the disk or store it lies on out of use until it was looked at, restore it from a copy made before, check that copy "
    "in the same way, and keep the damaged one as evidence"
)
DATABASE = (
    "somebody or something changed the database behind the program: find out who may log in as its owner, restore the row from "
    "a copy made before, and keep the present database as evidence"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not what it was.

    `kind` is one of warc_file, warc_record, medium, receipt_list, version, state and the other kinds of leaves, leaf, node, log,
    root, root_file; `subject` names it among its kind; `at` is the byte where it begins, or the first that differs.
    """

    kind: str
    subject: str
    what: str
    expected: str = ""
    found: str = ""
    at: int | None = None
    length: int | None = None
    records: tuple[dict[str, str], ...] = ()
    """The items and versions that it concerns, by public id; the first of them where they are many."""
    advice: str = RESTORE

    @property
    def sentence(self) -> str:
        """All of it, for a person."""
        parts = [f"{self.kind.replace('_', ' ')} {self.subject}"]
        if self.at is not None:
            parts.append(f" at byte {self.at}" + (f" ({self.length} bytes)" if self.length is not None else ""))
        parts.append(f": {self.what}")
        if self.expected or self.found:
            parts.append(f"; expected {self.expected or 'nothing'}, found {self.found or 'nothing'}")
        if self.records:
            named = ", ".join(" ".join(f"{name} {value}" for name, value in each.items()) for each in self.records)
            parts.append(f"; it concerns {named}")
        return "".join(parts) + f". What to do: {self.advice}."

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain data."""
        return {**dataclasses.asdict(self), "records": list(self.records)}


@dataclasses.dataclass(slots=True)
class Checked:
    """How much was read, and what was found wrong with it."""

    bytes: int = 0
    findings: list[Finding] = dataclasses.field(default_factory=list)


def shown_by(connection: Connection, exchange: uuid.UUID) -> tuple[dict[str, str], ...]:
    """The versions whose evidence an exchange is."""
    rows = connection.execute(
        sa.text(
            "select i.public_id as item, v.public_id as version, v.number from versions v join items i on i.id = v.item_id "
            "where v.exchange_id = :exchange order by v.id limit :many"
        ),
        {"exchange": exchange, "many": _MANY},
    )
    return tuple({"item": str(row.item), "version": str(row.version), "number": str(row.number)} for row in rows)


def showing(connection: Connection, sha256: bytes) -> tuple[dict[str, str], ...]:
    """The versions that show a medium with these bytes."""
    rows = connection.execute(
        sa.text(
            "select i.public_id as item, v.public_id as version, m.public_id as medium from media m "
            "left join version_media p on p.medium_id = m.id left join versions v on v.id = p.version_id "
            "left join items i on i.id = v.item_id where m.sha256 = :sha256 order by m.id, v.id limit :many"
        ),
        {"sha256": sha256, "many": _MANY},
    )
    return tuple(
        {name: str(value) for name, value in row._mapping.items() if value is not None}  # noqa: SLF001 - its public name
        for row in rows
    )
