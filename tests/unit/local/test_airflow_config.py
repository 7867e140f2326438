"""What the local Airflow is told: nothing of the caller's own but what is meant for it, and keys that stay."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from archiver.local import airflow_config
from archiver.local.endpoints import Endpoints
from archiver.local.errors import HomeUnusableError, LocalStackError
from archiver.local.home import Home

if TYPE_CHECKING:
    from pathlib import Path


def endpoints(airflow: str | None = "postgresql+psycopg2://airflow:pw@127.0.0.1:1/airflow") -> Endpoints:
    """Servers that nobody asks."""
    return Endpoints(
        database_url="postgresql+psycopg2://archive_app:pw@127.0.0.1:1/civic_archive",
        migration_database_url="postgresql+psycopg2://archive_owner:pw@127.0.0.1:1/civic_archive",
        superuser_database_url="postgresql+psycopg2://postgres:pw@127.0.0.1:1/postgres",
        airflow_database_url=airflow,
        elasticsearch_url="http://127.0.0.1:2",
        elasticsearch_user="elastic",
        elasticsearch_password="pw",
        elasticsearch_ca=None,
        elasticsearch_api_key=None,
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A prepared home."""
    return Home(tmp_path)


def test_tasks_get_what_is_meant_for_them(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, Airflow's connections and named secrets are passed on; the caller's other variables, and rights, are not."""
    monkeypatch.setenv("CIVIC_ARCHIVE_CITY", "Las Palmas Verdes")
    monkeypatch.setenv("AIRFLOW_CONN_CIVIC_ARCHIVE_POSTGRES", "postgres://…")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for Airflow")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    keys = airflow_config.keys_of(airflow_config.folder_of(home))
    env = airflow_config.environment(
        home, endpoints(), keys, port=8080, dags_folder=tmp_path / "dags", extra={"FEED_TOKEN": "t"}
    )
    assert env["CIVIC_ARCHIVE_CITY"] == "Las Palmas Verdes"
    assert env["AIRFLOW_CONN_CIVIC_ARCHIVE_POSTGRES"] == "postgres://…"
    assert env["FEED_TOKEN"] == "t"
    assert env["CIVIC_ARCHIVE_HOME"] == str(tmp_path)
    assert env["DATABASE_URL"] == endpoints().database_url
    assert "AWS_SECRET_ACCESS_KEY" not in env
    assert not [value for value in env.values() if "archive_owner" in value or "//postgres:" in value]
    assert "ELASTICSEARCH_API_KEY" not in env


def test_keys_are_made_once_and_closed_to_others(home: Home) -> None:
    """The second start finds the keys of the first; their files are readable by ourselves only, and no print shows them."""
    folder = airflow_config.folder_of(home)
    keys = airflow_config.keys_of(folder)
    assert airflow_config.keys_of(folder) == keys
    assert len({keys.secret_key, keys.jwt_secret, keys.fernet_key, keys.password}) == 4
    assert keys.password not in repr(keys)
    for name in ("secrets.json", "passwords.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_damaged_keys_are_said(home: Home) -> None:
    """A torn file of keys is an error that says which file, not new keys that fit nothing."""
    folder = airflow_config.folder_of(home)
    (folder / "secrets.json").write_text("{", encoding="utf-8")
    with pytest.raises(HomeUnusableError, match=r"secrets\.json is damaged"):
        airflow_config.keys_of(folder)


def test_a_foreign_postgres_has_no_place_for_it(home: Home, tmp_path: Path) -> None:
    """With a Postgres of which only the archive's database is known, the message says what to do."""
    keys = airflow_config.keys_of(airflow_config.folder_of(home))
    with pytest.raises(LocalStackError, match="unset DATABASE_URL"):
        airflow_config.environment(home, endpoints(None), keys, port=1, dags_folder=tmp_path, extra={})
