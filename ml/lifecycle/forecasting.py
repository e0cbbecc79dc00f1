"""Forecasts from the last as-of month of every chip, written to ``ml.chip_forecast``."""

import logging
from dataclasses import dataclass

import numpy as np
import psycopg

from ml.data.examples import ChipMonths, read_chip_months
from ml.lifecycle import tracking
from ml.lifecycle.schema import ensure_schema
from ml.model.chip_model import ForecastModel, Forecasts
from ml.model.errors import FeatureError
from ml.model.grid import HORIZONS, QUANTILE_NAMES
from warehouse.access import connect
from warehouse.connection.roles import Role

logger = logging.getLogger(__name__)

NO_MODEL = "no model has been registered yet, so there is nothing to forecast with"

_REMOVE_GONE = """
    delete from ml.chip_forecast
    where not exists (
        select from features.chip_month
        where
            chip_month.chip_key = chip_forecast.chip_key
            and chip_month.as_of = chip_forecast.as_of
    )
"""

_REMOVE_REPLACED = """
    delete from ml.chip_forecast
    using unnest(%(chip_keys)s::integer[], %(as_ofs)s::integer[]) as replaced (chip_key, as_of)
    where
        chip_forecast.model_version = %(version)s
        and chip_forecast.chip_key = replaced.chip_key
        and chip_forecast.as_of = replaced.as_of
"""


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """What was written.

    Attributes:
        rows_written: Rows of ``ml.chip_forecast``: chips times horizons.
        chips: Chips with a forecast.
        chips_refused: Chips whose features the model does not accept.
        model_version: The champion's version; none where there is none.
        reason: One sentence where nothing was written.
    """

    rows_written: int = 0
    chips: int = 0
    chips_refused: int = 0
    model_version: int | None = None
    reason: str | None = None


def forecast_chips() -> ForecastReport:
    """Forecast every chip with the champion, in one transaction; again gives the same rows.

    Rows of other versions stay, so that old forecasts can be held against what came; those of
    months that the warehouse no longer has are removed.

    Raises:
        UserError: No database, or no feature tables in it.
    """
    champion = tracking.champion()
    with connect(role=Role.TRAINER) as connection:
        ensure_schema(connection)
        if champion is None:
            return ForecastReport(reason=NO_MODEL)
        model = champion.model
        latest = read_chip_months(connection, model.manifest.features).latest()
        accepted = _accepted(model, latest)
        months = latest.take(accepted)
        forecasts = model.predict(months.features)
        rows = _write(connection, months, forecasts, champion.version)
    refused = len(latest.chip_key) - len(months.chip_key)
    reason = None if rows else "features.chip_month holds no chip that the model accepts"
    return ForecastReport(rows, len(months.chip_key), refused, champion.version, reason)


def _accepted(model: ForecastModel, months: ChipMonths) -> np.ndarray:
    """Return the row numbers that the model accepts; each refusal is logged."""
    accepted = []
    for row in range(len(months.chip_key)):
        try:
            model.check(months.features.take(np.array([row])))
        except FeatureError as error:
            logger.warning("no forecast for chip %d: %s", months.chip_key[row], error)
        else:
            accepted.append(row)
    return np.array(accepted, dtype=np.int64)


def _write(
    connection: psycopg.Connection, months: ChipMonths, forecasts: Forecasts, version: int
) -> int:
    connection.execute(_REMOVE_GONE)
    connection.execute(
        _REMOVE_REPLACED,
        {
            "version": version,
            "chip_keys": months.chip_key.tolist(),
            "as_ofs": months.as_of.tolist(),
        },
    )
    rows = [
        (chip, as_of, months_ahead, *quantiles, baseline, version)
        for chip, as_of, by_horizon, baselines in zip(
            months.chip_key.tolist(),
            months.as_of.tolist(),
            forecasts.quantiles.tolist(),
            forecasts.baseline.tolist(),
            strict=True,
        )
        for months_ahead, quantiles, baseline in zip(HORIZONS, by_horizon, baselines, strict=True)
    ]
    columns = f"chip_key, as_of, horizon, {', '.join(QUANTILE_NAMES)}, baseline, model_version"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy ml.chip_forecast ({columns}) from stdin") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    return len(rows)
