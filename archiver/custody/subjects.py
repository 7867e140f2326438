"""What becomes a leaf of the log: for each kind, the rows it speaks of and the leaf that is made of one.

The same is used to append and, ever after, to compare: a leaf must be what its row still says. A later table joins by a kind
here and a trigger `to_log` in its migration.
"""

from __future__ import annotations

import dataclasses
import secrets as random
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.evidence.commitments import SCHEME
from archiver.evidence.leaves import event_commitment, event_leaf, version_leaf, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

_SECRET_BYTES = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """A leaf to be, and the secret that is the leaf's own (None where its salts are an item's)."""

    entry: str
    secret: bytes | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """One kind of leaf.

    `select` gives a row with an `id` for each of `:ids` that is there; `leaf` makes the entry of a row, given a secret, which
    is the leaf's own if `own_secret` says that this kind has no item to take one from.
    """

    table: str
    select: str
    leaf: Callable[[Row[Any], bytes | None], str]
    own_secret: bool = False


def _version(row: Row[Any], _: bytes | None) -> str:
    return version_leaf(
        item=row.item,
        version=row.version,
        number=row.number,
        commitment=bytes(row.commitment),
        scheme=row.commitment_scheme,
        captured_at=row.captured_at,
    )


def _state(row: Row[Any], secret: bytes | None) -> str:
    said = {
        "state": row.state,
        "words": row.words,
        "by_lookup": "true" if row.by_lookup else "false",
        "exchange": None if row.exchange is None else str(row.exchange),
        "observed": written(row.observed_at),
    }
    named = {"item": str(row.item), "account": str(row.account), "stream": row.stream}
    return _event("state", row, said, secret or bytes(row.secret or b""), named)


def _stream_state(row: Row[Any], secret: bytes | None) -> str:
    said = {"state": row.state, "words": row.words, "observed": written(row.observed_at)}
    named = {"account": str(row.account), "stream": row.stream}
    return _event("stream_state", row, said, secret or b"", named)


def _event(kind: str, row: Row[Any], said: dict[str, str | None], secret: bytes, named: dict[str, str]) -> str:
    if not secret:
        raise ValueError(f"{kind} {row.id} has no secret to be salted with")
    return event_leaf(
        kind,
        row.observed_at,
        {**named, "number": str(row.id), "state": row.state},
        event_commitment(row.id, said, secret),
        SCHEME,
    )


def list_said(row: Row[Any]) -> dict[str, str | None]:
    """What a snapshot of a list says, as its leaf commits to it."""
    return {
        "taken_on": row.taken_on.isoformat(),
        "size": str(row.size),
        "joined": str(row.joined),
        "left": str(row.departed),
        "platform_count": None if row.platform_count is None else str(row.platform_count),
        "digest": bytes(row.digest).hex(),
        "changes_digest": bytes(row.changes_digest).hex(),
    }


def _list(row: Row[Any], secret: bytes | None) -> str:
    return event_leaf(
        "list",
        row.taken_at,
        {"account": str(row.account), "list": row.listing, "snapshot": str(row.public_id), "number": str(row.id)},
        event_commitment(row.id, list_said(row), secret or b""),
        SCHEME,
    )


def _receipt(row: Row[Any], secret: bytes | None) -> str:
    said = {"made_by": row.made_by, "body": bytes(row.body_sha256).hex(), "results": bytes(row.results_sha256).hex()}
    return event_leaf(
        "receipt",
        row.made_at,
        {"receipt": str(row.public_id), "number": str(row.number)},
        event_commitment(row.id, dict(said), secret or b""),
        SCHEME,
    )


KINDS: Mapping[str, Kind] = {
    "version": Kind(
        "versions",
        """
        select v.id, i.public_id as item, v.public_id as version, v.number, v.commitment, v.commitment_scheme, v.captured_at
        from versions v join items i on i.id = v.item_id where v.id = any(:ids)
        """,
        _version,
    ),
    "state": Kind(
        "states",
        """
        select s.id, i.public_id as item, a.public_id as account, t.kind as stream, s.state, s.words, s.by_lookup,
               s.exchange_id as exchange, s.observed_at, k.secret
        from states s join items i on i.id = s.item_id join streams t on t.id = s.stream_id
        join accounts a on a.id = t.account_id left join item_secrets k on k.item_id = s.item_id
        where s.id = any(:ids)
        """,
        _state,
    ),
    "stream_state": Kind(
        "stream_states",
        """
        select s.id, a.public_id as account, t.kind as stream, s.state, s.words, s.observed_at
        from stream_states s join streams t on t.id = s.stream_id join accounts a on a.id = t.account_id
        where s.id = any(:ids)
        """,
        _stream_state,
        own_secret=True,
    ),
    "list": Kind(
        "list_snapshots",
        """
        select s.*, a.public_id as account from list_snapshots s join accounts a on a.id = s.account_id
        where s.id = any(:ids)
        """,
        _list,
        own_secret=True,
    ),
    "receipt": Kind(
        "receipts",
        "select id, number, public_id, made_at, made_by, body_sha256, results_sha256 from receipts where id = any(:ids)",
        _receipt,
        own_secret=True,
    ),
}
"""By the name that leaves and the outbox use."""


def fresh(connection: Connection, kind: str, ids: Sequence[int]) -> dict[int, Subject]:
    """The leaves to be of these rows, with new secrets where the kind has its own. A row that is not there is left out.

    A state whose item has no secret (its item was written by other means than a capture) is salted by one of its own.
    """
    found = {}
    known = KINDS[kind]
    for row in _rows(connection, known, ids):
        own = None
        if known.own_secret or getattr(row, "secret", b"") is None:
            own = random.token_bytes(_SECRET_BYTES)
        found[row.id] = Subject(known.leaf(row, own), own)
    return found


def again(connection: Connection, kind: str, own: Mapping[int, bytes | None]) -> dict[int, str]:
    """The leaves that these rows would be now, under the secrets that their leaves have of their own.

    A row that is gone, or can no longer be salted, is left out. Raises `KeyError` for a kind this program does not know.
    """
    found = {}
    known = KINDS[kind]
    for row in _rows(connection, known, list(own)):
        try:
            found[row.id] = known.leaf(row, own[row.id])
        except ValueError:
            continue
    return found


def _rows(connection: Connection, kind: Kind, ids: Sequence[int]) -> Sequence[Row[Any]]:
    return connection.execute(sa.text(kind.select), {"ids": list(ids)}).all()
