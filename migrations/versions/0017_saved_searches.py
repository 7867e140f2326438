"""Searches that people keep, their nightly runs, and where to write to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"
APPEND_ONLY = ("saved_searches", "saved_changes", "saved_runs")


def upgrade() -> None:
    """Make the tables. What was changed or told stays; what a search has told is only ever added to."""
    op.add_column("users", sa.Column("email", sa.Text(), nullable=True))
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_searches_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
        sa.UniqueConstraint("public_id", name=op.f("uq_saved_searches_public_id")),
    )
    op.create_index("ix_saved_searches_user_id", "saved_searches", ["user_id"])
    op.create_table(
        "saved_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("search_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("nightly", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_saved_changes_name")),
        sa.ForeignKeyConstraint(["search_id"], ["saved_searches.id"], name=op.f("fk_saved_changes_search_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_changes")),
    )
    op.create_index("ix_saved_changes_search_id", "saved_changes", ["search_id", "id"])
    op.create_table(
        "saved_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("search_id", sa.BigInteger(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=True),
        sa.Column("new", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome in ('base', 'nothing', 'told', 'failed')", name=op.f("ck_saved_runs_outcome")),
        sa.CheckConstraint("(problem is not null) = (outcome = 'failed')", name=op.f("ck_saved_runs_problem")),
        sa.ForeignKeyConstraint(["search_id"], ["saved_searches.id"], name=op.f("fk_saved_runs_search_id")),
        sa.ForeignKeyConstraint(["began"], ["saved_changes.id"], name=op.f("fk_saved_runs_began")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_runs")),
    )
    op.create_index("ix_saved_runs_search_id", "saved_runs", ["search_id", "id"])
    op.create_table(
        "saved_told",
        sa.Column("search_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["search_id"], ["saved_searches.id"], name=op.f("fk_saved_told_search_id")),
        sa.ForeignKeyConstraint(["run_id"], ["saved_runs.id"], name=op.f("fk_saved_told_run_id")),
        sa.PrimaryKeyConstraint("search_id", "item_id", name=op.f("pk_saved_told")),
    )
    for table in APPEND_ONLY:
        op.execute(f"""
            create trigger append_only before update or delete on {table} for each row execute function refuse_change()
        """)
        op.execute(f"""
            create trigger append_only_truncate before truncate on {table}
                for each statement execute function refuse_change()
        """)
    for table in (*APPEND_ONLY, "saved_told"):
        op.execute(f"""
            do $$ begin
                if exists (select from pg_roles where rolname = '{APPLICATION}') then
                    grant select, insert on {table} to {APPLICATION};
                end if;
            end $$
        """)


def downgrade() -> None:
    """Take it back; the searches that people kept are lost."""
    for table in ("saved_told", "saved_runs", "saved_changes", "saved_searches"):
        op.drop_table(table)
    op.drop_column("users", "email")
