"""What a listing leaves out, though it is there at its own address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEX = "ix_sightings_missing"


def upgrade() -> None:
    """Add the mark, and let the index of what is looked up by itself hold what has it."""
    op.add_column("sightings", sa.Column("unlisted", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _index("state in ('not_returned', 'hidden') or unlisted")


def downgrade() -> None:
    """Drop the mark: what has it is missed, and found again, at each capture."""
    _index("state in ('not_returned', 'hidden')")
    op.drop_column("sightings", "unlisted")


def _index(where: str) -> None:
    op.drop_index(INDEX, table_name="sightings")
    op.create_index(INDEX, "sightings", ["stream_id", "item_id"], postgresql_where=sa.text(where))
