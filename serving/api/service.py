"""The BentoML service. BentoML packages and starts it; every request goes to our own application.

BentoML's routes are not reached: its health checks and its index have another form of errors, and
the index loads a tag manager from the net. Its metrics and spans would cost as much as a forecast
and are replaced by ``serving.edge.metrics``.

What takes memory is imported by the worker alone, not by the process that watches over it.
"""

import functools
import gc
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, cast

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")  # BentoML reads it while it is imported

import bentoml

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from serving.api.app import Application


@functools.cache
def application() -> "Application":
    """Return the application of this process, its model loaded."""
    from serving.api.app import Application  # noqa: PLC0415 - see the module's docstring
    from serving.api.champion import load_model  # noqa: PLC0415
    from serving.edge.logs import log_as_json  # noqa: PLC0415
    from serving.edge.settings import service_settings  # noqa: PLC0415

    log_as_json()
    return Application(load_model(), service_settings())


class Ours:
    """Hands requests to our application and leaves BentoML the life of the process."""

    def __init__(self, app: "ASGIApp") -> None:
        self._bentoml = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request, or pass on the start and the end of the process."""
        app = application() if scope["type"] == "http" else self._bentoml
        await app(scope, receive, send)


@bentoml.service(
    name="building_growth",
    workers=1,
    traffic={"timeout": 3600},  # requests are limited in our own way, and each costs a timer
    http={"host": "127.0.0.1", "port": 3000},
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
)
class BuildingGrowth:
    """Forecasts of the net change of building counts over the next 1, 3, 6 and 12 months."""

    def __init__(self) -> None:
        self._open = AsyncExitStack()

    @bentoml.on_startup  # type: ignore[untyped-decorator]  # BentoML's have no types
    async def start(self) -> None:
        """Load the model, open the pool, take SIGTERM over, follow the champion."""
        from serving.api.champion import own_packages  # noqa: PLC0415

        app = application()
        await self._open.enter_async_context(app.running(own_packages()))
        app.drain.take_over()
        # What is there now stays: without this each batch's garbage collection walks through it.
        gc.collect()
        gc.freeze()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    async def stop(self) -> None:
        """Close the pool."""
        await self._open.aclose()


_service = cast("bentoml.Service[Any]", BuildingGrowth)
_service.add_asgi_middleware(Ours)
