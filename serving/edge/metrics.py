"""What Prometheus reads: requests, their time, forecasts by model, inputs outside, the pool."""

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
"""Other methods count as ``other``: a client must not be able to make new series."""

NO_ROUTE: Final = "none"

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class _Pool(Collector):
    """The pool's own numbers, read when asked."""

    def __init__(self, read: Callable[[], Mapping[str, int]]) -> None:
        self._read = read

    def collect(self) -> list[GaugeMetricFamily]:
        found = GaugeMetricFamily(
            "sn7_pool", "Connections to the warehouse, and requests for one.", labels=["what"]
        )
        for what, value in sorted(self._read().items()):
            found.add_metric([what], value)
        return [found]


class Metrics:
    """Counters of one service process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "sn7_requests", "Requests answered.", ["route", "method", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "sn7_request_seconds", "Time from a request to the end of its answer.", ["route"],
            registry=self.registry, buckets=_BUCKETS,
        )  # fmt: skip
        self._forecasts = Counter(
            "sn7_forecasts", "Chips or rows forecast.", ["model_version"], registry=self.registry
        )
        self._outside = Counter(
            "sn7_inputs_outside", "Chips or rows outside what the model knows.", ["model_version"],
            registry=self.registry,
        )  # fmt: skip

    def watch_pool(self, read: Callable[[], Mapping[str, int]]) -> None:
        """Show the numbers of the pool of connections as well."""
        self.registry.register(_Pool(read))

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; ``route`` is the path with its parameters unfilled."""
        known = method if method in METHODS else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def forecast(self, model_version: int | None, *, rows: int, outside: int) -> None:
        """Count forecasts, and those whose input lies outside what the model knows."""
        version = str(model_version)
        self._forecasts.labels(version).inc(rows)
        self._outside.labels(version).inc(outside)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text form."""
        return generate_latest(self.registry)
