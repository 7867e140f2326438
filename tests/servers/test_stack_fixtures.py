"""The fixtures other tests build on give each test something of its own, and clean up after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg2
import pytest

from archiver.local import databases
from tests.fixtures.stack import database_maker

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from archiver.local.endpoints import Endpoints
    from tests.fixtures.stack import DatabaseMaker


def names(stack: Endpoints) -> set[str]:
    """Give the names of the databases there are."""
    assert stack.superuser_database_url
    with databases.connected(stack.superuser_database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def test_each_database_is_fresh(make_database: DatabaseMaker) -> None:
    """Two databases share nothing; the owner writes, the application reads once granted."""
    first, second = make_database(), make_database()
    with databases.connected(first.migration_url) as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE here (n int); GRANT SELECT ON here TO archive_app")
    with databases.connected(first.app_url) as app, app.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM here")
        assert cursor.fetchone() == (0,)
    with (
        databases.connected(second.superuser_url) as superuser,
        superuser.cursor() as cursor,
        pytest.raises(psycopg2.errors.UndefinedTable),
    ):
        cursor.execute("SELECT 1 FROM here")


def test_a_template_is_copied_with_its_grants(make_database: DatabaseMaker) -> None:
    """A copy of a migrated database is ready for the application at once."""
    template = make_database()
    with databases.connected(template.migration_url) as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE migrated AS SELECT 1 AS n; GRANT SELECT ON migrated TO archive_app")
    copy = make_database(template=databases.database_of(template.app_url))
    with databases.connected(copy.app_url) as app, app.cursor() as cursor:
        cursor.execute("SELECT n FROM migrated")
        assert cursor.fetchone() == (1,)


def test_databases_are_dropped(stack: Endpoints) -> None:
    """What a maker made is gone after it, even while somebody is still connected."""
    with database_maker(stack) as make:
        made = make()
        left_open = psycopg2.connect(made.app_url.replace("+psycopg2", ""))
        assert databases.database_of(made.app_url) in names(stack)
    assert databases.database_of(made.app_url) not in names(stack)
    left_open.close()


class TestIndexPrefix:
    """The prefix stays the same within a class, and differs from the next one's."""

    seen: list[str]

    def test_an_index_is_made(self, es_client: Elasticsearch, index_prefix: str) -> None:
        """An index under the prefix can be made and searched with the official client."""
        es_client.index(index=f"{index_prefix}posts", id="1", document={"text": "budget hearing"}, refresh=True)
        assert es_client.search(index=f"{index_prefix}*")["hits"]["total"]["value"] == 1
        type(self).seen = [index_prefix]

    def test_it_is_still_there(self, es_client: Elasticsearch, index_prefix: str) -> None:
        """The next test of the class finds what the first one made."""
        assert self.seen == [index_prefix]
        assert es_client.indices.exists(index=f"{index_prefix}posts")


def test_indices_are_deleted_after_the_class(es_client: Elasticsearch) -> None:
    """No index of the class above is left."""
    (prefix,) = TestIndexPrefix.seen
    assert dict(es_client.indices.get(index=f"{prefix}*")) == {}
