"""Ports on the loopback address."""

from __future__ import annotations

import socket

import psutil

from archiver.local.errors import PortTakenError

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a connection of an earlier run in TIME_WAIT does not make the port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_port(server: str, *, fixed: int | None, last: int | None, avoid: frozenset[int] = frozenset()) -> int:
    """Choose the port a server listens on: the fixed one, else the last one used while it is free, else any free one.

    Args:
        server: the server's name, for the message.
        fixed: the port the caller insists on.
        last: the port of an earlier run, kept so that addresses stay the same.
        avoid: ports already promised to another server.

    Raises:
        PortTakenError: the fixed port is in use.
    """
    if fixed is not None:
        if not is_free(fixed):
            raise PortTakenError(
                f"{server} cannot listen on {LOOPBACK}:{fixed}: {_holder(fixed)} has it. "
                "Stop that program, or ask for another port (or for none, and a free one is taken)."
            )
        return fixed
    if last is not None and last not in avoid and is_free(last):
        return last
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in avoid:
            return port


def _holder(port: int) -> str:
    """Name the process that listens on a port, as far as the system lets us see it."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "another program"
    for connection in connections:
        if connection.laddr and connection.laddr.port == port and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.NoSuchProcess:
                break
    return "another program"
