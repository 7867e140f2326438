"""Who may see what: grants, departments, personal accounts, and users of the city's single sign-on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

APPLICATION = "archive_app"


def upgrade() -> None:
    """Add the table of grants and what is said of users and accounts; what is there stays as open as it was."""
    op.add_column("accounts", sa.Column("personal", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.alter_column("users", "password_hash", nullable=True)
    op.add_column("users", sa.Column("issuer", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column(
        "users", sa.Column("departments", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False)
    )
    op.create_unique_constraint(op.f("uq_users_issuer_subject"), "users", ["issuer", "subject"])
    op.create_check_constraint(op.f("ck_users_identity"), "users", "(issuer is null) = (subject is null)")
    op.create_check_constraint(op.f("ck_users_way_in"), "users", "(password_hash is null) = (subject is not null)")
    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("what in ('messages', 'personal_accounts')", name=op.f("ck_grants_what")),
        sa.CheckConstraint("given or until is null", name=op.f("ck_grants_until")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_grants_reason")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_grants_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("public_id", name=op.f("uq_grants_public_id")),
    )
    op.create_index("ix_grants_user_id", "grants", ["user_id", "what", "id"])
    op.execute("""
        create trigger append_only before update or delete on grants for each row execute function refuse_change()
    """)
    op.execute("""
        create trigger append_only_truncate before truncate on grants
            for each statement execute function refuse_change()
    """)
    op.execute(f"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{APPLICATION}') then
                grant select, insert on grants to {APPLICATION};
            end if;
        end $$
    """)
    # The pages of the audit log ask by time, by person and by what was done.
    op.create_index("ix_audit_actor", "audit", ["actor", "id"])
    op.create_index("ix_audit_action", "audit", ["action", "id"])


def downgrade() -> None:
    """Take it back. Users of the single sign-on have no password and cannot stay; their names stay in the audit log."""
    op.drop_index("ix_audit_action", table_name="audit")
    op.drop_index("ix_audit_actor", table_name="audit")
    op.drop_table("grants")
    op.execute("delete from user_sessions where user_id in (select id from users where subject is not null)")
    op.execute("delete from users where subject is not null")
    op.drop_constraint(op.f("ck_users_way_in"), "users")
    op.drop_constraint(op.f("ck_users_identity"), "users")
    op.drop_constraint(op.f("uq_users_issuer_subject"), "users")
    for column in ("departments", "subject", "issuer"):
        op.drop_column("users", column)
    op.alter_column("users", "password_hash", nullable=False)
    op.drop_column("accounts", "personal")
