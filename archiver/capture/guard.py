"""The fetcher's guard: nothing is asked of an address inside the city's own network.

Addresses of media, feeds and even of a resident's Bluesky server are written by strangers. The check is made on the
address that the connection really reached, after it is made and before anything is sent, so that a name that resolves to
something else the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests.adapters
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.retry import Retry

from archiver.capture.errors import Refused

if TYPE_CHECKING:
    import socket
    from collections.abc import Collection


_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class PrivateAddress(Exception):
    """The peer is an address that the archive does not fetch from."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, NAT64) is judged by that; any other must be of 2000::/3, the
    only block of IPv6 that is handed out (IANA, IPv6 Global Unicast Address Assignments).
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(ip.packed[-4:])
        if inner is None:
            return ip in _GLOBAL_UNICAST and ip.is_global
        ip = inner
    return ip.is_global and not ip.is_multicast


def origin_of(url: str) -> str:
    """`scheme://host:port` of an address, in lower case, the port always written."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower(), 0)
    return f"{parts.scheme}://{parts.hostname}:{port}".lower()


def check_url(url: str) -> None:
    """Refuse what is no plain web address. Raises `Refused`."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Refused(url, f"it is no web address ({error})") from error
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise Refused(url, "only http and https addresses are fetched")


class GuardedAdapter(requests.adapters.HTTPAdapter):
    """A transport that drops the connection when its peer is private and its origin is not allowed by name.

    Args:
        allowed: Origins, exactly as `scheme://host[:port]`, that may lie on private addresses.
    """

    def __init__(self, allowed: Collection[str] = (), **kwargs: Any) -> None:
        self._allowed = frozenset(origin_of(origin) for origin in allowed)
        super().__init__(max_retries=Retry(0, read=False), **kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools with connections that look at their peer (the hook that requests offers)."""
        super().init_poolmanager(*args, **kwargs)
        allowed = self._allowed

        class PlainPool(urllib3.HTTPConnectionPool):
            ConnectionCls = _guarded(HTTPConnection, "http", allowed)

        class SecurePool(urllib3.HTTPSConnectionPool):
            ConnectionCls = _guarded(HTTPSConnection, "https", allowed)

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def _guarded(base: Any, scheme: str, allowed: frozenset[str]) -> Any:
    class Guarded(base):  # type: ignore[misc] # the base is one of two connection classes
        def _new_conn(self) -> socket.socket:
            sock: socket.socket = super()._new_conn()
            peer = sock.getpeername()[0]
            if f"{scheme}://{self.host}:{self.port}".lower() not in allowed and not is_public(peer):
                sock.close()
                raise PrivateAddress(
                    f"{self.host} is at {peer}, inside a private network; if the city means it, name the origin in "
                    "CIVIC_ARCHIVE_ALLOWED_ORIGINS"
                )
            return sock

    return Guarded
