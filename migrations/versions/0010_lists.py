"""Block and follower lists as dated snapshots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"
TABLES = ("list_snapshots", "list_changes", "list_failures")
_LISTING = "listing in ('blocked', 'followers')"


def upgrade() -> None:
    """Make the tables; each snapshot becomes a leaf of the log."""
    op.create_table(
        "list_snapshots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("capture_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("platform_count", sa.BigInteger(), nullable=True),
        sa.Column("joined", sa.BigInteger(), nullable=False),
        sa.Column("departed", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("changes_digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(_LISTING, name=op.f("ck_list_snapshots_listing")),
        sa.CheckConstraint(
            "octet_length(digest) = 32 and octet_length(changes_digest) = 32", name=op.f("ck_list_snapshots_digests")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_list_snapshots_account_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_list_snapshots_capture_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_snapshots")),
        sa.UniqueConstraint("public_id", name=op.f("uq_list_snapshots_public_id")),
        sa.UniqueConstraint(
            "account_id", "listing", "taken_on", name=op.f("uq_list_snapshots_account_id_listing_taken_on")
        ),
    )
    op.create_index("ix_list_snapshots_list", "list_snapshots", ["account_id", "listing", "id"])
    op.create_table(
        "list_changes",
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["snapshot_id"], ["list_snapshots.id"], name=op.f("fk_list_changes_snapshot_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_list_changes_party_id")),
        sa.PrimaryKeyConstraint("snapshot_id", "party_id", name=op.f("pk_list_changes")),
    )
    op.create_index("ix_list_changes_party_id", "list_changes", ["party_id"])
    op.create_table(
        "list_failures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("capture_id", sa.BigInteger(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint(_LISTING, name=op.f("ck_list_failures_listing")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_list_failures_account_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_list_failures_capture_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_failures")),
    )
    op.create_index("ix_list_failures_list", "list_failures", ["account_id", "listing", "id"])
    for table in TABLES:
        op.execute(f"""
            create trigger append_only before update or delete on {table} for each row execute function refuse_change()
        """)
        op.execute(f"""
            create trigger append_only_truncate before truncate on {table}
                for each statement execute function refuse_change()
        """)
        _grant("select, insert", table)
    op.execute("""
        create trigger to_log after insert on list_snapshots referencing new table as added
            for each statement execute function to_log('list')
    """)


def downgrade() -> None:
    """Take it back: the lists are lost with it, and no leaf waits for one."""
    op.execute("delete from log_outbox where kind = 'list'")
    for table in ("list_failures", "list_changes", "list_snapshots"):
        op.drop_table(table)


def _grant(rights: str, table: str) -> None:
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                grant {rights} on {table} to {APPLICATION};
            end if;
        end $$
    """)
