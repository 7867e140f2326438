"""Small pictures of kept media."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "thumbnails",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("thumbnail_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(thumbnail_sha256 is null) = (reason is not null)", name=op.f("ck_thumbnails_made")),
        sa.CheckConstraint(
            "(thumbnail_sha256 is null) = (width is null) and (width is null) = (height is null)",
            name=op.f("ck_thumbnails_measured"),
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_thumbnails")),
    )
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                grant select, insert, update on thumbnails to {APPLICATION};
            end if;
        end $$
    """)


def downgrade() -> None:
    """Drop it; the small pictures in the store can be made again."""
    op.drop_table("thumbnails")
