"""Routes for those who run the service: alive, ready, metrics."""

from fastapi import APIRouter, Response

from serving.api.answers import Health
from serving.edge.draining import Drain
from serving.edge.errors import DatabaseGoneError, EndingError
from serving.edge.metrics import Metrics
from serving.edge.responses import as_json
from serving.lookup.features import FeatureLookup

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def probe_routes(lookup: FeatureLookup, metrics: Metrics, drain: Drain) -> APIRouter:
    """Return the routes of one process."""
    router = APIRouter(tags=["operations"])

    @router.get("/livez", responses={200: {"model": Health}})
    async def alive() -> Response:
        """The process runs."""
        return _now("alive")

    @router.get("/healthz", responses={200: {"model": Health}})
    async def healthy() -> Response:
        """The process runs: another name of `/livez`."""
        return _now("alive")

    @router.get("/readyz", responses={200: {"model": Health}})
    async def ready() -> Response:
        """Features can be looked up, and the process is not ending."""
        if drain.has_begun:
            raise EndingError("the service is ending; ask another one")
        try:
            await lookup.check()
        except DatabaseGoneError as error:
            raise DatabaseGoneError(f"not ready: {error}") from error
        return _now("ready")

    @router.get(
        "/metrics",
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
        response_class=Response,
    )
    async def read_metrics() -> Response:
        """Numbers for Prometheus."""
        return Response(metrics.text(), headers={"Content-Type": METRICS_TYPE})

    return router


def _now(status: str) -> Response:
    return as_json({"status": status}, headers={"Cache-Control": "no-store"})
