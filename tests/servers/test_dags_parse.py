"""The DAG files as Airflow reads them: without errors, thin, and set up as an operator needs them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from archiver.nightly import pool_of
from archiver.platforms import PLATFORMS
from tests.fixtures.dags import run_dags

HEAVY = ("sqlalchemy.dialects.postgresql", "psycopg2", "elasticsearch", "alembic", "warcio", "clerk", "search",
         "archiver.capture", "archiver.custody", "archiver.records", "archiver.runtime", "archiver.nightly")  # fmt: skip


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the folder holds, the city being in New York."""
    return run_dags(
        tmp_path_factory.mktemp("airflow"),
        CIVIC_ARCHIVE_TIME_ZONE="America/New_York",
        CIVIC_ARCHIVE_EXPORT_SCHEDULE="15 1 * * *",
        CIVIC_ARCHIVE_CHECK_SCHEDULE="* * * * *",
        CIVIC_ARCHIVE_INDEX_SCHEDULE="* * * * *",
    )


@pytest.fixture(scope="module")
def parsed_at(parsed: dict[str, Any]) -> datetime:
    """When the folder was read, as the reading process says."""
    return datetime.fromisoformat(parsed["read_at"])


def test_every_file_is_read(parsed: dict[str, Any]) -> None:
    """All DAGs are found, and no file has an error."""
    assert parsed["errors"] == {}
    assert sorted(parsed["dags"]) == [
        "backfill_account",
        "capture_now",
        "check_index",
        "check_tokens",
        "export_accounts",
        "export_recent",
        "index_records",
        "keep_log",
        "tell_saved",
    ]


def test_reading_them_loads_nothing_heavy(parsed: dict[str, Any]) -> None:
    """Reading the files, as is done every few minutes, loads no database driver, no search client and no capture engine."""
    assert "archiver.settings" in parsed["modules"]
    loaded = [
        name for name in parsed["modules"] if any(name == heavy or name.startswith(heavy + ".") for heavy in HEAVY)
    ]
    assert loaded == []


def test_the_night_is_a_night_of_the_city(parsed: dict[str, Any]) -> None:
    """The nightly run's hour and its time zone are settings."""
    export = parsed["dags"]["export_accounts"]
    assert (export["cron"], export["timezone"]) == ("15 1 * * *", "America/New_York")


def test_a_new_installation_runs_nothing_that_it_missed(parsed: dict[str, Any], parsed_at: datetime) -> None:
    """The first run by the clock is always one to come, even where the last one would have been a minute ago."""
    firsts = {dag_id: dag["first_run"] for dag_id, dag in parsed["dags"].items() if dag["cron"]}
    assert sorted(firsts) == [
        "check_index",
        "check_tokens",
        "export_accounts",
        "export_recent",
        "index_records",
        "keep_log",
        "tell_saved",
    ]
    for dag_id, first in firsts.items():
        assert datetime.fromisoformat(first) > parsed_at, dag_id


def test_none_catches_up_or_runs_beside_itself(parsed: dict[str, Any]) -> None:
    """No DAG runs days it has missed, none is created paused, and those of a schedule never run twice at once."""
    for dag_id, dag in parsed["dags"].items():
        assert dag["catchup"] is False, dag_id
        assert dag["paused"] is False, dag_id
        if dag["cron"]:
            assert dag["max_active_runs"] == 1, dag_id


def test_each_platform_has_its_own_pool(parsed: dict[str, Any]) -> None:
    """Every platform of the registry has an export task of its own, in its own pool, labelled, with a time limit."""
    tasks = parsed["dags"]["export_accounts"]["tasks"]
    for platform in PLATFORMS:
        export = tasks[f"{platform}.export"]
        assert export["pool"] == pool_of(platform)
        assert export["label"] == "{{ account }}"
        assert export["timeout"]
        assert export["at_once"]
    assert len([name for name in tasks if name.endswith(".export")]) == len(PLATFORMS)


def test_what_may_mend_itself_is_tried_again_ever_later(parsed: dict[str, Any]) -> None:
    """Tasks that talk to others are tried again, each time after a longer wait."""
    for dag_id, dag in parsed["dags"].items():
        for task_id, task in dag["tasks"].items():
            assert task["retries"] > 0, (dag_id, task_id)
            if task_id != "report":
                assert task["backoff"] == 2.0, (dag_id, task_id)


def test_the_report_comes_whatever_happened(parsed: dict[str, Any]) -> None:
    """The night's report runs after failures too."""
    assert parsed["dags"]["export_accounts"]["tasks"]["report"]["trigger_rule"] == "TriggerRule.ALL_DONE"


def test_captures_give_out_the_asset(parsed: dict[str, Any]) -> None:
    """Every task that captures gives out the asset that the index waits for, and the index runs by the clock too."""
    capturing = [("capture_now", "capture"), ("backfill_account", "backfill")]
    capturing += [("export_recent", platform) for platform in PLATFORMS]
    capturing += [("export_accounts", f"{platform}.export") for platform in PLATFORMS]
    for dag_id, task_id in capturing:
        assert parsed["dags"][dag_id]["tasks"][task_id]["outlets"] == ["archive_records"]
    index = parsed["dags"]["index_records"]
    assert (index["timetable"], index["cron"]) == ("AssetOrTimeSchedule", "* * * * *")


def test_every_task_says_what_to_do_when_it_is_red(parsed: dict[str, Any]) -> None:
    """Each DAG and each task has a text for the operator; of those that can fail for more than the database, what to do."""
    for dag_id, dag in parsed["dags"].items():
        assert dag["doc"], dag_id
        for task_id, task in dag["tasks"].items():
            assert task["doc"], (dag_id, task_id)
            if not task_id.endswith((".accounts", "report")):
                assert "**Red?**" in task["doc"], (dag_id, task_id)


def test_every_param_explains_itself(parsed: dict[str, Any]) -> None:
    """Each param has a type and a title for the form that Airflow makes of it."""
    for dag_id, dag in parsed["dags"].items():
        for name, schema in dag["params"].items():
            assert {"type", "title"} <= set(schema), (dag_id, name)
