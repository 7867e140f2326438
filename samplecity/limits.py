"""The rate limit every answer of the XRPC servers reports, and keeps to.

Headers as in atproto's xrpc-server: `ratelimit-limit`, `-remaining`, `-reset` (Unix seconds) and `-policy`
(`limit;w=seconds`). The real one is 3,000 per 5 minutes; the city's window is shorter, so that a test that runs into it
waits a little only.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class RateLimit:
    """A fixed window of requests.

    Attributes:
        limit: requests in a window.
        window: its length in seconds.
        clock: gives Unix seconds.
    """

    limit: int = 3000
    window: int = 5
    clock: Callable[[], float] = time.time
    _start: float = field(default=0.0)
    _used: int = field(default=0)

    def take(self) -> tuple[bool, dict[str, str]]:
        """Count a request; gives whether it is allowed, and the headers of its answer."""
        now = self.clock()
        if now >= self._start + self.window:
            self._start, self._used = now, 0
        allowed = self._used < self.limit
        self._used += allowed
        headers = {} if allowed else {"retry-after": str(int(self._start + self.window - now) + 1)}
        return allowed, headers | {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.limit - self._used),
            "ratelimit-reset": str(int(self._start + self.window) + 1),
            "ratelimit-policy": f"{self.limit};w={self.window}",
        }
