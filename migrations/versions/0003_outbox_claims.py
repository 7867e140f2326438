"""Let the application claim outbox rows (FOR UPDATE SKIP LOCKED)."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"


def upgrade() -> None:
    """Grant what locking a row asks for."""
    _if_there("grant update (created_at) on outbox to")


def downgrade() -> None:
    """Take it back."""
    _if_there("revoke update (created_at) on outbox from")


def _if_there(statement: str) -> None:
    # Postgres lets nobody lock a row who may not update some column of it; no row of the outbox is ever updated.
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                {statement} {APPLICATION};
            end if;
        end $$
    """)
