"""The demo: a pretend city, exported by the real DAG into the real servers, in a home of its own.

It ends with the addresses and a log-in; everything it started runs on until `civic-archive demo --stop`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import sys
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import sqlalchemy as sa

from archiver import accounts
from archiver.archive import open_archive
from archiver.cli.output import console, print_json, table
from archiver.local import process
from archiver.local.airflow import down_airflow, up_airflow
from archiver.local.airflow_api import AirflowApi
from archiver.local.errors import LocalStackError
from archiver.local.home import Home, default_home, write_private
from archiver.local.ports import choose_port
from archiver.local.stack import down
from archiver.runtime import DAGS, start
from archiver.settings import Settings
from clerk.users import create_user
from samplecity.city import recent_start
from samplecity.running import RunningCity
from search.client import client_for
from search.errors import RebuildRunningError
from search.indexer import drain
from search.rebuild import renew

if TYPE_CHECKING:
    from collections.abc import Callable

    from archiver.archive import Archive
    from archiver.local.airflow import AirflowEndpoints
    from archiver.local.endpoints import Endpoints

NIGHTS = (1, 4)
"""The nights that a new demo plays: enough for edits, deletions and late comments, and no account is in disorder."""
_SOCIAL = ("--social", "all", "--accounts", "1")
"""One account on each further platform; a second one would lose its token for some nights."""
_USER = "clerk"
_WAIT_SECONDS = 60
_DAG_SECONDS = 600

_HELD = sa.text("""
    select a.platform || ':' || a.handle as account, a.department,
           count(distinct s.item_id) filter (where i.kind = 'post') as posts,
           count(distinct s.item_id) filter (where i.kind = 'comment') as comments,
           (select count(*) from versions v where v.item_id in (
               select s2.item_id from sightings s2 join streams t2 on t2.id = s2.stream_id where t2.account_id = a.id)
           ) as versions,
           count(distinct s.item_id) filter (where i.state <> 'present') as not_present
    from accounts a join streams t on t.account_id = a.id join sightings s on s.stream_id = t.id
    join items i on i.id = s.item_id
    group by a.id order by account
""")


def demo_home() -> Path:
    """The demo's own home, so that no real record ever lies beside a pretended one."""
    return (Path(given) if (given := os.environ.get("CIVIC_ARCHIVE_HOME")) else default_home()) / "demo"


@dataclasses.dataclass
class _Kept:
    """What the demo remembers between two starts."""

    start: str
    password: str
    nights: list[int]

    @classmethod
    def of(cls, home: Path) -> _Kept:
        try:
            return cls(**json.loads((home / "demo.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls(recent_start(5).isoformat(), secrets.token_urlsafe(9), [])

    def write(self, home: Path) -> None:
        write_private(home / "demo.json", json.dumps(dataclasses.asdict(self)))


def stop(say: Callable[[str], None]) -> None:
    """Stop everything that the demo started; its data stays."""
    home = demo_home()
    down_airflow(home, say=say)
    down(home, say=say)


def run(*, night: int | None, say: Callable[[str], None], as_json: bool) -> None:
    """Start the demo, or go on with it.

    Args:
        night: Move the pretend city to this night and export it; None plays what a new demo plays, and else the last
            night again.
        say: Told of progress.
        as_json: Print one JSON document at the end.

    Raises `LocalStackError` for what cannot be started; its message says what to do.
    """
    home = Home(demo_home())
    home.prepare()
    kept = _Kept.of(home.path)
    kept.write(home.path)
    city = _city(home, kept, say)
    config = _settings(home, city)
    os.environ.update(city.tokens())
    endpoints = start(config, say=say)
    with open_archive(config, endpoints.database_url, home.path) as archive:
        _register(archive, city, kept)
        airflow = up_airflow(home.path, endpoints, dags_folder=DAGS, say=say)
        nights = [night] if night else list(NIGHTS) if not kept.nights else kept.nights[-1:]
        states = {each: _night(airflow, city, each, say) for each in nights}
        kept.nights += [each for each in nights if each not in kept.nights]
        kept.write(home.path)
        _index(archive, endpoints, say)
        with archive.engine.connect() as connection:
            held = [dict(row) for row in connection.execute(_HELD).mappings()]
    pages = _clerk(home, say)
    _show(held, pages, airflow, kept, states, city, as_json=as_json)


def _settings(home: Home, city: RunningCity) -> Settings:
    """The demo's settings, in the environment too: Airflow's tasks and the pages take theirs from there."""
    os.environ.update(
        {
            "CIVIC_ARCHIVE_HOME": str(home.path),
            "CIVIC_ARCHIVE_CITY": "City of Las Palmas Verdes",
            "CIVIC_ARCHIVE_ALLOWED_ORIGINS": city.url,
            "CIVIC_ARCHIVE_RECHECK_HOURS": "0",
            "CIVIC_ARCHIVE_POLICY_EFFECTIVE_DATE": "2026-10-01",
        }
    )
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "ELASTICSEARCH_URL"):
        os.environ.pop(name, None)  # the demo never touches a city's own servers
    return Settings()


def _daemon(home: Home, name: str, arguments: list[str], say: Callable[[str], None]) -> int:
    """Start one of the demo's own programs where it does not run. Gives its port, the same at every start if it is free."""
    state = home.state()
    record = state.processes.get(name)
    if record is not None and process.is_alive(record):
        return state.ports[name]
    port = choose_port(name, fixed=None, last=state.ports.get(name))
    say(f"Starting {name} on 127.0.0.1:{port}")
    record = process.start_daemon(
        name,
        [sys.executable, "-m", *arguments, "--port", str(port)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        cwd=DAGS.parent,
        user=None,
        log_path=home.path / "logs" / f"{name}.log",
    )
    home.remember(record, port)
    return port


def _wait(url: str, home: Home, name: str) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=5).ok:
                return
        record = home.state().processes.get(name)
        if record is None or not process.is_alive(record):
            break
        time.sleep(0.2)
    raise LocalStackError(
        f"{name} did not answer at {url}; the end of its log: {process.log_since(home.path / 'logs' / f'{name}.log', 0)}"
    )


def _city(home: Home, kept: _Kept, say: Callable[[str], None]) -> RunningCity:
    port = _daemon(home, "samplecity", ["samplecity", "--start", kept.start, *_SOCIAL], say)
    url = f"http://127.0.0.1:{port}"
    _wait(f"{url}/_city/night", home, "samplecity")
    return RunningCity(url, lambda: None)


def _register(archive: Archive, city: RunningCity, kept: _Kept) -> None:
    for row in city.register_rows():
        name = f"{row['platform']}:{row['handle_or_id']}"
        entry = {field: value for field, value in row.items() if field in accounts.FIELDS}
        with contextlib.suppress(accounts.RegisterError):  # there since the last time
            accounts.add(archive.engine, name, entry, row["settings"], actor="demo")
    with archive.engine.connect() as connection:
        known = connection.scalar(sa.text("select count(*) from users where name = :name"), {"name": _USER})
    if not known:
        create_user(archive.engine, _USER, kept.password, "clerk")


def _night(airflow: AirflowEndpoints, city: RunningCity, night: int, say: Callable[[str], None]) -> str:
    """Let the city be at that night, and run the real DAG over it. Gives how the run ended."""
    city.at(night)
    with AirflowApi(airflow) as api:
        api.wait_for_dags("export_accounts", "index_records", timeout=_WAIT_SECONDS)
        say(f"Night {night}: Airflow exports every account (the DAG export_accounts)")
        run_id = api.trigger("export_accounts")
        return str(api.wait("export_accounts", run_id, timeout=_DAG_SECONDS)["state"])


def _index(archive: Archive, endpoints: Endpoints, say: Callable[[str], None]) -> None:
    """The DAG index_records is on its way already; what it has not reached yet is brought in here."""
    say("Bringing the index up to date")
    with contextlib.closing(client_for(endpoints)) as client:
        with contextlib.suppress(RebuildRunningError):  # the DAG does it just now, and what is drained goes to both
            if renew(archive.engine, client, archive.settings.index_name):
                say("The index was of an earlier version, and was built anew")
        drain(archive.engine, client, archive.settings.index_name)


def _clerk(home: Home, say: Callable[[str], None]) -> str:
    port = _daemon(home, "clerk", ["archiver.cli", "clerk"], say)
    url = f"http://127.0.0.1:{port}"
    _wait(f"{url}/healthz", home, "clerk")
    return url


def _show(
    held: list[dict[str, Any]],
    pages: str,
    airflow: AirflowEndpoints,
    kept: _Kept,
    states: dict[int, str],
    city: RunningCity,
    *,
    as_json: bool,
) -> None:
    found = {
        "clerk": {"url": pages, "user": _USER, "password": kept.password},
        "airflow": {"url": airflow.url, "user": airflow.user, "password": airflow.password},
        "city": city.url,
        "nights": states,
        "accounts": held,
    }
    if as_json:
        print_json(found)
        return
    table(
        "Held of each account",
        ("account", "department", "posts", "comments", "versions", "not present"),
        (
            [row[name] for name in ("account", "department", "posts", "comments", "versions", "not_present")]
            for row in held
        ),
        empty="Nothing is held.",
    )
    for night, state in states.items():
        if state != "success":
            console.print(
                f"Night {night}: the export ended {state}; its report in Airflow says which accounts and why."
            )
    console.print(
        f"\nThe clerk's pages   {pages}   user {_USER}, password {kept.password}", markup=False, highlight=False
    )
    console.print(f"Airflow             {airflow.url}   user {airflow.user}, password {airflow.password}", markup=False)
    console.print(f"The pretend city    {city.url}", markup=False, highlight=False)
    console.print("\n`civic-archive demo --night 5` plays on; `make down` stops it all.", markup=False)
    if sys.stdout.isatty() and (os.environ.get("DISPLAY") or sys.platform in {"darwin", "win32"}):
        webbrowser.open(pages)
