"""Exports of what a search finds, as jobs that go on where they stopped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"


def upgrade() -> None:
    """Make the table. Postgres itself refuses an export that is done and short."""
    op.create_table(
        "exports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.UUID(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("search", postgresql.JSONB(), nullable=False),
        sa.Column("messages", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("set_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("standing", postgresql.JSONB(), nullable=True),
        sa.Column("written", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("gone", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("place", postgresql.JSONB(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("format in ('csv', 'xlsx', 'jsonl', 'html')", name=op.f("ck_exports_format")),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_exports_state")
        ),
        sa.CheckConstraint(
            "state <> 'done' or (written = expected and sha256 is not null and size is not null "
            "and file_name is not null and expected is not null)",
            name=op.f("ck_exports_whole"),
        ),
        sa.CheckConstraint("sha256 is null or state = 'done'", name=op.f("ck_exports_file")),
        sa.CheckConstraint(
            "(finished_at is null) = (state in ('waiting', 'running'))", name=op.f("ck_exports_finished")
        ),
        sa.CheckConstraint("(error is not null) = (state = 'failed')", name=op.f("ck_exports_error")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("public_id", name=op.f("uq_exports_public_id")),
    )
    op.create_index("ix_exports_to_do", "exports", ["id"], postgresql_where=sa.text("state in ('waiting', 'running')"))
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                grant select, insert, update on exports to {APPLICATION};
            end if;
        end $$
    """)


def downgrade() -> None:
    """Drop it; the files stay in the store, and the audit log names them."""
    op.drop_table("exports")
