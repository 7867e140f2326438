"""How many attachments a stream's records show that are not kept, in the roll-up of each night."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INDEX = "ix_media_wanted"


def upgrade() -> None:
    """Add the number; nights before it are not known to have missed any."""
    op.add_column("coverage", sa.Column("media_missing", sa.BigInteger(), nullable=True))
    _index("state in ('wanted', 'failed', 'withheld')")


def downgrade() -> None:
    """Drop it."""
    _index("state in ('wanted', 'failed')")
    op.drop_column("coverage", "media_missing")


def _index(where: str) -> None:
    op.drop_index(INDEX, table_name="media")
    op.create_index(INDEX, "media", ["state"], postgresql_where=sa.text(where))
