"""The DAGs run by Airflow's own `dag.test`, against the sample city, with the servers given as Airflow connections."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import sqlalchemy as sa

from archiver import accounts
from archiver.database import engine_for
from clerk import people
from clerk.saved import store
from clerk.users import SignedIn, create_user
from samplecity.city import City
from samplecity.running import serve
from tests.fixtures.dags import run_dags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Engine

    from archiver.local.endpoints import Endpoints
    from tests.fixtures.stack import DatabaseMaker

WRONG = "postgresql+psycopg2://archive_app:wrong@127.0.0.1:9/nowhere"
TOKEN = "a-token-that-nobody-may-see-4711"


def connection(url: str, conn_type: str, **extra: Any) -> str:
    """An Airflow connection, as AIRFLOW_CONN_… takes it."""
    parts = sa.make_url(url)
    return json.dumps(
        {
            "conn_type": conn_type,
            "host": parts.host,
            "port": parts.port,
            "login": parts.username,
            "password": parts.password,
            "schema": parts.database,
            **extra,
        }
    )


class Played(NamedTuple):
    """What the runs did, and where it lies."""

    result: dict[str, Any]
    counts: dict[str, int]
    documents: int
    told: list[tuple[str, int | None]]
    secrets: list[str]
    xcoms: str


@pytest.fixture(scope="module")
def played(
    stack: Endpoints,
    es_client: Elasticsearch,
    make_module_database: DatabaseMaker,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Played]:
    """A night for one Bluesky account and three feeds, then the index, DATABASE_URL and ELASTICSEARCH_URL being wrong.

    The address of one feed holds a secret, which Airflow keeps; that of another is nowhere to be had.
    """
    assert stack.elasticsearch_password
    urls = make_module_database(template=migrated_template)
    engine = engine_for(urls.app_url)
    index = f"test-dags-{uuid.uuid4().hex[:12]}"
    folder = tmp_path_factory.mktemp("airflow")
    with serve(City.build()) as city:
        rows = {row["account"]: row for row in city.register_rows()}
        for name, settings in {
            "bluesky:elections.laspalmasverdes.test": None,
            "rss:clerk-notices": None,
            "rss:parks-news": {"url": "env:PARKS_FEED"},
            "rss:biblioteca-noticias": {"url": "env:LIBRARY_FEED"},
        }.items():
            accounts.add(engine, name, {"department": "Parks"}, settings or rows[name]["settings"])
        _keep_a_search(engine)
        search = sa.engine.make_url(stack.elasticsearch_url.replace("http", "postgresql", 1))
        search = search.set(username=stack.elasticsearch_user, password=stack.elasticsearch_password, database="http")
        result = run_dags(
            folder,
            [
                ("export_accounts", {}),
                ("index_records", {}),
                ("check_index", {}),
                ("tell_saved", {}),
                ("tell_saved", {}),
            ],
            DATABASE_URL=WRONG,
            ELASTICSEARCH_URL="http://127.0.0.1:9",
            AIRFLOW_CONN_CIVIC_ARCHIVE_POSTGRES=connection(urls.app_url, "postgres"),
            AIRFLOW_CONN_CIVIC_ARCHIVE_ELASTICSEARCH=connection(search.render_as_string(hide_password=False), "http"),
            AIRFLOW_CONN_CIVIC_ARCHIVE_PARKS_FEED=json.dumps(
                {"conn_type": "http", "password": f"{city.url}/feeds/parks-news?token={TOKEN}"}
            ),
            CIVIC_ARCHIVE_ALLOWED_ORIGINS=city.url,
            CIVIC_ARCHIVE_INDEX_NAME=index,
            CIVIC_ARCHIVE_RETRY_DELAY="0.2",
        )
    with engine.connect() as database:
        counts = {
            row.handle: row.items
            for row in database.execute(
                sa.text(
                    "select a.handle, count(distinct g.item_id) as items from accounts a join streams s on s.account_id = a.id "
                    "left join sightings g on g.stream_id = s.id group by a.handle"
                )
            )
        }
        told = [
            (row.outcome, row.found)
            for row in database.execute(sa.text("select outcome, found from saved_runs order by id"))
        ]
    documents = int(es_client.count(index=index)["count"])
    airflows_own = sa.create_engine(f"sqlite:///{folder}/airflow.db")
    with airflows_own.connect() as database:
        xcoms = str(database.execute(sa.text("select value from xcom")).all())
    airflows_own.dispose()
    password = str(sa.make_url(urls.app_url).password)
    yield Played(result, counts, documents, told, [TOKEN, password, stack.elasticsearch_password], xcoms)
    engine.dispose()
    es_client.indices.delete(index=f"{index}-000001")


def _keep_a_search(engine: Engine) -> None:
    """Somebody's search for everything, of which they are to be told each night."""
    create_user(engine, "dana", "correct horse battery staple")
    now = datetime.now(UTC)
    with engine.connect() as database:
        user = SignedIn(people.id_of(database, "dana"), "dana", "clerk")
    kept = store.save(engine, user, {"q": ""}, "Everything", shared=False, now=now)
    with engine.connect() as database:
        saved = store.one(database, kept)
    assert saved is not None
    store.change(engine, saved, "dana", now, "switched on", nightly=True)


def exports(played: Played) -> dict[str, dict[str, Any]]:
    """The export tasks of the night by their labels."""
    tasks = played.result["runs"][0]["tasks"]
    return {task["label"]: task for task in tasks if task["task_id"].endswith(".export") and task["label"] is not None}


def test_connections_win_over_the_environment(played: Played) -> None:
    """With both servers' addresses wrong in the environment, what the connections name is used."""
    assert played.counts["clerk-notices"] > 0
    assert played.counts["elections.laspalmasverdes.test"] > 0
    assert [run["state"] for run in played.result["runs"][1:]] == ["success"] * 4
    assert played.documents == sum(played.counts.values())


def test_saved_searches_run_each_night_and_the_first_tells_nothing(played: Played) -> None:
    """What is there is put down by the first run; the next finds nothing new, and needs no mail server for it."""
    assert played.told == [("base", played.documents), ("nothing", played.documents)]


def test_one_account_without_its_secret_leaves_the_others_whole(played: Played) -> None:
    """The account whose secret is nowhere fails at once, the message names the variable, and the others are captured."""
    states = {name: task["state"] for name, task in exports(played).items()}
    assert states == {
        "bluesky:elections.laspalmasverdes.test": "success",
        "rss:clerk-notices": "success",
        "rss:parks-news": "success",
        "rss:biblioteca-noticias": "failed",
    }
    assert exports(played)["rss:biblioteca-noticias"]["tries"] == 1
    assert "the environment variable LIBRARY_FEED (setting url) is not set" in played.result["output"]


def test_the_report_names_what_is_missing(played: Played) -> None:
    """The run fails, and its report says which account was not captured."""
    assert played.result["runs"][0]["state"] == "failed"
    assert (
        "1 of 4 accounts are not whole: rss:biblioteca-noticias: it was not captured at all" in played.result["output"]
    )


def test_a_secret_kept_by_airflow_is_used_and_never_shown(played: Played) -> None:
    """A feed whose secret address is an Airflow connection is captured; no secret is printed, logged or in an XCom."""
    assert played.counts["parks-news"] > 0
    for secret in played.secrets:
        assert secret not in played.result["output"]
        assert secret not in played.xcoms
    assert "rss:parks-news" in played.xcoms
