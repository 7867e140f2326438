"""Checking the log itself: its leaves without a hole, its nodes made of them, its roots as they were signed and published."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.custody import nodes, roots, rows, subjects
from archiver.custody.findings import DATABASE, RESTORE, Checked, Finding
from archiver.evidence import roots as documents
from archiver.evidence import verify
from archiver.evidence.leaves import written
from archiver.evidence.merkle import leaf_hash
from archiver.evidence.timestamps import TimestampRefused
from archiver.evidence.timestamps import checked as stamp_checked
from archiver.evidence.tree import Peaks, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.x509 import Certificate
    from sqlalchemy.engine import Connection, Row

    from archiver.archive import Archive

BLOCK = 1 << 12
"""Leaves that are checked, and noted as checked, together."""
_LEAVES = "select l.index as at, l.entry from log_leaves l where l.index >= :start and l.index < :end order by l.index"
_NODES = """
    select n.level, n.index as at, n.hash from generate_series(cast(:lowest as integer), 62) as l(level)
    join log_nodes n on n.level = l.level and n.index >= (cast(:start as bigint) >> l.level)
                    and n.index < (cast(:end as bigint) >> l.level)
"""
_BLOCK_OF = """
    select l.index as at, l.kind, l.subject_id, l.entry, l.secret from log_leaves l
    where l.index >= :start and l.index < :end order by l.index
"""
LOG = (
    "find out who may log in as the database's owner; what the log said is proven by the roots that were published: restore "
    "log_leaves and log_nodes from a copy made before, and keep the present database as evidence"
)


@dataclasses.dataclass(slots=True)
class Walk:
    """The log read from some leaf on: the tree as it grows, and what was found on the way."""

    peaks: Peaks
    checked: Checked
    only_from: int = 0
    """Nodes over earlier leaves are not compared: those leaves were not read, or one of them is not there."""
    wrong: set[Place] = dataclasses.field(default_factory=set)
    at_size: dict[int, bytes] = dataclasses.field(default_factory=dict)
    """The root at each of the sizes that were asked for."""


def check_block(connection: Connection, block: int) -> Checked:
    """Check the leaves of one block, and the nodes that stand over them alone."""
    start, end = block * BLOCK, min((block + 1) * BLOCK, nodes.size(connection))
    try:
        walk = Walk(nodes.peaks(connection, start), Checked(), only_from=start)
    except nodes.LogDamaged as error:
        return Checked(0, [Finding("log", f"leaves 0 to {start}", error.what, advice=LOG)])
    _walk(connection, walk, start, end)
    return walk.checked


def check_whole(connection: Connection) -> tuple[Checked, dict[int, bytes]]:
    """Check all leaves and all nodes. Gives what was found, and the roots, made of the leaves, at the signed sizes."""
    end = nodes.size(connection)
    signed = connection.execute(sa.text("select distinct size from log_roots where size <= :size"), {"size": end})
    walk = Walk(Peaks(), Checked(), at_size={row.size: b"" for row in signed})
    if 0 in walk.at_size:
        walk.at_size[0] = walk.peaks.root()
    for start in range(0, end, BLOCK):
        _walk(connection, walk, start, min(start + BLOCK, end))
    extra = connection.scalar(
        sa.text("select count(*) from log_nodes where (index + 1) << level > :size or level < :lowest"),
        {"size": end, "lowest": nodes.KEPT_FROM},
    )
    if extra:
        what = f"{extra} nodes stand over leaves that are not there"
        walk.checked.findings.append(Finding("log", "log_nodes", what, advice=LOG))
    return walk.checked, walk.at_size


def _walk(connection: Connection, walk: Walk, start: int, end: int) -> None:
    """Read the leaves of one stretch, and compare every node that is complete by one of them."""
    made: dict[Place, bytes] = {}
    expected = start
    for row in connection.execute(sa.text(_LEAVES), {"start": start, "end": end}):
        if row.at != expected:
            break
        walk.checked.bytes += len(row.entry)
        made |= dict(walk.peaks.push(leaf_hash(row.entry.encode())))
        expected += 1
        if walk.peaks.size in walk.at_size:
            walk.at_size[walk.peaks.size] = walk.peaks.root()
    if expected != end:
        what = f"leaf {expected} is not there, though later ones are"
        walk.checked.findings.append(Finding("leaf", str(expected), what, advice=LOG))
        walk.peaks, walk.only_from = Peaks(end, [b"\0" * 32] * end.bit_count()), end
        return
    bounds = {"start": start, "end": end, "lowest": nodes.KEPT_FROM}
    kept = {Place(row.level, row.at): bytes(row.hash) for row in connection.execute(sa.text(_NODES), bounds)}
    for place in sorted(made):
        if (
            place.level >= nodes.KEPT_FROM
            and place.at << place.level >= walk.only_from
            and kept.get(place) != made[place]
        ):
            walk.wrong.add(place)
            under = {Place(place.level - 1, place.at * 2), Place(place.level - 1, place.at * 2 + 1)}
            if not under & walk.wrong:  # else what is wrong is further down
                walk.checked.findings += _node(connection, place, made[place], kept.get(place))


def _node(connection: Connection, place: Place, made: bytes, kept: bytes | None) -> list[Finding]:
    """A node is not what its leaves make: one of them was changed, or the node itself."""
    start, end = place.at << place.level, (place.at + 1) << place.level
    if place.level == nodes.KEPT_FROM and (culprits := list(_changed_leaves(connection, start, end))):
        return culprits
    what = f"it is not what the leaves {start} to {end - 1} under it make, each of which is what its record says"
    named = f"{place.at} of level {place.level}"
    return [Finding("node", named, what, made.hex(), "no row" if kept is None else kept.hex(), advice=LOG)]


def _changed_leaves(connection: Connection, start: int, end: int) -> Iterator[Finding]:
    """The leaves of a block that are not what their records say."""
    found: Sequence[Row[Any]] = connection.execute(sa.text(_BLOCK_OF), {"start": start, "end": end}).all()
    now: dict[tuple[str, int], str] = {}
    for kind in {row.kind for row in found} & subjects.KINDS.keys():
        own = {row.subject_id: None if row.secret is None else bytes(row.secret) for row in found if row.kind == kind}
        now |= {(kind, each): entry for each, entry in subjects.again(connection, kind, own).items()}
    for row in found:
        said = now.get((row.kind, row.subject_id), "no such record")
        if said != row.entry:
            what = "it is not what its record says"
            named = rows.named_in(row.entry)
            yield Finding("leaf", str(row.at), what, said, row.entry, records=named, advice=LOG)


def check_roots(
    archive: Archive, made: dict[int, bytes] | None, trusted: Sequence[Certificate] = (), *, explained: bool = False
) -> Checked:
    """Check every signed root: its signature and timestamp, its file, and that the log still begins with it.

    `made` are the roots that a whole pass made of the leaves (None: what is kept of the tree is asked instead). `trusted` are
    the certificates that timestamps must lead to; without them, they are not looked at. `explained`: a leaf was found changed,
    so that no root over it can fit, and none is named for it.
    """
    checked = Checked()
    folder = roots.folder_of(archive)
    with roots.unchanging(archive), archive.engine.connect() as connection:
        log_size = nodes.size(connection)
        listed = connection.execution_options(stream_results=True, max_row_buffer=100)
        query = "select id, size, root_hash, made_at, file_name, document from log_roots order by id"
        for row in listed.execute(sa.text(query)):
            checked.bytes += len(row.document)
            checked.findings += _document(row, trusted)
            checked.findings += _file(row, folder / row.file_name)
            if not explained:
                with archive.engine.connect() as other:
                    checked.findings += _still(other, row, log_size, made)
    return checked


def _document(row: Row[Any], trusted: Sequence[Certificate]) -> list[Finding]:
    try:
        document = json.loads(row.document)
        verify.check_root(document)
        if (document["size"], document["root"], document["time"]) != (
            row.size, bytes(row.root_hash).hex(), written(row.made_at),
        ):  # fmt: skip
            raise verify.NotProven("its row in the database says another size, root or time than the signed document")
        stamp = documents.stamp_of(document)
        if stamp is not None and trusted:
            stamp_checked(stamp, verify.stamped_bytes(document), trusted)
    except (ValueError, verify.NotProven, TimestampRefused) as error:
        return [Finding("root", row.file_name, str(error), advice=DATABASE)]
    return []


def _file(row: Row[Any], path: Any) -> list[Finding]:
    expected = row.document.encode()
    advice = "compare with the copies that were published elsewhere, and keep the changed one as evidence"
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        advice = "`civic-archive log root` writes it again, from the database"
        return [Finding("root_file", str(path), "it is not there", f"{len(expected)} bytes", "no file", advice=advice)]
    except OSError as error:
        return [Finding("root_file", str(path), f"it cannot be read ({error.strerror})", advice=RESTORE)]
    if found == expected:
        return []
    shorter = min(len(found), len(expected))
    at = next((each for each in range(shorter) if found[each] != expected[each]), shorter)
    return [
        Finding(
            "root_file",
            str(path),
            "it is not what was published",
            _shown(expected[at : at + 1]),
            _shown(found[at : at + 1]),
            at=at,
            advice=advice,
        )
    ]


def _shown(byte: bytes) -> str:
    return f"0x{byte.hex()}" if byte else "the end"


def _still(connection: Connection, row: Row[Any], log_size: int, made: dict[int, bytes] | None) -> list[Finding]:
    """Whether the log still begins with what was signed."""
    what = "the log does not begin any more with what was signed: a leaf or a node below was changed"
    expected = bytes(row.root_hash).hex()
    if row.size > log_size:
        what = f"the log has {log_size} leaves, fewer than were signed"
        return [Finding("root", row.file_name, what, str(row.size), str(log_size), advice=LOG)]
    try:
        found = made[row.size] if made is not None and row.size in made else nodes.head(connection, row.size).root
    except nodes.LogDamaged as error:
        return [Finding("root", row.file_name, error.what, expected, "nothing", advice=LOG)]
    if found == bytes(row.root_hash):
        return []
    return [Finding("root", row.file_name, what, expected, found.hex(), advice=LOG)]
