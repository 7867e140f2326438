"""The application may draw the id of a version before the version is there, so that a new item is made whole."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"


def upgrade() -> None:
    """Grant the sequence; drawing from it is all that is allowed (no `setval`)."""
    _if_there(f"grant usage on sequence versions_id_seq to {APPLICATION}")


def downgrade() -> None:
    """Take the grant back."""
    _if_there(f"revoke usage on sequence versions_id_seq from {APPLICATION}")


def _if_there(statement: str) -> None:
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                {statement};
            end if;
        end $$
    """)
