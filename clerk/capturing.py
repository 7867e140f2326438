"""*Capture this now*: the city's Airflow where it is configured, else a program of our own beside the pages.

Whatever happens to it is written into the request's row, which the pages show when they are loaded again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

import requests
import structlog

from archiver import asked
from archiver.local.airflow_api import AirflowApi, AirflowError
from archiver.nightly import run_prefix
from archiver.platforms import PLATFORMS

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

    from archiver.archive import Archive
    from archiver.asked import Asked
    from archiver.local.airflow import AirflowEndpoints

_log = structlog.get_logger()
_DAG = "capture_now"
_NOT_FOUND = 404
_PARTLY = 2
_RUN_OUTCOMES = {"success": "complete", "failed": "failed"}


def scheduler_of(archive: Archive) -> str:
    """Who captures: `airflow` or `process`."""
    return "airflow" if archive.settings.airflow_url else "process"


def start(archive: Archive, request: Asked) -> None:
    """Have it captured. What goes wrong is written into the request's row; never raises for it."""
    try:
        if archive.settings.airflow_url:
            with AirflowApi(_airflow(archive)) as api:
                conf = {"account": request.account, "post": request.post_id}
                body = {"dag_run_id": request.run_id, "logical_date": None, "conf": conf}
                api.ask("POST", f"/dags/{_DAG}/dagRuns", body=body)
        else:
            _start_process(archive, request)
    except (AirflowError, requests.RequestException, OSError) as error:
        _log.warning("capture could not be started", account=request.account, error=str(error))
        words = "it could not be started: " + (
            "Airflow does not answer" if isinstance(error, requests.RequestException) else _first_line(str(error))
        )
        asked.finish(archive.engine, request.id, "failed", words, archive.now())


def look(archive: Archive, row: Row[Any]) -> None:
    """See how a request of ours stands that has not ended: Airflow is asked where it is at work, and where nothing was heard for
    too long it is given up. The end is written down.
    """
    if row.finished_at is None:
        if row.scheduler == "airflow" and archive.settings.airflow_url:
            _ask(archive, row)
        asked.give_up(archive.engine, row, archive.now())


def _ask(archive: Archive, row: Row[Any]) -> None:
    try:
        run = _kept(_airflow(archive)).ask("GET", f"/dags/{_DAG}/dagRuns/{row.run_id}")
    except AirflowError as error:
        if error.status == _NOT_FOUND:
            asked.finish(archive.engine, row.id, "unknown", "Airflow knows no such run", archive.now())
        return
    except requests.RequestException:
        return
    if run["state"] in _RUN_OUTCOMES:
        outcome = _RUN_OUTCOMES[run["state"]]
        words = None if outcome == "complete" else "its task in Airflow says what was not captured"
        asked.finish(archive.engine, row.id, outcome, words, archive.now())


@cache
def _kept(endpoints: AirflowEndpoints) -> AirflowApi:
    """Airflow, logged in once: pages that are open ask it every few seconds."""
    return AirflowApi(endpoints)


def _airflow(archive: Archive) -> AirflowEndpoints:
    from archiver.local.airflow import AirflowEndpoints  # noqa: PLC0415 - only where there is one

    settings = archive.settings
    password = settings.airflow_password.get_secret_value() if settings.airflow_password else ""
    return AirflowEndpoints(
        url=(settings.airflow_url or "").rstrip("/"), user=settings.airflow_user or "", password=password
    )


def _start_process(archive: Archive, request: Asked) -> None:
    command = [sys.executable, "-m", "archiver.cli", "export", request.account, "--json"]
    command += ["--run-id", f"{run_prefix(request.run_id)}1"]
    if request.post_id is not None:
        command.append(f"--thread={request.post_id}")  # an id may begin like an option
    # The same database and folder as ours, wherever these come from. The environment is not shown to other users.
    env = {
        **os.environ,
        "DATABASE_URL": archive.engine.url.render_as_string(hide_password=False),
        "CIVIC_ARCHIVE_HOME": str(archive.spool.parent),
    }
    process = subprocess.Popen(  # noqa: S603 - our own program; what strangers chose is one argument's value
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    threading.Thread(target=_wait, args=(archive, request, process), daemon=True, name=request.run_id).start()


def _wait(archive: Archive, request: Asked, process: subprocess.Popen[str]) -> None:
    try:
        out, err = process.communicate(timeout=asked.LONGEST.total_seconds())
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        asked.finish(archive.engine, request.id, "failed", "it took too long and was ended", archive.now())
        return
    outcome, words = ended(process.returncode, out, err)
    asked.finish(archive.engine, request.id, outcome, words, archive.now())


def ended(code: int, out: str, err: str) -> tuple[str, str | None]:
    """How a run of `civic-archive export --json` ended, by its exit code and what it printed. Pure."""
    if code == 0:
        return "complete", None
    try:
        reports = json.loads(out)
        problems = [
            f"{stream['stream']}: {stream['error'] or stream['outcome']}"
            for report in reports
            for stream in report["streams"]
            if stream["outcome"] not in {"complete", "busy"}
        ]
    except (ValueError, TypeError, KeyError):
        problems = []
    if problems:
        return "partial" if code == _PARTLY else "failed", "; ".join(problems)
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    return "failed", lines[-1].removeprefix("Error: ") if lines else f"the program ended with {code}"


def _first_line(text: str) -> str:
    return text.splitlines()[0][:300] if text else "no reason given"


def can_capture(platform: str, status: str) -> bool:
    """Whether an account can be captured at once: it is active, and its platform is read by a connector. Pure."""
    return status == "active" and platform in PLATFORMS
