"""Search receipts: a search that can be shown and run again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"


def upgrade() -> None:
    """Make the table; only the next number goes in, nothing in it changes, and each row becomes a leaf of the log."""
    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.UUID(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("results_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("results_size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_receipts_number")),
        sa.CheckConstraint(
            "octet_length(body_sha256) = 32 and octet_length(results_sha256) = 32", name=op.f("ck_receipts_digests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("number", name=op.f("uq_receipts_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_receipts_public_id")),
    )
    op.execute("""
        create function next_receipt() returns trigger language plpgsql as $$
        begin
            if new.number is distinct from (select coalesce(max(r.number), 0) + 1 from receipts r) then
                raise exception 'receipt % is refused: receipts are numbered without holes', new.number
                    using errcode = 'integrity_constraint_violation';
            end if;
            return new;
        end $$
    """)
    op.execute("create trigger next_number before insert on receipts for each row execute function next_receipt()")
    op.execute("""
        create trigger append_only before update or delete on receipts for each row execute function refuse_change()
    """)
    op.execute("""
        create trigger append_only_truncate before truncate on receipts
            for each statement execute function refuse_change()
    """)
    op.execute("""
        create trigger to_log after insert on receipts referencing new table as added
            for each statement execute function to_log('receipt')
    """)
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                grant select, insert on receipts to {APPLICATION};
            end if;
        end $$
    """)


def downgrade() -> None:
    """Drop them: what was shown to others is lost with it."""
    op.execute("delete from log_outbox where kind = 'receipt'")
    op.drop_table("receipts")
    op.execute("drop function next_receipt")
