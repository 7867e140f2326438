"""Whether the log still is what a receipt says of it, and says of the receipt what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.custody import nodes, rows, subjects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from search.receipts.model import Kept

_KIND = "receipt"
_LEAF = sa.text("""
    select r.id, l.index as at, l.entry, l.secret,
           exists (select from log_outbox o where o.kind = :kind and o.subject_id = r.id) as waits,
           exists (select from log_roots g where g.size > l.index) as signed
    from receipts r left join log_leaves l on l.kind = :kind and l.subject_id = r.id where r.number = :number
""")
_WHOLE = "run `civic-archive log fixity --whole`"


def damage(connection: Connection, kept: Kept) -> Iterator[str]:
    """What is not as it must be, in a sentence each.

    Args:
        connection: within `archiver.database.repeatable_read`.
        kept: the receipt.
    """
    log = kept.body.get("archive", {}).get("log", {})
    try:
        size = nodes.size(connection)
        if size < log["size"]:
            yield f"The log had {log['size']:,} leaves when the receipt was made, and has {size:,}: leaves are gone."
        elif nodes.head(connection, log["size"]).root.hex() != log["root"]:
            yield f"The first {log['size']:,} leaves of the log are not what they were when the receipt was made; {_WHOLE}."
    except nodes.LogDamaged as error:
        yield f"{str(error)[:1].upper()}{str(error)[1:]}."
    except KeyError:
        yield "The receipt does not say how the log stood."
    yield from _leaf(connection, kept)


def _leaf(connection: Connection, kept: Kept) -> Iterator[str]:
    row = connection.execute(_LEAF, {"kind": _KIND, "number": kept.number}).one_or_none()
    if row is None:
        return
    if row.at is None:
        if not row.waits:
            yield f"Receipt {kept.number} is not in the log, and does not wait for it: {_WHOLE}."
        return
    secret = None if row.secret is None else bytes(row.secret)
    if subjects.again(connection, _KIND, {row.id: secret}).get(row.id) != row.entry:
        yield f"Receipt {kept.number} is not what leaf {row.at:,} of the log says of it; {_WHOLE}."
    elif row.signed and not rows.fits(connection, row.at, row.entry):
        yield f"Leaf {row.at:,} of the log, which is of receipt {kept.number}, is not what the log was signed with; {_WHOLE}."
