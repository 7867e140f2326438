"""Proofs for somebody outside: self-contained files about records, made against the last signed root."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.custody import nodes, roots, subjects
from archiver.database import repeatable_read
from archiver.evidence import commitments, tree, verify
from archiver.i18n.translation import _
from archiver.records import bulk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine, Row

    from archiver.platforms.items import Json

HOW_TO_VERIFY = (
    "`python verify.py THIS_FILE --root PUBLISHED_ROOT` checks this file with nothing of the archive's but that one program. "
    "With other means: entry is what the log holds of the record; its hash is SHA-256(0x00 || entry in UTF-8); RFC 9162 section "
    "2.1.3.2 says how index, root.size and path lead from it to root.root, which the city signed (root.how_to_verify) and "
    "published. The entry's commitment is the root, by the same hashing, over the record's fields and words, each salted: "
    "where they are revealed here, SHA-256(0x00 || salt || field || 0x00 || position in 8 bytes || value) is the hash of each."
)
HOW_TO_VERIFY_CONSISTENCY = (
    "`python verify.py THIS_FILE --root OLDER_ROOT` checks it. With other means: RFC 9162 section 2.1.4.2, with size and root "
    "of the older published root as first, those of the root in here as second, and path."
)

_SUBJECTS = """
    select 'version' as kind, v.id from versions v join items i on i.id = v.item_id
        where v.public_id = :public or i.public_id = :public
    union all
    select 'state', s.id from states s join items i on i.id = s.item_id where i.public_id = :public
    union all
    select 'list', id from list_snapshots where public_id = :public
"""
_LEAVES = """
    select l.index as at, l.kind, l.subject_id, l.entry from jsonb_to_recordset(cast(:rows as jsonb)) as r(kind text, id bigint)
    join log_leaves l on l.kind = r.kind and l.subject_id = r.id order by l.index
"""
_REVEALED = """
    select v.public_id, v.fields, k.secret from versions v left join item_secrets k on k.item_id = v.item_id where v.id = :id
"""
_LISTS = """
    select s.*, l.secret from list_snapshots s join log_leaves l on l.kind = 'list' and l.subject_id = s.id where s.id = :id
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in the log: its leaf and when that was appended (None: it waits); the last signed root, if any."""

    index: int | None
    entry: str | None
    appended_at: datetime | None
    root: Mapping[str, Any] | None

    @property
    def under_root(self) -> bool:
        """Whether the last signed root is over it."""
        return self.index is not None and self.root is not None and self.index < int(self.root["size"])


class NoProof(Exception):
    """There is nothing that could be proven, or not yet. The message says what to do."""


def place(connection: Connection, kind: str, subject_id: int) -> Place:
    """Where the record of that kind (of `subjects.KINDS`) and row id stands in the log. Nothing is proven by it."""
    leaf = connection.execute(
        sa.text("select index as at, entry, appended_at from log_leaves where kind = :kind and subject_id = :id"),
        {"kind": kind, "id": subject_id},
    ).one_or_none()
    root = roots.last(connection)
    return Place(None, None, None, root) if leaf is None else Place(leaf.at, leaf.entry, leaf.appended_at, root)


def prove(engine: Engine, subject: str, *, reveal: bool = False) -> dict[str, Any]:
    """The proof that everything the log holds of an item, or of one version, is under the last signed root.

    Args:
        engine: The archive's database.
        subject: The public id of an item, a version, or the snapshot of a list.
        reveal: Add the fields and words of versions (the size and digests of a list) with their salts, so that the proof is
            one of what they said.

    Raises `NoProof` where there is no such record, or it is not under a signed root yet; `nodes.LogDamaged`.
    """
    try:
        public = uuid.UUID(subject)
    except ValueError:
        raise NoProof(
            f"{subject} is no public id of an item, a version or a list (they are in the addresses of its page)"
        ) from None
    with repeatable_read(engine) as connection:
        root = roots.last(connection)
        if root is None:
            raise NoProof(_("no root was signed yet: run `civic-archive log root`"))
        named = connection.execute(sa.text(_SUBJECTS), {"public": public}).all()
        if not named:
            raise NoProof(_("there is no item, version or list %(subject)s", subject=subject))
        leaves = bulk.run(connection, _LEAVES, [{"kind": row.kind, "id": row.id} for row in named])
        size = int(root["size"])
        late = [row for row in leaves if row.at >= size]
        if len(leaves) < len(named) or late:
            raise NoProof(
                _(
                    "%(late)s of %(all)s records of %(subject)s are not under a signed root yet: "
                    "run `civic-archive log append` and `civic-archive log root`, or wait for the night",
                    late=len(named) - len(leaves) + len(late),
                    all=len(named),
                    subject=subject,
                )
            )
        paths = nodes.proofs(connection, [tree.inclusion(row.at, size) for row in leaves], size)
        proven = [
            {"index": row.at, "entry": row.entry, "path": [each.hex() for each in path]}
            | ({"revealed": _revealed(connection, row)} if reveal and row.kind in {"version", "list"} else {})
            for row, path in zip(leaves, paths, strict=True)
        ]
    document = {
        "format": verify.INCLUSION_FORMAT,
        "subject": subject,
        "root": root,
        "leaves": proven,
        "how_to_verify": HOW_TO_VERIFY,
    }
    _check(document)
    return document


def prove_since(engine: Engine, older: Mapping[str, Any]) -> dict[str, Any]:
    """The proof that the log of an older published root is the beginning of that of the last one.

    Raises `NoProof`, also where it is not; `nodes.LogDamaged`; `verify.NotProven` for what is no root.
    """
    verify.check_root(older)
    with repeatable_read(engine) as connection:
        root = roots.last(connection)
        if root is None:
            raise NoProof(_("no root was signed yet: run `civic-archive log root`"))
        try:
            ranges = tree.consistency(int(older["size"]), int(root["size"]))
        except ValueError:
            raise NoProof(
                f"the older root is over {older['size']} leaves, the last one over {root['size']}: it is not older, or leaves "
                "are gone; run `civic-archive log fixity --whole`"
            ) from None
        (path,) = nodes.proofs(connection, [ranges], int(root["size"]))
    document = {
        "format": verify.CONSISTENCY_FORMAT,
        "root": root,
        "path": [each.hex() for each in path],
        "how_to_verify": HOW_TO_VERIFY_CONSISTENCY,
    }
    try:
        verify.check_consistency(document, older, [bytes.fromhex(each["public_key"]) for each in (older, root)])
    except verify.NotProven as error:
        raise NoProof(
            f"the log does not begin with that root's: {error}; run `civic-archive log fixity --whole`"
        ) from error
    return document


def _revealed(connection: Connection, row: Row[Any]) -> list[dict[str, Any]]:
    return [
        {**dataclasses.asdict(leaf), "salt": leaf.salt.hex(), "value": leaf.value.decode()}
        for leaf in (_list_leaves if row.kind == "list" else _version_leaves)(connection, row)
    ]


def _list_leaves(connection: Connection, row: Row[Any]) -> Iterable[commitments.Leaf]:
    found = connection.execute(sa.text(_LISTS), {"id": row.subject_id}).one()
    said: dict[str, Json] = {name: value for name, value in subjects.list_said(found).items() if value is not None}
    return commitments.leaves(said, bytes(found.secret), uuid.UUID(int=row.subject_id))


def _version_leaves(connection: Connection, row: Row[Any]) -> Iterable[commitments.Leaf]:
    version = connection.execute(sa.text(_REVEALED), {"id": row.subject_id}).one()
    if version.secret is None:
        raise NoProof(
            _(
                "the secret of version %(version)s was destroyed with its item: nothing of it can be revealed",
                version=version.public_id,
            )
        )
    return commitments.leaves(version.fields, bytes(version.secret), version.public_id)


def _check(document: Mapping[str, Any]) -> None:
    """No proof is given out that does not hold."""
    try:
        verify.check_inclusion(document)
    except verify.NotProven as error:
        raise NoProof(f"{error}; run `civic-archive log fixity --whole`") from error
