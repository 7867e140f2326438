"""The Merkle log, its roots and the fixity checks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"
APPEND_ONLY = ("log_leaves", "log_nodes", "log_roots", "fixity_checks")
LOGGED = {"versions": "version", "states": "state", "stream_states": "stream_state"}
"""What becomes a leaf: the table, and the kind of its leaves. A later table joins by a trigger of its own like these."""


def upgrade() -> None:
    """Make the tables; what is held already waits for the log from now on."""
    op.create_table(
        "log_leaves",
        sa.Column("index", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("appended_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"index" >= 0', name=op.f("ck_log_leaves_index")),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_log_leaves_kind_subject_id")),
    )
    op.create_table(
        "log_nodes",
        sa.Column("level", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("index", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_log_nodes_hash")),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_log_nodes")),
    )
    op.create_table(
        "log_roots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timestamped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_roots")),
        sa.UniqueConstraint("file_name", name=op.f("uq_log_roots_file_name")),
    )
    op.create_table(
        "fixity_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "findings", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixity_checks")),
    )
    op.create_index("ix_fixity_checks_subject", "fixity_checks", ["kind", "subject", "checked_at"], unique=False)
    op.create_table(
        "log_outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_outbox")),
    )
    op.execute("""
        create function to_log() returns trigger language plpgsql as $$
        begin
            insert into log_outbox (kind, subject_id) select tg_argv[0], id from added order by id;
            return null;
        end $$
    """)
    for table, kind in LOGGED.items():
        op.execute(f"""
            insert into log_outbox (kind, subject_id) select '{kind}', id from {table} order by id
        """)  # noqa: S608 - names of our own
        op.execute(f"""
            create trigger to_log after insert on {table} referencing new table as added
                for each statement execute function to_log('{kind}')
        """)
    for table in APPEND_ONLY:
        op.execute(f"""
            create trigger append_only before update or delete on {table}
                for each row execute function refuse_change()
        """)
        op.execute(f"""
            create trigger append_only_truncate before truncate on {table}
                for each statement execute function refuse_change()
        """)
        _grant("select, insert", table)
    _grant("select, insert, delete", "log_outbox")


def _grant(rights: str, table: str) -> None:
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                grant {rights} on {table} to {APPLICATION};
            end if;
        end $$
    """)


def downgrade() -> None:
    """Take it back: the log is lost with it."""
    for table in LOGGED:
        op.execute(f"drop trigger to_log on {table}")
    op.execute("drop function to_log")
    for table in ("log_outbox", "fixity_checks", "log_roots", "log_nodes", "log_leaves"):
        op.drop_table(table)
