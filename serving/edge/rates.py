"""The limit of requests by client: a bucket each, refilled evenly (token bucket)."""

import math
import time
from collections import OrderedDict
from typing import Final

CLIENTS: Final = 10_000
"""Most clients that are remembered; the one that was silent longest is forgotten first."""


class RateLimit:
    """At most ``per_minute`` requests a minute by client, as many of them at once."""

    def __init__(self, per_minute: int) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def seconds_to_wait(self, client: str) -> int:
        """Take one request of a client; 0 if it may pass, else the whole seconds to wait."""
        now = time.monotonic()
        left, seen = self._buckets.pop(client, (self._size, now))
        left = min(self._size, left + (now - seen) * self._per_second)
        passes = left >= 1
        self._buckets[client] = (left - 1 if passes else left, now)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if passes else math.ceil((1 - left) / self._per_second)
