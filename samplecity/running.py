"""A city that runs: in a thread of this process, or in a process of its own (which spares the reader's interpreter)."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Self

import requests
import uvicorn

from samplecity.server import CityServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from samplecity.city import City
    from samplecity.faults import Fault
    from samplecity.limits import RateLimit

_START_SECONDS, _STOP_SECONDS, _CONTROL_SECONDS = 60, 10, 60


class RunningCity:
    """A city being served; a context manager that stops it.

    Attributes:
        url: its origin, also the PDS's and the app view's.
    """

    def __init__(self, url: str, stop: Callable[[], None]) -> None:
        self.url = url
        self._stop = stop
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def plc_url(self) -> str:
        """The PLC directory: `GET {plc_url}/{did}`."""
        return f"{self.url}/plc"

    @property
    def appview_url(self) -> str:
        """The app view: `GET {appview_url}/xrpc/…`."""
        return self.url

    @property
    def pds_url(self) -> str:
        """The PDS that every DID document names."""
        return self.url

    def feed_url(self, key: str) -> str:
        """Give the address of a feed, by its key (`samplecity.accounts.FEEDS`)."""
        return f"{self.url}/feeds/{key}"

    def at(self, night: int) -> None:
        """Move the city's clock; installs the night's default faults anew.

        Raises:
            ValueError: when the city has no such night.
        """
        self._control("night", {"night": night})

    @property
    def night(self) -> int:
        """The city's present night."""
        return int(self._control("night")["night"])

    @property
    def requests(self) -> dict[int, dict[str, int]]:
        """How many requests each path had, by night."""
        return {int(night): counts for night, counts in self._control("requests").items()}

    def install(self, *faults: Fault) -> None:
        """Replace the fault plan; without arguments nothing goes wrong any more."""
        self._control("faults", [asdict(fault) for fault in faults])

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The fault plan, each fault with how often it `struck`."""
        return list(self._control("faults"))

    def truth(self, night: int | None = None) -> dict[str, Any]:
        """Give the truth after a night (the present one without argument) as JSON."""
        return dict(self._control("truth" if night is None else f"truth?night={night}"))

    def register_rows(self) -> list[dict[str, Any]]:
        """Give the rows of the account register; see `City.register_rows`."""
        return list(self._control("register"))

    def register_csv(self) -> str:
        """Give the same rows as CSV, in the form that `civic-archive accounts import` reads."""
        answer = self._session.get(f"{self.url}/_city/register.csv", timeout=_CONTROL_SECONDS)
        answer.raise_for_status()
        return answer.text

    def tokens(self) -> dict[str, str]:
        """Give what the environment must hold for the register's settings: the token by variable."""
        return dict(self._control("tokens"))

    def _control(self, what: str, body: object = None) -> Any:
        address = f"{self.url}/_city/{what}"
        answer = (
            self._session.get(address, timeout=_CONTROL_SECONDS)
            if body is None
            else self._session.post(address, json=body, timeout=_CONTROL_SECONDS)
        )
        if answer.status_code == requests.codes.bad_request:
            raise ValueError(answer.json()["error"])
        answer.raise_for_status()
        return answer.json()

    def stop(self) -> None:
        """Stop serving; a second time does nothing."""
        self._session.close()
        self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def listen(port: int = 0) -> tuple[socket.socket, str]:
    """Open a listening socket on 127.0.0.1; gives it and the origin.

    Raises:
        OSError: when the port is taken.
    """
    sock = socket.create_server(("127.0.0.1", port), backlog=128)
    return sock, f"http://127.0.0.1:{sock.getsockname()[1]}"


def uvicorn_for(server: CityServer) -> uvicorn.Server:
    """Give a uvicorn server that writes no access log."""
    config = uvicorn.Config(
        server.app(), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2
    )
    return uvicorn.Server(config)


def serve(
    city: City,
    port: int = 0,
    night: int = 1,
    *,
    faulty: bool = True,
    limit: RateLimit | None = None,
    limits: Mapping[str, tuple[int, int]] | None = None,
) -> RunningCity:
    """Serve a city from a thread of this process.

    Args:
        city: what to serve.
        port: on 127.0.0.1; 0 takes a free one.
        night: where its clock starts.
        faulty: install the default faults of each night (one rate limit).
        limit: the rate limit of the XRPC methods, and of each token of the further platforms.
        limits: requests in a window and its length in seconds, for single further platforms.

    Raises:
        OSError: when the port is taken.
        TimeoutError: when the server does not come up.
    """
    sock, origin = listen(port)
    runner = uvicorn_for(CityServer(city, origin, night, faulty=faulty, limit=limit, limits=limits))
    thread = threading.Thread(target=runner.run, kwargs={"sockets": [sock]}, name="samplecity", daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not runner.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise TimeoutError(f"the sample city did not come up at {origin}")
        time.sleep(0.01)

    def stop() -> None:
        runner.should_exit = True
        thread.join(_STOP_SECONDS)
        sock.close()

    return RunningCity(origin, stop)


def spawn(arguments: Sequence[str] = ()) -> RunningCity:
    """Serve a city from a process of its own: `python -m samplecity` with these arguments, on a free port unless told.

    The process ends with this one, also when this one is killed.

    Raises:
        RuntimeError: when the process ends before it serves; its own words are on standard error.
    """
    command = [sys.executable, "-m", "samplecity", "--port", "0", *arguments, "--announce", "--with-parent"]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        process.communicate()
        raise RuntimeError(f"the sample city did not start (exit code {process.returncode}): {' '.join(command)}")

    def stop() -> None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    return RunningCity(json.loads(line)["url"], stop)


def until_stopped(server: CityServer, sock: socket.socket, ready: Callable[[], Iterable[str]]) -> None:
    """Serve in the foreground until a signal, writing `ready()`'s lines to standard output once it listens."""
    for line in ready():
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    uvicorn_for(server).run(sockets=[sock])
