"""How Alembic reaches the database: by the address its caller gives, as the schema's owner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from archiver.records.models import Base


def run() -> None:
    """Run the migrations in one transaction; two at once wait for one another."""
    url = sa.make_url(context.config.attributes["url"]).set(drivername="postgresql+psycopg2")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection, connection.begin():
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('civic-archive migrations'))"))
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        context.run_migrations()


run()
