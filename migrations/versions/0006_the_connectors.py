"""What the connectors of every platform bring: edit histories as a source of their own."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a version come from the platform's own edit history."""
    _sources("'api', 'feed', 'import', 'history'")


def downgrade() -> None:
    """As before; refused by Postgres where such versions are held."""
    _sources("'api', 'feed', 'import'")


def _sources(allowed: str) -> None:
    op.drop_constraint("source", "versions", type_="check")
    op.create_check_constraint("source", "versions", f"source in ({allowed})")
