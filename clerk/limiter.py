"""How often somebody may try to log in.

Counted in the memory of this process, by name and by address, in a sliding window; restarting the program forgets the
counts, which costs an attacker more than it gives. At most `_MOST_KEYS` are remembered, those used longest ago go first:
filling the table takes many addresses, each of which is limited itself.
"""

from __future__ import annotations

import contextlib
import ipaddress
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
PER_NAME = 10
PER_ADDRESS = 30
_MOST_KEYS = 20_000


def network_of(address: str) -> str:
    """What is counted as one address: an IPv4 address, or the 64 bits of an IPv6 one that a network is given."""
    with contextlib.suppress(ValueError):
        known = ipaddress.ip_address(address)
        if isinstance(known, ipaddress.IPv6Address):
            return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))
    return address


class LoginLimiter:
    """Counts attempts. An attempt is counted before the password is looked at, so that parallel ones count too."""

    def __init__(self, *, per_name: int = PER_NAME, per_address: int = PER_ADDRESS, window: timedelta = WINDOW) -> None:
        self._limits = {"name": per_name, "address": per_address}
        self._window = window
        self._attempts: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def attempt(self, name: str, address: str, now: datetime) -> timedelta | None:
        """Count an attempt. None: it may go on. Else: how long until the next one may, and this one is not counted."""
        keys = (("name", name), ("address", address))
        with self._lock:
            waits = [wait for key in keys if (wait := self._wait(key, now)) is not None]
            if waits:
                return max(waits)
            for key in keys:
                self._attempts.setdefault(key, deque()).append(now)
                self._attempts.move_to_end(key)
            while len(self._attempts) > _MOST_KEYS:
                self._attempts.popitem(last=False)
            return None

    def succeeded(self, name: str, address: str) -> None:
        """Forget the attempts under a name, as its owner is in, and one of the address, which many may share."""
        with self._lock:
            self._attempts.pop(("name", name), None)
            times = self._attempts.get(("address", address))
            if times:
                times.pop()

    def _wait(self, key: tuple[str, str], now: datetime) -> timedelta | None:
        times = self._attempts.get(key)
        if times is None:
            return None
        while times and times[0] <= now - self._window:
            times.popleft()
        if not times:
            del self._attempts[key]
            return None
        return times[0] + self._window - now if len(times) >= self._limits[key[0]] else None
