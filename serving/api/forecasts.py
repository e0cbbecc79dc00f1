"""Routes of forecasts: of chips by name, of features in the request."""

from typing import Any, Final

import anyio.to_thread
from fastapi import APIRouter, Request, Response

from serving.api.answers import ForecastAnswer
from serving.api.fields import Amount, AsOfAsked, ChipIdInPath, DriversAsked, TargetAsked
from serving.api.forecaster import Asked, Forecaster, read_history
from serving.api.questions import (
    ChipQuestion,
    ChipsQuestion,
    HistoriesQuestion,
    features_question,
)
from serving.edge.metrics import Metrics
from serving.edge.responses import as_json, cacheable
from serving.edge.strict import StrictRoute
from serving.lookup.features import FeatureLookup

IN_THE_LOOP: Final = 1000
"""Rows that are forecast at once in the event loop; more go to a thread, and others are answered
meanwhile."""

_ANSWER: Final[dict[int | str, dict[str, Any]]] = {200: {"model": ForecastAnswer}}


def forecast_routes(forecaster: Forecaster, lookup: FeatureLookup, metrics: Metrics) -> APIRouter:
    """Return the routes of one model."""
    router = APIRouter(route_class=StrictRoute, tags=["forecasts"])
    question = features_question(
        forecaster.features, nullable=forecaster.nullable, categories=forecaster.categories
    )

    async def answered(asked: Asked) -> bytes:
        if len(asked.rows) <= IN_THE_LOOP:
            found = forecaster.forecast(asked)
        else:
            found = await anyio.to_thread.run_sync(forecaster.forecast, asked)
        metrics.forecast(forecaster.version, rows=found.rows, outside=found.outside)
        return found.body

    async def by_chips(chip_ids: list[str], as_of: int | None, drivers: int, target: str) -> bytes:
        found = await lookup.look_up(chip_ids, as_of=as_of)
        return await answered(Asked(found.features, chip_ids, found.as_of, drivers, target))

    @router.post("/forecast", responses=_ANSWER)
    async def forecast(asked: ChipQuestion) -> Response:
        """Forecast one chip from the features that the warehouse has of it."""
        return as_json(await by_chips([asked.chip_id], asked.as_of, asked.drivers, asked.target))

    @router.post("/forecast_batch", responses=_ANSWER)
    async def forecast_batch(asked: ChipsQuestion) -> Response:
        """Forecast many chips; one that is unknown refuses the batch."""
        return as_json(await by_chips(asked.chip_ids, asked.as_of, asked.drivers, asked.target))

    @router.post("/forecast_features", responses=_ANSWER)
    async def forecast_features(asked: question) -> Response:  # type: ignore[valid-type]
        """Forecast from features in the request, without the warehouse."""
        given: Any = asked
        matrix = forecaster.matrix([row.__dict__ for row in given.rows])
        nothing: list[None] = [None] * len(matrix)
        as_of = [given.as_of] * len(matrix)
        return as_json(await answered(Asked(matrix, nothing, as_of, given.drivers, given.target)))

    @router.post("/forecast_history", responses=_ANSWER)
    async def forecast_history(asked: HistoriesQuestion) -> Response:
        """Forecast the building count of places from their counts by month alone."""
        found = [read_history(one) for one in asked.histories]
        nothing: list[None] = [None] * len(found)
        as_of = [int(max(one)) for one in asked.histories]
        return as_json(await answered(Asked(found, nothing, as_of, asked.drivers)))

    @router.get("/chips/{chip_id}/forecast", responses=_ANSWER, tags=["chips"])
    async def chip_forecast(
        request: Request,
        chip_id: ChipIdInPath,
        as_of: AsOfAsked = None,
        target: TargetAsked = Amount.BUILDING_COUNT,
        drivers: DriversAsked = 3,
    ) -> Response:
        """Forecast one chip, as an address that may be kept and asked again."""
        return cacheable(request, await by_chips([chip_id], as_of, drivers, target))

    return router
