"""The whole of it as one ASGI application: the gate, the API of the model in use, the warehouse."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ml.model.chip_model import ForecastModel
from serving.api.cells import cell_routes
from serving.api.champion import Follower
from serving.api.contract import describe
from serving.api.forecaster import Forecaster
from serving.api.forecasts import forecast_routes
from serving.api.pages import page_routes
from serving.api.places import place_routes
from serving.api.probes import probe_routes
from serving.edge.draining import Drain
from serving.edge.gate import Gate
from serving.edge.handlers import add_handlers
from serving.edge.metrics import Metrics
from serving.edge.responses import as_json
from serving.edge.settings import ServiceSettings
from serving.lookup.cells import Cells
from serving.lookup.features import FeatureLookup
from serving.lookup.places import Places
from serving.lookup.pool import Pool
from serving.map.routes import map_routes
from serving.status.routes import status_routes
from serving.tiles.routes import tile_routes
from serving.tiles.store import TileStore
from serving.trackers.routes import tracker_routes
from serving.trackers.store import TrackerStore

ZIPPED_FROM = 1024
"""Bytes; smaller answers are sent as they are."""

_DESCRIPTION = """Forecasts of the net change of a chip's building count over the next months, with
interval, baseline, drivers and the model's version; and what is known of chips, AOIs and months.

Errors are problem details (RFC 9457), whatever the status."""


class Application:
    """The service.

    Args:
        model: The model to serve; ``use`` changes it while requests are answered.
        settings: See ``ServiceSettings``.
    """

    def __init__(self, model: ForecastModel, settings: ServiceSettings) -> None:
        self._settings = settings
        self.metrics = Metrics()
        self.drain = Drain(settings.drain_seconds)
        self.pool = Pool(settings.pool_size)
        self.metrics.watch_pool(self.pool.numbers)
        self._tiles = TileStore(self.pool)
        self._api = self._api_of(model)
        gate: ASGIApp = Gate(
            GZipMiddleware(self._current, minimum_size=ZIPPED_FROM, compresslevel=4),
            settings=settings,
            metrics=self.metrics,
            drain=self.drain,
        )
        if settings.cors_origins:
            gate = CORSMiddleware(
                gate,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["Content-Type", "X-API-Key", "X-Request-ID", "If-None-Match"],
                expose_headers=["ETag", "X-Request-ID"],
            )
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._gate(scope, receive, send)

    @contextlib.asynccontextmanager
    async def running(self, packages: Path | None = None) -> AsyncIterator[None]:
        """Hold the pool open; follow the champion of a folder of packages where one is given."""
        await self.pool.open()
        following = None
        if packages is not None:
            seconds = self._settings.follow_seconds
            follower = Follower(packages, seconds=seconds, use=self.use)
            following = asyncio.create_task(follower.run())
        try:
            yield
        finally:
            if following is not None:
                following.cancel()
            await self.pool.close()

    async def use(self, model: ForecastModel) -> None:
        """Serve another model; requests that have begun are answered by the one before."""
        self._api = await asyncio.to_thread(self._api_of, model)

    async def _current(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._api(scope, receive, send)

    def _api_of(self, model: ForecastModel) -> FastAPI:
        forecaster = Forecaster(model)
        lookup = FeatureLookup(self.pool, forecaster.features)
        app = FastAPI(
            title="Building growth",
            version=str(forecaster.version or 0),
            description=_DESCRIPTION,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            generate_unique_id_function=lambda route: route.name,
        )
        add_handlers(app)
        app.include_router(forecast_routes(forecaster, lookup, self.metrics))
        app.include_router(place_routes(Places(self.pool)))
        app.include_router(cell_routes(Cells(self.pool), Places(self.pool)))
        app.include_router(tile_routes(self._tiles))
        app.include_router(tracker_routes(TrackerStore(self.pool)))
        app.include_router(probe_routes(lookup, self.metrics, self.drain))
        app.include_router(page_routes())
        app.include_router(map_routes())
        app.include_router(status_routes(self.pool))
        description = functools.cache(functools.partial(describe, app, self._settings))

        @app.get("/openapi.json", include_in_schema=False)
        async def contract() -> Response:
            found: Any = description()
            return as_json(found)

        return app
