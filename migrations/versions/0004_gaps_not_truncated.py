"""A gap is not taken away by TRUNCATE either, which goes past the triggers of rows."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Refuse it, to the owner too."""
    op.execute("""
        create trigger only_close_truncate before truncate on gaps
            for each statement execute function only_close_gap()
    """)


def downgrade() -> None:
    """Take the trigger back."""
    op.execute("drop trigger only_close_truncate on gaps")
