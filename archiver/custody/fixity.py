"""Reading again what is kept: every night a sample, what was longest not read first, and all of it when somebody asks.

Each thing that was read leaves a row in `fixity_checks`, so that it can be shown when it was last known to be whole.
"""

from __future__ import annotations

import dataclasses
import math
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.custody import media, receipts, rows, subjects, tree_check, warcs
from archiver.database import repeatable_read
from archiver.records.models import FixityCheck, uuid7

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterator, Sequence

    from cryptography.x509 import Certificate

    from archiver.archive import Archive
    from archiver.custody.findings import Checked, Finding

_WARCS = "select f.name as subject, coalesce(f.size, 0) as bytes from warc_files f"
_MEDIA = (
    "select encode(m.sha256, 'hex') as subject, max(coalesce(m.size, 0)) as bytes from media m "
    "where m.state = 'kept' and m.sha256 is not null group by m.sha256"
)
_LISTS = (
    "select encode(results_sha256, 'hex') as subject, max(results_size) as bytes from receipts group by results_sha256"
)
_BLOCKS = """
    select cast(b.n as text) as subject, 1 as bytes from generate_series(0, ({last}) / {size}) as b(n)
"""
# Up to the last row that the log speaks of: else rows that are missing at the end of their table would not be looked for.
_LAST_ROW = """
    greatest((select max(id) from {table}), (select max(subject_id) from log_leaves where kind = '{kind}'))
"""
_LAST_LEAF = "select max(index) from log_leaves"
_OLDEST = """
    select t.subject, t.bytes from ({things}) t
    left join (select subject, max(checked_at) as at from fixity_checks where kind = :kind group by subject) c
      on c.subject = t.subject
    order by c.at nulls first, t.subject
"""


@dataclasses.dataclass(slots=True)
class Report:
    """What a run read, and what it found wrong."""

    run_id: uuid.UUID
    whole: bool
    checked: dict[str, int] = dataclasses.field(default_factory=dict)
    """How many of each kind were read."""
    bytes: int = 0
    seconds: float = 0.0
    elsewhere: list[str] = dataclasses.field(default_factory=list)
    """WARC files that are not sealed yet and lie on another machine's spool."""
    findings: list[Finding] = dataclasses.field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "run_id": str(self.run_id),
            "whole": self.whole,
            "checked": self.checked,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "elsewhere": self.elsewhere,
            "findings": [each.as_dict() for each in self.findings],
        }


def run(
    archive: Archive,
    *,
    share: float = 1.0,
    trusted: Sequence[Certificate] = (),
    progress: Callable[[str, str], None] = lambda _kind, _subject: None,
) -> Report:
    """Read again a share of everything kept (by bytes of files, by blocks of rows), or all of it.

    Args:
        archive: The archive, open.
        share: Above 0, at most 1, which is all, the log from its first leaf on included. Of each kind at least one is read.
        trusted: The certificates that the timestamps of roots must lead to; they are not checked without.
        progress: Told of each thing before it is read.
    """
    report = Report(uuid7(), share >= 1)
    began = time.monotonic()
    for kind, subject in _chosen(archive, share):
        progress(kind, subject)
        checked = _check(archive, kind, subject)
        if checked is None:
            report.elsewhere.append(subject)
        else:
            _note(archive, report, kind, subject, checked)
    made: dict[int, bytes] | None = None
    if report.whole:
        progress("log", "from its first leaf on")
        with repeatable_read(archive.engine) as connection:
            checked, made = tree_check.check_whole(connection)
        _note(archive, report, "log", "whole", checked)
    progress("root", "all")
    changed = any(each.kind == "leaf" for each in report.findings)
    _note(archive, report, "root", "all", tree_check.check_roots(archive, made, trusted, explained=changed))
    report.seconds = time.monotonic() - began
    return report


def _check(archive: Archive, kind: str, subject: str) -> Checked | None:
    if kind == "warc":
        return warcs.check(archive, subject)
    if kind == "medium":
        return media.check(archive, bytes.fromhex(subject))
    if kind == "receipt_list":
        return receipts.check_list(archive, bytes.fromhex(subject))
    with repeatable_read(archive.engine) as connection:
        if kind == "log":
            return tree_check.check_block(connection, int(subject))
        return rows.check(connection, kind, int(subject))


def _chosen(archive: Archive, share: float) -> Iterator[tuple[str, str]]:
    """What is read in this run: of each kind what was longest not read, until the share is reached."""
    things = {"warc": _WARCS, "medium": _MEDIA, "receipt_list": _LISTS}
    for kind, known in subjects.KINDS.items():
        last = _LAST_ROW.format(table=known.table, kind=kind)
        things[kind] = _BLOCKS.format(last=last, size=rows.BLOCK)
    if share < 1:  # else the log is read as one
        things["log"] = _BLOCKS.format(last=_LAST_LEAF, size=tree_check.BLOCK)
    for kind, query in things.items():
        with archive.engine.connect() as connection:
            total = connection.scalar(sa.text(f"select coalesce(sum(bytes), 0) from ({query}) t"))  # noqa: S608 - our names
            left = math.ceil(float(total or 0) * min(share, 1.0))
            listed = connection.execution_options(stream_results=True, max_row_buffer=1000)
            for row in listed.execute(sa.text(_OLDEST.format(things=query)), {"kind": kind}):
                if left <= 0 and share < 1:
                    break
                left -= row.bytes
                yield kind, row.subject


def _note(archive: Archive, report: Report, kind: str, subject: str, checked: Checked) -> None:
    """Keep that it was read, and what was found; what was found before in this run is not found twice."""
    known = {(each.kind, each.subject) for each in report.findings}
    report.findings += [each for each in checked.findings if (each.kind, each.subject) not in known]
    report.checked[kind] = report.checked.get(kind, 0) + 1
    report.bytes += checked.bytes
    with archive.engine.begin() as connection:
        connection.execute(
            sa.insert(FixityCheck).values(
                run_id=report.run_id,
                kind=kind,
                subject=subject,
                checked_at=archive.now(),
                bytes=checked.bytes,
                findings=[each.as_dict() for each in checked.findings],
            )
        )
