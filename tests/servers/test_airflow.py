"""A real Airflow on the embedded servers runs the DAGs against the sample city."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests
import sqlalchemy as sa

from archiver.accounts import find
from archiver.capture.stream import locked
from archiver.local.airflow import DAEMONS
from archiver.local.airflow_api import AirflowError
from archiver.local.home import Home
from archiver.nightly import run_prefix
from archiver.platforms.items import StreamKind
from samplecity.faults import Fault
from tests.fixtures.airflow import airflow_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from samplecity.running import RunningCity
    from tests.fixtures.airflow import TestAirflow

ACCOUNTS = ("parks", "library", "ruiz", "elections", "parks-news", "clerk-notices")
DAEMON_SECRETS = ("secret_key", "jwt_secret", "fernet_key", "password")


@pytest.fixture(scope="module")
def names(airflow: TestAirflow, airflow_city: RunningCity) -> Iterator[list[str]]:
    """Six accounts of the city, registered; closed again after this module."""
    rows = [row for row in airflow_city.register_rows() if row["handle_or_id"].partition(".")[0] in ACCOUNTS]
    yield airflow.register(rows)
    airflow.close_accounts()


@pytest.fixture(scope="module")
def first_night(airflow: TestAirflow, airflow_city: RunningCity, names: list[str]) -> list[dict[str, Any]]:
    """The tasks of a whole first night."""
    airflow_city.at(1)
    _, run, tasks = airflow.export(names)
    assert run["state"] == "success", [(task["task_id"], task["state"]) for task in tasks]
    return tasks


@pytest.fixture(scope="module")
def bad_night(
    airflow: TestAirflow, airflow_city: RunningCity, first_night: list[dict[str, Any]], names: list[str]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Night 3: council member Ruiz's account is hidden by its owner, and a feed's server answers 500."""
    assert first_night
    airflow_city.at(3)
    airflow_city.install(Fault("feeds/parks-news", "server_error", times=None))
    _, run, tasks = airflow.export(names)
    airflow_city.install()
    return run, tasks


def exports(tasks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The export tasks by what they are labelled with. That of a platform without accounts is none: it stands there, skipped."""
    mapped = [task for task in tasks if task["task_id"].endswith(".export") and task["map_index"] >= 0]
    return {str(task["rendered_map_index"]): task for task in mapped}


def held(airflow: TestAirflow, name: str) -> int:
    """How many items an account has been seen with."""
    return int(
        airflow.scalar(
            "select count(distinct g.item_id) from sightings g join streams s on s.id = g.stream_id where s.account_id = :id",
            id=find(airflow.engine, name).id,
        )
    )


def wait_until(condition: Any, seconds: float = 60) -> None:
    """Wait for something that happens by itself."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.2)


class TestANight:
    """Everything goes well."""

    def test_each_account_has_a_task_labelled_with_its_name(
        self, first_night: list[dict[str, Any]], names: list[str]
    ) -> None:
        """An operator sees in the grid which account a task is for, and each waits for its platform's pool."""
        assert sorted(exports(first_night)) == sorted(names)
        for name, task in exports(first_night).items():
            assert task["state"] == "success"
            assert task["pool"] == f"platform_{name.partition(':')[0]}"

    def test_what_the_city_said_is_in_postgres(
        self, airflow: TestAirflow, airflow_city: RunningCity, first_night: list[dict[str, Any]], names: list[str]
    ) -> None:
        """Every item that the truth file says these accounts meet in the first night was seen through them, no other."""
        assert first_night
        refs = [find(airflow.engine, name) for name in names]
        keys = {ref.handle if ref.platform == "rss" else ref.platform_id for ref in refs}
        met = {
            (item["platform"], item["id"])
            for item in airflow_city.truth(1)["items"]
            if any(sighting["account"] in keys and 1 in sighting["nights"] for sighting in item["sightings"])
        }
        with airflow.engine.connect() as connection:
            seen = connection.execute(
                sa.text(
                    "select i.platform, i.platform_id from items i join versions v on v.item_id = i.id "
                    "join captures c on c.id = v.capture_id join streams s on s.id = c.stream_id "
                    "where starts_with(c.run_id, :run) and not (i.platform = 'rss' and i.kind = 'profile')"
                ),
                {"run": run_prefix(first_night[0]["dag_run_id"])},
            )
            assert {(row.platform, row.platform_id) for row in seen} == met

    def test_the_asset_starts_the_index_run(
        self, airflow: TestAirflow, es_client: Elasticsearch, first_night: list[dict[str, Any]]
    ) -> None:
        """A successful export starts `index_records` by itself, after which everything can be searched."""
        assert first_night
        wait_until(lambda: airflow.scalar("select count(*) from outbox") == 0)
        wait_until(lambda: any(run["state"] == "success" for run in airflow.api.runs("index_records")))
        assert {run["run_type"] for run in airflow.api.runs("index_records")} == {"asset_triggered"}
        es_client.indices.refresh(index=airflow.index)
        assert es_client.count(index=airflow.index)["count"] == airflow.scalar("select count(*) from items")

    def test_the_asset_events_carry_counts(
        self, airflow: TestAirflow, first_night: list[dict[str, Any]], names: list[str]
    ) -> None:
        """Each event says for which account it is and how many versions are new."""
        assert first_night
        events = {
            event["extra"]["account"]: event["extra"] for event in airflow.api.every("/assets/events", "asset_events")
        }
        assert set(names) <= set(events)
        assert all(events[name]["versions_new"] > 0 for name in names)

    def test_the_report_shows_every_account(
        self, airflow: TestAirflow, first_night: list[dict[str, Any]], names: list[str]
    ) -> None:
        """The last task's log has a line for each account."""
        (report,) = [task for task in first_night if task["task_id"] == "report"]
        log = airflow.api.log(report)
        for name in names:
            assert any(line.startswith(name) and line.endswith("whole") for line in log.splitlines()), log


class TestABadNight:
    """Two accounts go wrong, in two ways."""

    def test_the_others_are_whole(
        self, bad_night: tuple[dict[str, Any], list[dict[str, Any]]], names: list[str]
    ) -> None:
        """The night is red, and every account but those two is green."""
        run, tasks = bad_night
        failed = {name for name, task in exports(tasks).items() if task["state"] == "failed"}
        assert run["state"] == "failed"
        assert failed == {"rss:parks-news", next(name for name in names if "ruiz" in name)}
        assert len(exports(tasks)) == len(names)

    def test_only_what_a_retry_may_mend_is_tried_again(
        self, bad_night: tuple[dict[str, Any], list[dict[str, Any]]]
    ) -> None:
        """A server that answers 500 is tried four times, an account that is closed to us once."""
        tries = {name: task["try_number"] for name, task in exports(bad_night[1]).items() if task["state"] == "failed"}
        assert tries.pop("rss:parks-news") == 4
        assert list(tries.values()) == [1]

    def test_the_log_says_what_is_wrong(
        self, airflow: TestAirflow, bad_night: tuple[dict[str, Any], list[dict[str, Any]]]
    ) -> None:
        """The failed task's log and the report's name the account and the platform's own answer."""
        task = exports(bad_night[1])["rss:parks-news"]
        (report,) = [task for task in bad_night[1] if task["task_id"] == "report"]
        for log in (airflow.api.log(task), airflow.api.log(report)):
            assert "rss:parks-news" in log
            assert "answered 500" in log
        assert "2 of 6 accounts are not whole" in airflow.api.log(report)


class TestOnDemand:
    """`capture_now`, `backfill_account` and `check_index`."""

    @pytest.mark.parametrize(
        ("dag_id", "conf"),
        [
            ("capture_now", {}),
            ("capture_now", {"account": "parks"}),
            ("capture_now", {"account": "rss:parks-news", "post": ""}),
            ("backfill_account", {"account": "rss:parks-news", "mode": "weekly"}),
            ("backfill_account", {"account": "rss:parks-news", "streams": ["likes"]}),
            ("export_accounts", {"accounts": "rss:parks-news"}),
        ],
    )
    def test_wrong_params_are_refused(self, airflow: TestAirflow, dag_id: str, conf: dict[str, Any]) -> None:
        """A run with params that make no sense is not even made: 400."""
        with pytest.raises(AirflowError) as refused:
            airflow.api.trigger(dag_id, conf)
        assert refused.value.status == 400

    def test_an_unknown_account_fails_at_once(self, airflow: TestAirflow) -> None:
        """An account that is not in the register is not tried twice, and the log says how to add it."""
        run, (task,) = airflow.run("capture_now", {"account": "rss:no-such-feed"})
        assert run["state"] == "failed"
        assert task["try_number"] == 1
        assert "civic-archive accounts add rss:no-such-feed" in airflow.api.log(task)

    def test_it_waits_for_a_running_capture(self, airflow: TestAirflow, first_night: list[dict[str, Any]]) -> None:
        """While another capture holds a stream, `capture_now` waits; when that one ends it goes on, and is green."""
        assert first_night
        account = find(airflow.engine, "rss:clerk-notices")
        let_go, taken = threading.Event(), threading.Event()

        def hold() -> None:
            with locked(airflow.engine, account, StreamKind.POSTS, wait=True):
                taken.set()
                let_go.wait(60)

        holder = threading.Thread(target=hold)
        holder.start()
        try:
            assert taken.wait(10)
            run_id = airflow.api.trigger("capture_now", {"account": "rss:clerk-notices"})
            waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            wait_until(lambda: airflow.scalar(waiting) == 1)
            assert "running" in {task["state"] for task in airflow.api.tasks("capture_now", run_id)}
        finally:
            let_go.set()
            holder.join()
        assert airflow.api.wait("capture_now", run_id)["state"] == "success"

    def test_one_posts_comments(
        self, airflow: TestAirflow, airflow_city: RunningCity, first_night: list[dict[str, Any]], names: list[str]
    ) -> None:
        """With a post's id its comments are captured first and then the posts, nothing else, marked as asked for now."""
        assert first_night
        name = next(name for name in names if "parks." in name)
        with airflow.engine.connect() as connection:
            post = connection.scalar(
                sa.text(
                    "select i.platform_id from items i join sightings g on g.item_id = i.id join streams s on s.id = g.stream_id "
                    "where s.kind = 'posts' and s.account_id = :id limit 1"
                ),
                {"id": find(airflow.engine, name).id},
            )
        airflow_city.at(3)
        run, (task,) = airflow.run("capture_now", {"account": name, "post": post})
        assert run["state"] == "success", airflow.api.log(task)
        kinds = (
            "select string_agg(s.kind, ',' order by c.id) from captures c join streams s on s.id = c.stream_id "
            "where c.mode = 'now' and s.account_id = :id"
        )
        assert airflow.scalar(kinds, id=find(airflow.engine, name).id) == "comments,posts"

    def test_a_backfill_of_one_stream(
        self, airflow: TestAirflow, first_night: list[dict[str, Any]], names: list[str]
    ) -> None:
        """Only the streams asked for are captured, and the captures are marked as a backfill."""
        assert first_night
        name = next(name for name in names if "library" in name)
        run, (task,) = airflow.run("backfill_account", {"account": name, "streams": ["profile"]})
        assert run["state"] == "success", airflow.api.log(task)
        kinds = "select string_agg(s.kind, ',') from captures c join streams s on s.id = c.stream_id where mode = 'backfill'"
        assert airflow.scalar(kinds) == "profile"

    def test_a_stream_that_the_platform_lacks(self, airflow: TestAirflow, names: list[str]) -> None:
        """Asking for a stream that the platform has not got fails at once and says which ones there are."""
        assert names
        run, (task,) = airflow.run("backfill_account", {"account": "rss:parks-news", "streams": ["stories"]})
        assert run["state"] == "failed"
        assert task["try_number"] == 1
        assert "has no stream stories" in airflow.api.log(task)

    def test_the_index_check_mends_what_is_missing(
        self, airflow: TestAirflow, es_client: Elasticsearch, first_night: list[dict[str, Any]]
    ) -> None:
        """A document that was lost from the index is back after `check_index`."""
        assert first_night
        wait_until(lambda: airflow.scalar("select count(*) from outbox") == 0)
        lost = str(airflow.scalar("select min(id) from items"))
        (index,) = es_client.indices.get_alias(name=airflow.index).body
        es_client.indices.put_settings(index=index, settings={"index.gc_deletes": "0s"})  # forget the version at once
        es_client.delete(index=index, id=lost, refresh=True)
        run, (task,) = airflow.run("check_index")
        assert run["state"] == "success", airflow.api.log(task)
        es_client.indices.refresh(index=airflow.index)
        assert es_client.exists(index=airflow.index, id=lost)


class TestSecretsAndDoors:
    """What must not get out, and who must not get in."""

    def test_no_secret_in_logs_or_xcoms(self, airflow: TestAirflow, first_night: list[dict[str, Any]]) -> None:
        """No password, key or token stands in any log of a task or a daemon, nor in an XCom."""
        assert first_night
        password = sa.make_url(airflow.servers.database_url).password
        own = sa.make_url(str(airflow.servers.airflow_database_url)).password
        keys = (airflow.home / "airflow" / "secrets.json").read_text(encoding="utf-8").split('"')
        secrets = [password, airflow.servers.elasticsearch_password, own, airflow.endpoints.password]
        secrets += [keys[keys.index(name) + 2] for name in DAEMON_SECRETS]
        assert all(secret and len(secret) > 8 for secret in secrets)
        logs = [path for path in airflow.home.rglob("*.log") if path.is_file()]
        assert any("task_id=rss.export" in str(path) for path in logs)
        texts = {str(path): path.read_text(encoding="utf-8", errors="replace") for path in logs}
        texts["xcoms"] = str(airflow_rows(airflow, "select value from xcom"))
        assert "rss:parks-news" in texts["xcoms"]
        for where, text in texts.items():
            assert not [secret for secret in secrets if str(secret) in text], where

    def test_a_stranger_is_refused(self, airflow: TestAirflow) -> None:
        """Without a token nothing is shown, and a wrong password gets none."""
        dags = requests.get(f"{airflow.endpoints.url}/api/v2/dags", timeout=10)
        token = requests.post(
            f"{airflow.endpoints.url}/auth/token", json={"username": "admin", "password": "admin"}, timeout=10
        )
        assert (dags.status_code, token.status_code) == (401, 401)

    def test_it_listens_on_the_loopback_only(self, airflow: TestAirflow) -> None:
        """No daemon, nor a child of one, listens on an address that another machine can reach."""
        records = Home(airflow.home).state().processes
        processes = [psutil.Process(records[name].pid) for name in DAEMONS]
        processes += [child for process in processes for child in process.children(recursive=True)]
        addresses = set()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):  # a child that has ended meanwhile
                addresses |= {
                    connection.laddr.ip
                    for connection in process.net_connections("inet")
                    if connection.status == psutil.CONN_LISTEN
                }
        assert addresses == {"127.0.0.1"}

    def test_its_secrets_are_its_own(self, airflow: TestAirflow) -> None:
        """The files with keys and passwords can be read by nobody else."""
        for name in ("secrets.json", "passwords.json", "airflow.cfg"):
            assert (airflow.home / "airflow" / name).stat().st_mode & 0o077 == 0, name


class TestStarting:
    """Starting what runs, and what has died."""

    def test_a_second_start_changes_nothing(self, airflow: TestAirflow) -> None:
        """Starting it again is quick, and gives the same address and the same processes."""
        before = Home(airflow.home).state().processes
        began = time.monotonic()
        assert airflow.start() == airflow.endpoints
        assert time.monotonic() - began < 5
        assert Home(airflow.home).state().processes == before

    def test_a_killed_daemon_is_started_again(self, airflow: TestAirflow) -> None:
        """A killed scheduler is back after a start, the workers that it left behind are gone, the others are left alone."""
        before = Home(airflow.home).state().processes
        scheduler = psutil.Process(before["airflow-scheduler"].pid)
        workers = scheduler.children(recursive=True)
        assert workers
        scheduler.kill()
        scheduler.wait(10)
        airflow.start()
        after = Home(airflow.home).state().processes
        assert after["airflow-scheduler"].pid != before["airflow-scheduler"].pid
        assert not [worker for worker in workers if worker.is_running()]
        assert {name: one for name, one in after.items() if name != "airflow-scheduler"} == {
            name: one for name, one in before.items() if name != "airflow-scheduler"
        }

    def test_pools_are_kept(self, airflow: TestAirflow) -> None:
        """A pool that an operator has resized is not reset by the next start."""
        airflow.api.ask(
            "PATCH", "/pools/platform_rss", body={"name": "platform_rss", "slots": 2, "include_deferred": False}
        )
        airflow.start()
        assert airflow.api.ask("GET", "/pools/platform_rss")["slots"] == 2
