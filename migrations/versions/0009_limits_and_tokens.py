"""Budgets that parallel tasks share, and the tokens that platforms renewed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "allowances",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("window_ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_allowances")),
    )
    op.create_table(
        "account_tokens",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("setting", sa.Text(), nullable=False),
        sa.Column("seed_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_tokens_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "setting", name=op.f("pk_account_tokens")),
    )
    op.create_table(
        "token_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alive", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scopes", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("missing", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("renewed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_token_checks_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_checks")),
    )
    op.create_index("ix_token_checks_account", "token_checks", ["account_id", "id"])
    op.execute("""
        create trigger append_only before update or delete on token_checks for each row execute function refuse_change()
    """)
    op.execute("""
        create trigger append_only_truncate before truncate on token_checks
            for each statement execute function refuse_change()
    """)
    _grant("select, insert", "token_checks")
    _grant("select, insert, update", "allowances")
    _grant("select, insert, update", "account_tokens")


def downgrade() -> None:
    """Drop them."""
    for table in ("token_checks", "account_tokens", "allowances"):
        op.drop_table(table)


def _grant(rights: str, table: str) -> None:
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                grant {rights} on {table} to {APPLICATION};
            end if;
        end $$
    """)
