"""Serving the pages over HTTP."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from clerk.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from elasticsearch import Elasticsearch

    from archiver.archive import Archive

_START_SECONDS = 30.0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def serve(
    archive: Archive,
    client: Elasticsearch,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None] = lambda _: None,
    index: str | None = None,
) -> None:
    """Serve the pages until interrupted (Ctrl-C, SIGTERM).

    Behind a proxy that ends TLS, the proxy's address must be in the environment variable `FORWARDED_ALLOW_IPS`
    (uvicorn's own; 127.0.0.1 is trusted by default): cookies are marked Secure, and log-ins counted by address, by what
    the proxy says.

    Args:
        archive: the archive.
        client: of the cluster that the index is in.
        host: the address to listen on; nothing beyond this machine by default.
        port: 0 takes a free one.
        ready: called with the address once the pages can be had.
        index: the alias, where it is not the one of the settings.

    Raises:
        OSError: the port is taken or may not be used.
    """
    # Having shut down in order, uvicorn raises the interruption anew for whoever waits for it: nobody here does.
    with _listening(host, port) as listener, contextlib.suppress(KeyboardInterrupt):
        _server(archive, client, index, listener, ready).run(sockets=[listener])


@contextlib.contextmanager
def running(archive: Archive, client: Elasticsearch, *, index: str | None = None) -> Iterator[str]:
    """Serve the pages on a free port of 127.0.0.1 beside the caller; gives the address, and stops at the end."""
    begun = threading.Event()
    address: list[str] = []

    def ready(url: str) -> None:
        address.append(url)
        begun.set()

    with _listening("127.0.0.1", 0) as listener:
        server = _server(archive, client, index, listener, ready)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        if not begun.wait(_START_SECONDS):
            raise TimeoutError("the pages did not start; the log says why")
        try:
            yield address[0]
        finally:
            server.should_exit = True
            thread.join()


def _server(
    archive: Archive, client: Elasticsearch, index: str | None, listener: socket.socket, ready: Callable[[str], None]
) -> _Server:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(
        create_app(archive, client, index or archive.settings.index_name),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    return _Server(config, lambda: ready(f"http://{shown}:{port}"))


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        yield listener
