"""A small client of Airflow's REST API (v2): start a run, wait for it, read what its tasks did and said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

import requests

from archiver.local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.local.airflow import AirflowEndpoints

_PAGE = 100
_POLL_SECONDS = 0.3
_TIMEOUT = 30
_FINAL = frozenset({"success", "failed"})
_UNAUTHORISED = 401


class AirflowError(LocalStackError):
    """Airflow refused a request; the message has its own words."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class AirflowApi:
    """One Airflow, logged in. A context manager that closes its connections. Several threads may ask through it.

    Raises (every method): `AirflowError` where Airflow refuses, `requests.RequestException` where it does not answer.
    """

    def __init__(self, endpoints: AirflowEndpoints) -> None:
        self._endpoints = endpoints
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy for the outside world has no business on the loopback
        self._token: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(self, method: str, path: str, *, body: object = None, params: Mapping[str, Any] | None = None) -> Any:
        """Send a request to `/api/v2{path}`; gives the answer's JSON, None where it has none."""
        token = self._token or self._log_in()
        answer = self._send(method, f"/api/v2{path}", body, params, token)
        if answer.status_code == _UNAUTHORISED:  # the token has run out
            answer = self._send(method, f"/api/v2{path}", body, params, self._log_in())
        return _answer(answer)

    def _log_in(self) -> str:
        who = {"username": self._endpoints.user, "password": self._endpoints.password}
        token = str(_answer(self._send("POST", "/auth/token", who))["access_token"])
        self._token = token
        return token

    def _send(
        self, method: str, path: str, body: object, params: Mapping[str, Any] | None = None, token: str | None = None
    ) -> requests.Response:
        url = self._endpoints.url + path
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._session.request(method, url, json=body, params=params, headers=headers, timeout=_TIMEOUT)

    def every(self, path: str, key: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Give every element of a paged list."""
        offset = 0
        while True:
            page = self.ask("GET", path, params={**params, "limit": _PAGE, "offset": offset})
            yield from page[key]
            offset += len(page[key])
            if not page[key] or offset >= page["total_entries"]:
                return

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run with these params; gives its id."""
        body = {"logical_date": None, "conf": dict(conf or {})}
        return str(self.ask("POST", f"/dags/{dag_id}/dagRuns", body=body)["dag_run_id"])

    def wait(self, dag_id: str, run_id: str, *, timeout: float = 300) -> dict[str, Any]:
        """Wait until a run has ended, however it did; gives the run (`state` is `success` or `failed`).

        Raises:
            TimeoutError: it has not, after so many seconds; the message has its tasks' states.
        """
        until = time.monotonic() + timeout
        while True:
            run: dict[str, Any] = self.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
            if run["state"] in _FINAL:
                return run
            if time.monotonic() > until:
                tasks = {f"{one['task_id']}[{one['map_index']}]": one["state"] for one in self.tasks(dag_id, run_id)}
                raise TimeoutError(f"{dag_id} {run_id} is {run['state']} after {timeout:.0f} s: {tasks}")
            time.sleep(_POLL_SECONDS)

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Give every run of a DAG, the latest first."""
        return list(self.every(f"/dags/{dag_id}/dagRuns", "dag_runs", order_by="-run_after"))

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Give every task of a run, the mapped ones one by one (`map_index`, `rendered_map_index`)."""
        return list(self.every(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances"))

    def log(self, task: Mapping[str, Any], *, attempt: int | None = None) -> str:
        """Give what a task (from `tasks`) said in its last attempt, or in another: its lines, errors with their causes."""
        number = attempt or task["try_number"]
        answer = self.ask(
            "GET",
            f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/logs/{number}",
            params={"map_index": task["map_index"], "full_content": "true"},
        )
        return "\n".join(_line(entry) for entry in answer["content"])

    def wait_for_dags(self, *dag_ids: str, timeout: float = 60) -> None:
        """Wait until Airflow has read these DAGs.

        Raises:
            TimeoutError: it has not; the message has the import errors.
        """
        until = time.monotonic() + timeout
        while missing := set(dag_ids) - {dag["dag_id"] for dag in self.every("/dags", "dags")}:
            if time.monotonic() > until:
                errors = [one["stack_trace"] for one in self.every("/importErrors", "import_errors")]
                raise TimeoutError(f"Airflow did not read {', '.join(sorted(missing))}: {errors or 'no error given'}")
            time.sleep(_POLL_SECONDS)

    def ensure_pools(self, pools: Mapping[str, int], description: str) -> list[str]:
        """Make the pools that are missing, with so many slots; those there keep theirs. Gives the names made."""
        there = {pool["name"] for pool in self.every("/pools", "pools")}
        missing = [name for name in pools if name not in there]
        for name in missing:
            body = {"name": name, "slots": pools[name], "description": description, "include_deferred": False}
            self.ask("POST", "/pools", body=body)
        return missing


def _line(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    causes = entry.get("error_detail") or ()
    return "\n".join((str(entry.get("event")), *(f"{one.get('exc_type')}: {one.get('exc_value')}" for one in causes)))


def _answer(answer: requests.Response) -> Any:
    if not answer.ok:
        words = answer.text[:2000]
        raise AirflowError(f"Airflow answered {answer.status_code} to {answer.request.method} {answer.url}: {words}",
                           answer.status_code)  # fmt: skip
    return answer.json() if answer.content else None
