"""Tags and notes: what clerks put beside a record, as events that are only ever added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"
TABLES = ("tags", "tag_events", "notes")


def upgrade() -> None:
    """Make the tables; nothing of a record is changed by what stands in them."""
    op.create_table(
        "tags",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("key <> ''", name=op.f("ck_tags_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("key", name=op.f("uq_tags_key")),
    )
    op.create_table(
        "tag_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("tag_id", sa.BigInteger(), nullable=False),
        sa.Column("put_on", sa.Boolean(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_tag_events_item_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_tag_events_tag_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_events")),
    )
    op.create_index("ix_tag_events_item_id", "tag_events", ["item_id", "tag_id", "id"])
    op.create_index("ix_tag_events_tag_id", "tag_events", ["tag_id", "item_id", "id"])
    op.create_table(
        "notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.UUID(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_notes_text")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_notes_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("public_id", name=op.f("uq_notes_public_id")),
    )
    op.create_index("ix_notes_item_id", "notes", ["item_id", "id"])
    for table in TABLES:
        op.execute(f"""
            create trigger append_only before update or delete on {table} for each row execute function refuse_change()
        """)
        op.execute(f"""
            create trigger append_only_truncate before truncate on {table}
                for each statement execute function refuse_change()
        """)
        op.execute(f"""
            do $$ begin
                if exists (select from pg_roles where rolname = '{APPLICATION}') then
                    grant select, insert on {table} to {APPLICATION};
                end if;
            end $$
        """)


def downgrade() -> None:
    """Take it back; what was tagged and noted is lost."""
    for table in reversed(TABLES):
        op.drop_table(table)
