"""Endpoints hold passwords and never show them."""

from __future__ import annotations

from archiver.local.endpoints import Endpoints, External, external_database, external_search


def test_each_part_is_external_by_itself() -> None:
    """Naming one server leaves the other to be started locally."""
    assert external_database(External(elasticsearch_url="http://es")) is None
    assert external_search(External(database_url="postgresql://db")) is None
    assert external_search(External(elasticsearch_user="elastic")) is None


def test_printing_shows_no_password() -> None:
    """Neither the caller's servers nor the endpoints show a password, an address with one, or a key when printed."""
    external = External(
        database_url="postgresql://app:hunter2@db/a",
        migration_database_url="postgresql://owner:hunter2@db/a",
        superuser_database_url="postgresql://postgres:hunter2@db/a",
        airflow_database_url="postgresql://airflow:hunter2@db/a",
        elasticsearch_url="https://es:9200",
        elasticsearch_user="elastic",
        elasticsearch_password="hunter2",
        elasticsearch_api_key="hunter2",
    )
    database, search = external_database(external), external_search(external)
    assert database is not None
    assert search is not None
    endpoints = Endpoints.of(database, search)
    assert endpoints.elasticsearch_password == "hunter2"
    for one in (external, database, search, endpoints):
        assert "hunter2" not in repr(one)
    assert "https://es:9200" in repr(endpoints)
