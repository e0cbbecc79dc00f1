"""The BentoML service: endpoints only; what they do stands in ``serving.api.forecaster``.

Requests are not gathered into batches: a forecast takes less time than waiting for others would.
"""

import functools
import logging
import os
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")  # BentoML reads it while it is imported

import bentoml
from pydantic import ValidationError
from starlette.responses import JSONResponse

from ml.model.chip_model import ForecastModel
from serving.api.errors import ServingError
from serving.api.forecaster import Forecaster
from serving.api.messages import AsOf, ChipId, ChipIds, FeatureRows, ForecastAnswer

logger = logging.getLogger(__name__)

Endpoint = Callable[..., Awaitable[ForecastAnswer]]

BUNDLE_FOLDER = Path(__file__).resolve().parents[2] / "model"
"""Where the package holds the model; ``SN7_MODEL_BUNDLE`` names another place."""


def endpoint(route: str) -> Callable[[Endpoint], Endpoint]:
    """Make a method answer at ``route``, our errors with their status and message.

    BentoML alone would hide the message of every status above 499.
    """

    def decorate(method: Endpoint) -> Endpoint:
        @functools.wraps(method)
        async def answer(*args: Any, **kwargs: Any) -> Any:
            try:
                return await method(*args, **kwargs)
            except ServingError as error:
                if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    logger.warning("%s", error)
                return JSONResponse({"error": str(error)}, status_code=error.status)

        return cast("Endpoint", bentoml.api(route=route)(answer))

    return decorate


def is_worth_a_traceback(record: logging.LogRecord) -> bool:
    """Tell whether a log record is more than a client's malformed request, answered with 400."""
    return not (record.exc_info and isinstance(record.exc_info[1], ValidationError))


@functools.cache
def forecast_counter() -> Any:
    """Return the counter of forecasts; made late, as BentoML must first say where metrics go."""
    from prometheus_client import Counter  # noqa: PLC0415 - see above

    return Counter("sn7_forecasts", "Chips or rows of features forecast.", ["model_version"])


@bentoml.service(
    name="building_growth",
    workers=1,
    traffic={"timeout": 30},
    http={"host": "127.0.0.1", "port": 3000},
    # One line per request would cost more than the forecast; /metrics counts them.
    logging={"access": {"enabled": False}},
)
class BuildingGrowth:
    """Forecasts of the net change of building counts over the next 1, 3, 6 and 12 months."""

    def __init__(self) -> None:
        """Load the model once."""
        folder = Path(os.environ.get("SN7_MODEL_BUNDLE", BUNDLE_FOLDER))
        self.forecaster = Forecaster(ForecastModel.load(folder))
        logging.getLogger("bentoml._internal.server.http_app").addFilter(is_worth_a_traceback)

    @endpoint("/forecast")
    async def forecast(self, chip_id: ChipId, as_of: AsOf = None) -> ForecastAnswer:
        """Forecast one chip from the features that the warehouse has of it."""
        return _counted(await self.forecaster.by_chips([chip_id], as_of=as_of))

    @endpoint("/forecast_batch")
    async def forecast_batch(self, chip_ids: ChipIds, as_of: AsOf = None) -> ForecastAnswer:
        """Forecast many chips from the features that the warehouse has of them."""
        return _counted(await self.forecaster.by_chips(chip_ids, as_of=as_of))

    @endpoint("/forecast_features")
    async def forecast_features(self, rows: FeatureRows) -> ForecastAnswer:
        """Forecast from features in the request, without the warehouse."""
        return _counted(self.forecaster.by_features(rows))

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]  # BentoML's has no types
    async def close(self) -> None:
        """Close the connection to the warehouse."""
        await self.forecaster.store.close()

    async def __is_ready__(self) -> bool:
        """Ready when the model is loaded and features can be looked up."""
        return await self.forecaster.store.is_reachable()


def _counted(answer: ForecastAnswer) -> ForecastAnswer:
    forecast_counter().labels(answer.model_version).inc(len(answer.forecasts))
    return answer
