"""What Postgres itself refuses, to the application and to the owner alike."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver import audit
from archiver.database import engine_for
from archiver.records.models import Base, append_only
from tests.fixtures.town import Town, town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

    from tests.fixtures.archives import ArchiveMaker

TABLES = sorted(append_only)
INSERT_ONLY = ["warc_records", "item_secrets", "item_aliases", "parties", "saved_told"]
UNDELETABLE = [
    *TABLES,
    *INSERT_ONLY,
    "items",
    "sightings",
    "captures",
    "warc_files",
    "accounts",
    "media",
    "streams",
    "gaps",
    "exports",
]


@pytest.fixture
def small(make_archive: ArchiveMaker) -> Iterator[Town]:
    """A town whose archive has a row in every append-only table."""
    with town(make_archive, 3, 2) as made:
        assert made.export().complete
        engine = made.archive.engine
        with engine.begin() as connection:
            audit.write(connection, "test", "looked", "something", {})
            stream, capture, item = connection.execute(
                sa.text("select s.id, c.id, i.id from streams s join captures c on c.stream_id = s.id, items i limit 1")
            ).one()
            connection.execute(
                sa.text(
                    "insert into states (item_id, stream_id, capture_id, state, words, observed_at) "
                    "values (:item, :stream, :capture, 'present', '', now())"
                ),
                {"item": item, "stream": stream, "capture": capture},
            )
            connection.execute(
                sa.text(
                    "insert into stream_states (stream_id, state, words, observed_at) values (:s, 'present', '', now())"
                ),
                {"s": stream},
            )
            connection.execute(
                sa.text(
                    "with m as (insert into media (public_id, platform, namespace, platform_id, kind) values "
                    "(gen_random_uuid(), 'bluesky', '', 'm', 'image') returning id) "
                    "insert into version_media (version_id, position, medium_id) select v.id, 9, m.id from versions v, m limit 1"
                )
            )
            connection.execute(
                sa.text(
                    "insert into token_checks (account_id, checked_at, words) select account_id, now(), '' from streams "
                    "where id = :s"
                ),
                {"s": stream},
            )
            connection.execute(
                sa.text(
                    "insert into coverage (account_id, stream_id, run_id, present, hidden, not_returned, gone, reasons, "
                    "gaps_open, unread, observed_at) select account_id, id, 'r', 0, 0, 0, 0, '{}', 0, 0, now() from streams "
                    "where id = :s"
                ),
                {"s": stream},
            )
            connection.execute(
                sa.text(
                    "insert into moderation (public_id, item_id, action, observed_at, source) "
                    "values (gen_random_uuid(), :item, 'hidden', now(), 'inferred')"
                ),
                {"item": item},
            )
            connection.execute(
                sa.text(
                    "with s as (insert into list_snapshots (public_id, account_id, listing, capture_id, taken_at, taken_on, "
                    "size, joined, departed, digest, changes_digest) select gen_random_uuid(), account_id, 'blocked', :capture, "
                    "now(), '2020-01-01', 1, 1, 0, sha256(''), sha256('') from streams where id = :s returning id), "
                    "p as (insert into parties (platform, namespace, platform_id) values ('bluesky', '', 'p') returning id) "
                    "insert into list_changes (snapshot_id, party_id, joined) select s.id, p.id, true from s, p"
                ),
                {"s": stream, "capture": capture},
            )
            connection.execute(
                sa.text(
                    "insert into list_failures (account_id, listing, capture_id, failed_at, seen, words) "
                    "select account_id, 'blocked', :capture, now(), 0, '' from streams where id = :s"
                ),
                {"s": stream, "capture": capture},
            )
            for statement in (
                "insert into log_leaves (index, kind, subject_id, entry, appended_at) values (9000, 'test', 1, '{}', now())",
                "insert into log_nodes (level, index, hash) values (8, 9000, sha256(''))",
                "insert into log_roots (size, root_hash, made_at, file_name, document) values (0, sha256(''), now(), 'f', '')",
                "insert into fixity_checks (run_id, kind, subject, checked_at, bytes) select gen_random_uuid(), '', '', now(), 1",
                (
                    "insert into receipts (number, public_id, made_at, made_by, note, total, body, body_sha256, results_sha256, "
                    "results_size) values (1, gen_random_uuid(), now(), 'test', '', 0, '{}', sha256(''), sha256(''), 0)"
                ),
                "insert into users (public_id, name, password_hash, role) values (gen_random_uuid(), 'n', 'p', 'clerk')",
                (
                    "insert into grants (public_id, user_id, what, given, reason, by_whom, at) select gen_random_uuid(), id, "
                    "'messages', true, 'r', 'b', now() from users"
                ),
                (
                    "insert into saved_searches (public_id, user_id, fields, saved_at) "
                    "select gen_random_uuid(), id, '{}', now() from users"
                ),
                (
                    "insert into saved_changes (search_id, name, shared, nightly, removed, by_whom, at) "
                    "select id, 'n', true, true, false, 'b', now() from saved_searches"
                ),
                (
                    "insert into saved_runs (search_id, began, at, outcome) select search_id, id, now(), 'base' "
                    "from saved_changes"
                ),
                "insert into tags (key, name, by_whom, at) values ('t', 't', 'b', now())",
                (
                    "insert into tag_events (item_id, tag_id, put_on, by_whom, at) select i.id, t.id, true, 'b', now() "
                    "from items i, tags t limit 1"
                ),
                (
                    "insert into notes (public_id, item_id, text, by_whom, at) select gen_random_uuid(), id, 'n', 'b', now() "
                    "from items limit 1"
                ),
            ):
                connection.execute(sa.text(statement))
            connection.execute(
                sa.text(
                    "insert into gaps (public_id, account_id, stream_id, opened_at, reason) "
                    "select gen_random_uuid(), account_id, id, now(), 'test' from streams where id = :s"
                ),
                {"s": stream},
            )
        yield made


@pytest.fixture
def owner(small: Town) -> Iterator[Engine]:
    """Connections as the owner of the tables, who migrates them."""
    engine = engine_for(small.archive.migration_url)
    yield engine
    engine.dispose()


@contextlib.contextmanager
def refused(engine: Engine, because: str) -> Iterator[sa.Connection]:
    """A connection on which the statement to come is refused by Postgres, for that reason."""
    with engine.connect() as connection:
        with pytest.raises(sa.exc.ProgrammingError) as caught:
            yield connection
        assert caught.value.orig is not None
        assert getattr(caught.value.orig, "pgcode", None) == "42501", str(caught.value)
        assert because in str(caught.value)


def some_column(table: str) -> str:
    """Some column of a table to set to itself (what Postgres numbers by itself cannot be set by anybody)."""
    return str(next(c.name for c in Base.metadata.tables[table].columns if c.identity is None))


@pytest.mark.parametrize("statement", ["update {t} set {c} = {c}", "delete from {t}", "truncate {t} cascade"])
def test_the_application_may_only_add(small: Town, statement: str) -> None:
    """Versions, exchanges, states, audit and the rest: no grant lets the application's role touch what is there."""
    for table in TABLES:
        assert small.count(table) > 0, f"nothing in {table} to refuse"
        with refused(small.archive.engine, "permission denied") as connection:
            connection.execute(sa.text(statement.format(t=table, c=some_column(table))))


@pytest.mark.parametrize("statement", ["update {t} set {c} = {c}", "delete from {t}", "truncate {t} cascade"])
def test_the_owner_is_stopped_by_triggers(small: Town, owner: Engine, statement: str) -> None:
    """Grants do not bind the owner; the triggers do, as long as nobody takes them away."""
    for table in TABLES:
        before = small.count(table)
        with refused(owner, "append-only") as connection:
            connection.execute(sa.text(statement.format(t=table, c=some_column(table))))
        assert small.count(table) == before


def test_the_application_may_delete_nothing_but_what_is_spent(small: Town) -> None:
    """Only the outboxes and log-in sessions shrink."""
    for table in UNDELETABLE:
        with refused(small.archive.engine, "permission denied") as connection:
            connection.execute(sa.text(f"delete from {table}"))  # noqa: S608 - names of our own
    for table in INSERT_ONLY:
        with refused(small.archive.engine, "permission denied") as connection:
            connection.execute(sa.text(f"update {table} set {some_column(table)} = {some_column(table)}"))  # noqa: S608


def test_a_gap_is_closed_once_and_never_edited(small: Town, owner: Engine) -> None:
    """Neither role rewrites a gap, removes one, or opens it again."""
    edits = [
        "update gaps set reason = 'nothing happened'",
        "update gaps set opened_at = now() - interval '1 day'",
        "delete from gaps",
    ]
    for edit in edits:
        with refused(small.archive.engine, "permission denied") as connection:
            connection.execute(sa.text(edit))
        with refused(owner, "refused") as connection:
            connection.execute(sa.text(edit))
    with small.archive.engine.begin() as connection:
        closed = connection.execute(
            sa.text("update gaps set closed_at = now() + interval '1 s' where closed_at is null")
        )
        assert closed.rowcount == 1
    for edit in ("update gaps set closed_at = null", "update gaps set closed_at = now() + interval '1 day'"):
        with refused(small.archive.engine, "refused") as connection:
            connection.execute(sa.text(edit))
        with refused(owner, "refused") as connection:
            connection.execute(sa.text(edit))


def test_the_owner_cannot_empty_the_gaps_at_once(owner: Engine) -> None:
    """TRUNCATE goes past row triggers; it has one of its own."""
    with refused(owner, "refused") as connection:
        connection.execute(sa.text("truncate gaps"))


def test_the_application_owns_nothing_and_can_make_nothing(small: Town) -> None:
    """An owner could grant itself anything: the application's role owns no table, makes none, and disables no trigger."""
    assert small.sql("select tablename from pg_tables where tableowner = current_user") == []
    assert small.sql(
        "select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls from pg_roles where rolname = current_user"
    ) == [(False, False, False, False)]
    for statement in (
        "create table mine (id int)",
        "create table public.mine (id int)",
        "create schema mine",
        "alter table versions disable trigger all",
        "alter table versions disable trigger append_only",
        "drop trigger append_only on versions",
        "create or replace function public.refuse_change() returns trigger language plpgsql as 'begin return new; end'",
        "alter table versions owner to current_user",
        "drop table audit",
        "set session_replication_role = replica",
        "update alembic_version set version_num = '0'",
        "set role archive_owner",
    ):
        with refused(small.archive.engine, "") as connection:
            connection.execute(sa.text(statement))


def test_every_table_has_only_the_grants_it_needs(small: Town) -> None:
    """What the application may do is exactly the list that the migration gives; a new table must be thought about."""
    granted = small.sql(
        "select table_name, privilege_type from information_schema.role_table_grants where grantee = current_user"
    )
    for right in ("TRUNCATE", "REFERENCES", "TRIGGER"):
        assert [table for table, privilege in granted if privilege == right] == []
    assert {table for table, privilege in granted if privilege == "DELETE"} == {"outbox", "user_sessions", "log_outbox"}
    updatable = {table for table, privilege in granted if privilege == "UPDATE"}
    assert updatable & {*TABLES, *INSERT_ONLY, "outbox", "gaps"} == set()
