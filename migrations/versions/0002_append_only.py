"""What Postgres itself refuses: the append-only tables, and the application's grants."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"
"""The role that the application logs in as. It owns nothing, so that grants bind it."""

APPEND_ONLY = (
    "versions",
    "version_media",
    "exchanges",
    "states",
    "stream_states",
    "observations",
    "completeness",
    "audit",
)
INSERT_ONLY = (*APPEND_ONLY, "warc_records", "item_secrets", "item_aliases", "parties", "outbox")
MUTABLE = (
    "accounts",
    "account_handles",
    "streams",
    "sub_cursors",
    "captures",
    "warc_files",
    "items",
    "sightings",
    "media",
    "users",
    "user_sessions",
)
DELETABLE = ("outbox", "user_sessions")


def upgrade() -> None:
    """Set the triggers and the grants."""
    op.execute("""
        create function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception '% of % is refused: this table is append-only', tg_op, tg_table_name
                using errcode = 'insufficient_privilege';
        end $$
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
    op.execute("""
        create function only_close_gap() returns trigger language plpgsql as $$
        begin
            if tg_op = 'UPDATE' and old.closed_at is null and new.closed_at is not null
               and (new.id, new.public_id, new.account_id, new.stream_id, new.opened_at, new.reason, new.opened_by)
                   is not distinct from
                   (old.id, old.public_id, old.account_id, old.stream_id, old.opened_at, old.reason, old.opened_by)
            then
                return new;
            end if;
            raise exception '% of gaps is refused: a gap is opened and closed, never edited', tg_op
                using errcode = 'insufficient_privilege';
        end $$
    """)
    op.execute("""
        create trigger only_close before update or delete on gaps for each row execute function only_close_gap()
    """)
    for table in (*INSERT_ONLY, *MUTABLE, "gaps"):
        _grant("select, insert", table)
    for table in MUTABLE:
        _grant("update", table)
    for table in DELETABLE:
        _grant("delete", table)
    _grant("update (closed_at, closed_by)", "gaps")
    _grant("select", "alembic_version")


def _grant(rights: str, table: str) -> None:
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                grant {rights} on {table} to {APPLICATION};
            end if;
        end $$
    """)


def downgrade() -> None:
    """Take the triggers back (the grants go with the tables)."""
    op.execute("drop trigger only_close on gaps")
    op.execute("drop function only_close_gap")
    for table in APPEND_ONLY:
        op.execute(f"drop trigger append_only on {table}")
        op.execute(f"drop trigger append_only_truncate on {table}")
    op.execute("drop function refuse_change")
