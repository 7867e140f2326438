"""Receipts in the database: the next number, the list of them, one of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from archiver import audit
from archiver.i18n.translation import _
from archiver.records.models import Receipt, uuid7
from search.query.limits import EVERYTHING, covered, limits_of
from search.receipts.model import Kept, Listed, ReceiptError, digest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, Engine

    from search.query.model import Limits

_LOCK = 0x_C1_71C_300
_COLUMNS = [column for column in Receipt.__table__.columns if column.name != "id"]
_MOST = 10**15


def keep(
    engine: Engine,
    body: Mapping[str, Any],
    *,
    made_at: dt.datetime,
    made_by: str,
    note: str,
    results_sha256: bytes,
    results_size: int,
) -> Kept:
    """Keep a receipt under the next number, which becomes part of its body with its public id; audited in the same transaction.

    Nothing but the body's digest is made while the number is held: two that are made at once wait for each other a moment.
    """
    public_id = uuid7()
    with engine.begin() as connection:
        connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        number = int(connection.scalar(sa.text("select coalesce(max(number), 0) + 1 from receipts")) or 1)
        whole = {**body, "number": number, "public_id": str(public_id)}
        sha256 = digest(whole)
        kept = Kept(
            number=number,
            public_id=public_id,
            made_at=made_at,
            made_by=made_by,
            note=note,
            total=whole["total"],
            body=whole,
            sha256=sha256,
            results_sha256=results_sha256,
            results_size=results_size,
        )
        connection.execute(
            sa.insert(Receipt).values(
                number=number,
                public_id=public_id,
                made_at=made_at,
                made_by=made_by,
                note=note,
                total=kept.total,
                body=whole,
                body_sha256=sha256,
                results_sha256=results_sha256,
                results_size=results_size,
            )
        )
        audit.write(
            connection,
            made_by,
            "receipt made",
            str(number),
            {"sha256": sha256.hex(), "total": kept.total, "note": note},
        )
    return kept


def no_receipt(number: int) -> str:
    """What is said where there is none of that number, or none that whoever asks may open."""
    return _("There is no receipt %(number)s: the page Receipts lists all that you may open.", number=number)


def load(connection: Connection, number: int) -> Kept:
    """One receipt. Raises `ReceiptError` where there is none of that number."""
    row = None
    if 0 < number < _MOST:
        row = connection.execute(sa.select(*_COLUMNS).where(Receipt.number == number)).one_or_none()
    if row is None:
        raise ReceiptError(lambda: no_receipt(number))
    return Kept(
        number=row.number,
        public_id=row.public_id,
        made_at=row.made_at,
        made_by=row.made_by,
        note=row.note,
        total=row.total,
        body=row.body,
        sha256=bytes(row.body_sha256),
        results_sha256=bytes(row.results_sha256),
        results_size=row.results_size,
    )


def limits(kept: Kept) -> Limits:
    """The limits that a receipt was made under."""
    return limits_of(kept.body.get("limits"))


def listed(
    connection: Connection, most: int = 100, before: int | None = None, *, within: Limits = EVERYTHING
) -> Sequence[Listed]:
    """Receipts of what somebody sees all of (`within`), the latest first; those with a lower number than `before`."""
    said = functools.partial(sa.func.jsonb_extract_path_text, Receipt.body)
    rows = connection.execute(
        sa.select(
            Receipt.number,
            Receipt.made_at,
            Receipt.made_by,
            Receipt.note,
            Receipt.total,
            sa.func.coalesce(said("search", "text"), "").label("typed"),
            sa.func.coalesce(said("sentence"), "").label("sentence"),
        )
        .where(Receipt.number < (_MOST if before is None else before))
        .where(covered(sa.func.jsonb_extract_path(Receipt.body, "limits", type_=JSONB), within))
        .order_by(Receipt.number.desc())
        .limit(most)
    )
    return [Listed(*row) for row in rows]
