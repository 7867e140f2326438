"""An attachment that failed, and whose address is another since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark."""
    op.add_column("media", sa.Column("told_anew", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    """Drop the mark: what has it is left alone once its attempts are used up."""
    op.drop_column("media", "told_anew")
