"""Histories of a few chips and what the model says of their next months, for pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data.examples import ChipMonths, month_number
from ml.model.chip_model import ForecastModel
from ml.model.errors import FeatureError
from ml.model.grid import HORIZONS, QUANTILE_NAMES
from ml.model.matrix import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Fan:
    """One chip's past and its forecast.

    Attributes:
        name: The chip.
        as_of: Time key of the last month that the forecast knows.
        months: Months of the history, counted from ``as_of``: 0 and below.
        counts: Buildings known in those months.
        horizons: Months ahead.
        quantiles: Net change by name of the quantile, one for each horizon.
        plain: Net change by the best plain forecast.
    """

    name: str
    as_of: int
    months: IntArray
    counts: FloatArray
    horizons: tuple[int, ...]
    quantiles: Mapping[str, FloatArray]
    plain: FloatArray


def fans(
    model: ForecastModel, chip_months: ChipMonths, names: Mapping[int, str], *, most: int = 6
) -> Sequence[Fan]:
    """Return the fans of chips from the smallest to the largest, evenly spread.

    Args:
        model: Forecasts from the last as-of month of each.
        chip_months: All as-of months.
        names: Chips' names by key.
        most: Chips.
    """
    latest = chip_months.latest()
    order = np.argsort(latest.features.column("known_count"), kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, most).round().astype(int))]
    return [fan for row in chosen if (fan := _fan(model, chip_months, latest, row, names))]


def _fan(
    model: ForecastModel,
    chip_months: ChipMonths,
    latest: ChipMonths,
    row: int,
    names: Mapping[int, str],
) -> Fan | None:
    try:
        forecast = model.predict(latest.features.take(np.array([row])))
    except FeatureError:
        return None  # a chip that the model refuses has no forecast either
    chip, as_of = int(latest.chip_key[row]), int(latest.as_of[row])
    history = chip_months.chip_key == chip
    months = month_number(chip_months.as_of[history])
    return Fan(
        name=names.get(chip, str(chip)),
        as_of=as_of,
        months=months - months[-1],
        counts=chip_months.features.column("known_count")[history],
        horizons=HORIZONS,
        quantiles=dict(zip(QUANTILE_NAMES, forecast.quantiles[0].T, strict=True)),
        plain=forecast.baseline[0],
    )
