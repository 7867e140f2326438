"""Who hid or deleted what and why; how complete each account is, night by night; why a window was not captured."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"
ACTIONS = (
    "hidden", "unhidden", "deleted", "restored", "restricted", "held_for_review", "rejected", "approved", "reason_given",
)  # fmt: skip
CAUSES = ("failed", "access_lost", "abandoned", "not_run", "never_captured", "paused", "closed")
_CLASS = "(case when cause in ('paused', 'closed') then cause else 'missed' end)"
"""A pause stands beside what went wrong before it, so that neither hides the other."""


def upgrade() -> None:
    """Make the tables, and tell the causes of gaps apart."""
    _coverage()
    _moderation()
    _capture_requests()
    for table in ("coverage", "moderation"):
        op.execute(f"""
            create trigger append_only before update or delete on {table} for each row execute function refuse_change()
        """)
        op.execute(f"""
            create trigger append_only_truncate before truncate on {table}
                for each statement execute function refuse_change()
        """)
        _grant("select, insert", table)
    _grant("select, insert, update", "capture_requests")
    op.add_column("gaps", sa.Column("cause", sa.Text(), server_default="failed", nullable=False))
    op.create_check_constraint("cause", "gaps", f"cause in ({_quoted(CAUSES)})")
    op.alter_column("gaps", "stream_id", nullable=True)
    op.drop_index("uq_gaps_open", table_name="gaps")
    op.execute(f"create unique index uq_gaps_open on gaps (stream_id, {_CLASS}) where closed_at is null")
    op.execute(f"""
        create unique index uq_gaps_open_account on gaps (account_id, {_CLASS})
        where closed_at is null and stream_id is null
    """)
    _only_close("new.cause", "old.cause")


def _coverage() -> None:
    op.create_table(
        "coverage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("platform_count", sa.BigInteger(), nullable=True),
        sa.Column("present", sa.BigInteger(), nullable=False),
        sa.Column("hidden", sa.BigInteger(), nullable=False),
        sa.Column("not_returned", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("difference", sa.BigInteger(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("gaps_open", sa.Integer(), nullable=False),
        sa.Column("unread", sa.BigInteger(), nullable=False),
        sa.Column("oldest_unread", sa.Text(), nullable=True),
        sa.Column("oldest_unread_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_coverage_account_id")),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_coverage_stream_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
    )
    op.create_index("ix_coverage_account_id", "coverage", ["account_id", "id"])
    op.create_index("ix_coverage_stream_id", "coverage", ["stream_id", "id"])


def _moderation() -> None:
    op.create_table(
        "moderation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.UUID(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("capture_id", sa.BigInteger(), nullable=True),
        sa.Column("exchange_id", sa.UUID(), nullable=True),
        sa.Column("state_id", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("clause", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(f"action in ({_quoted(ACTIONS)})", name=op.f("ck_moderation_action")),
        sa.CheckConstraint("source in ('platform', 'inferred', 'clerk')", name=op.f("ck_moderation_source")),
        sa.CheckConstraint("(source = 'clerk') = (recorded_by is not null)", name=op.f("ck_moderation_recorded")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_moderation_item_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_moderation_party_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_moderation_capture_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchanges.id"], name=op.f("fk_moderation_exchange_id")),
        sa.ForeignKeyConstraint(["state_id"], ["states.id"], name=op.f("fk_moderation_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_moderation_public_id")),
    )
    op.create_index("ix_moderation_item_id", "moderation", ["item_id", "id"])


def _capture_requests() -> None:
    op.create_table(
        "capture_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("scheduler", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint("scheduler in ('airflow', 'process')", name=op.f("ck_capture_requests_scheduler")),
        sa.CheckConstraint(
            "outcome in ('complete', 'partial', 'failed', 'unknown')", name=op.f("ck_capture_requests_outcome")
        ),
        sa.CheckConstraint("(finished_at is null) = (outcome is null)", name=op.f("ck_capture_requests_finished")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_capture_requests_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture_requests")),
        sa.UniqueConstraint("public_id", name=op.f("uq_capture_requests_public_id")),
    )
    op.create_index(
        "uq_capture_requests_running", "capture_requests", ["account_id"], unique=True,
        postgresql_where=sa.text("finished_at is null"),
    )  # fmt: skip


def _only_close(new_cause: str, old_cause: str) -> None:
    op.execute(f"""
        create or replace function only_close_gap() returns trigger language plpgsql as $$
        begin
            if tg_op = 'UPDATE' and old.closed_at is null and new.closed_at is not null
               and (new.id, new.public_id, new.account_id, new.stream_id, new.opened_at, new.reason, new.opened_by, {new_cause})
                   is not distinct from
                   (old.id, old.public_id, old.account_id, old.stream_id, old.opened_at, old.reason, old.opened_by, {old_cause})
            then
                return new;
            end if;
            raise exception '% of gaps is refused: a gap is opened and closed, never edited', tg_op
                using errcode = 'insufficient_privilege';
        end $$
    """)


def downgrade() -> None:
    """Take it back; refused by Postgres where an account without streams has a gap."""
    _only_close("0", "0")
    op.drop_index("uq_gaps_open_account", table_name="gaps")
    op.drop_index("uq_gaps_open", table_name="gaps")
    op.create_index("uq_gaps_open", "gaps", ["stream_id"], unique=True, postgresql_where=sa.text("closed_at is null"))
    op.alter_column("gaps", "stream_id", nullable=False)
    op.drop_constraint("cause", "gaps", type_="check")
    op.drop_column("gaps", "cause")
    for table in ("capture_requests", "moderation", "coverage"):
        op.drop_table(table)


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _grant(rights: str, table: str) -> None:
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                grant {rights} on {table} to {APPLICATION};
            end if;
        end $$
    """)
