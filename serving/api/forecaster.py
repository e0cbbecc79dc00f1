"""The one place that knows the model: features in, answers out as JSON.

Whoever changes ``ml.model`` changes this module and no other of the service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import orjson

from ml.model.chip_model import ForecastModel, model_inputs
from ml.model.errors import FeatureError
from ml.model.grid import HORIZONS, MEDIAN, QUANTILES
from ml.model.growth import change_unit
from ml.model.matrix import FeatureMatrix, FloatArray
from serving.api.fields import end_month
from serving.edge.errors import BadFeaturesError

UNIT: Final = "buildings"
LARGEST: Final = 1e12
"""Amounts beyond it are taken as this much: they are told to be outside, and sums stay finite."""

_GROWTH_INPUTS: Final = ("horizon", "pooled_growth_by_building", "pooled_growth_by_spread")
_CHANGES: Final = ("net_change_1", "net_change_3", "net_change_6", "net_change_12")

AT_ONCE: Final = 500
"""Rows that are in memory as objects; the others of a batch are bytes already, or not yet."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows to forecast.

    Attributes:
        features: One row each.
        chip_ids: Names of the chips, None where the request brought the features.
        as_of: Month of each row, None where unknown.
        drivers: How many drivers are told.
    """

    features: FeatureMatrix
    chip_ids: Sequence[str | None]
    as_of: Sequence[int | None]
    drivers: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """An answer.

    Attributes:
        body: As JSON, see ``serving.api.answers.ForecastAnswer``.
        rows: How many were forecast.
        outside: How many of them lie outside what the model knows.
    """

    body: bytes
    rows: int
    outside: int


class Forecaster:
    """A loaded model.

    Args:
        model: It is not changed; another champion is another forecaster.
    """

    def __init__(self, model: ForecastModel) -> None:
        self.model = model
        self.version = model.manifest.version
        self.features = model.manifest.features
        self.nullable = model.manifest.nullable
        self.categories = model.manifest.categories

    def matrix(self, rows: Sequence[Mapping[str, float | None]]) -> FeatureMatrix:
        """Return rows of features given in a request as a matrix.

        Raises:
            BadFeaturesError: Columns or values are not such as the model was trained on.
        """
        try:
            return FeatureMatrix.from_rows(rows, self.features)
        except FeatureError as error:
            raise BadFeaturesError(str(error)) from error

    def forecast(self, asked: Asked) -> Forecast:
        """Return the answer.

        Raises:
            BadFeaturesError: Features are not such as the model was trained on.
        """
        parts: list[bytes] = []
        outside = 0
        for start in range(0, len(asked.features), AT_ONCE):
            rows, strange = self._rows(asked, slice(start, start + AT_ONCE))
            parts.append(orjson.dumps(rows)[1:-1])
            outside += strange
        head = orjson.dumps(
            {
                "model_version": self.version,
                "unit": UNIT,
                "interval": round(QUANTILES[-1] - QUANTILES[0], 3),
                "baseline": self.model.manifest.best_baseline.value,
            }
        )
        body = b"".join((head[:-1], b',"forecasts":[', b",".join(parts), b"]}"))
        return Forecast(body=body, rows=len(asked.features), outside=outside)

    def _rows(self, asked: Asked, part: slice) -> tuple[list[Row], int]:
        given = FeatureMatrix(asked.features.names, asked.features.values[part])
        features = FeatureMatrix(given.names, np.clip(given.values, -LARGEST, LARGEST))
        try:
            forecasts = self.model.predict(features)
        except FeatureError as error:
            raise BadFeaturesError(str(error)) from error
        outside = self._outside(given)
        drivers = self._drivers(features, asked.drivers)
        rows = zip(
            asked.chip_ids[part],
            asked.as_of[part],
            given.column("known_count").tolist(),
            (np.round(forecasts.quantiles, 3) + 0.0).tolist(),  # no minus zero
            (np.round(forecasts.baseline, 3) + 0.0).tolist(),
            strict=True,
        )
        answer: list[Row] = [
            {
                "chip_id": chip_id,
                "as_of": month,
                "known_count": count,
                "outside": outside.get(number, []),
                "horizons": _horizons(month, quantiles, baselines, drivers.get(number)),
            }
            for number, (chip_id, month, count, quantiles, baselines) in enumerate(rows)
        ]
        return answer, len(outside)

    @cached_property
    def _known(self) -> tuple[FloatArray, FloatArray]:
        """Least and greatest value of each feature in training, as LightGBM keeps them."""
        found = self.model.boosters[MEDIAN].dump_model(num_iteration=1)["feature_infos"]
        ranges = [found.get(f"Column_{place}") for place in range(len(self.features))]
        low = [one["min_value"] if one else -np.inf for one in ranges]
        high = [one["max_value"] if one else np.inf for one in ranges]
        return np.array(low), np.array(high)

    def _outside(self, features: FeatureMatrix) -> dict[int, list[Row]]:
        low, high = (np.tile(bound, (len(features), 1)) for bound in self._known)
        count = features.column("known_count")
        for name in _CHANGES:
            if name in features.names:
                # There were no fewer than no buildings before the change.
                place = features.names.index(name)
                high[:, place] = np.maximum(np.minimum(high[:, place], count), low[:, place])
        values = features.values
        found: dict[int, list[Row]] = {}
        for row, place in np.argwhere((values < low) | (values > high)).tolist():
            found.setdefault(row, []).append(
                {
                    "input": features.names[place],
                    "value": float(values[row, place]),
                    "lowest": _finite(low[row, place]),
                    "highest": _finite(high[row, place]),
                }
            )
        return found

    def _drivers(self, features: FeatureMatrix, most: int) -> dict[int, list[list[Row]]]:
        """Return the main drivers by row and horizon: LightGBM's own SHAP values of the median."""
        if most == 0:
            return {}
        rows = len(features)
        repeated = features.take(np.repeat(np.arange(rows), len(HORIZONS)))
        horizon = np.tile(np.array(HORIZONS, dtype=np.int64), rows)
        inputs = model_inputs(self.model.core.growth, repeated, horizon)
        shares = self.model.boosters[MEDIAN].predict(inputs, pred_contrib=True, num_threads=1)
        scale = (1 - self.model.manifest.spread_share) * change_unit(repeated, horizon)
        effects = np.asarray(shares)[:, :-1] * scale[:, None]
        order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :most]
        names = (*self.features, *_GROWTH_INPUTS)
        told = [
            [
                {
                    "input": names[place],
                    "value": None if np.isnan(value) else float(value),
                    "effect": round(float(effect), 3) + 0.0,
                }
                for place, value, effect in zip(
                    places, inputs[line, places], effects[line, places], strict=True
                )
                if effect
            ]
            for line, places in enumerate(order)
        ]
        size = len(HORIZONS)
        return {row: told[row * size : (row + 1) * size] for row in range(rows)}


def _horizons(
    as_of: int | None,
    quantiles: list[list[float]],
    baselines: list[float],
    drivers: list[list[Row]] | None,
) -> list[Row]:
    told = drivers or [[] for _ in HORIZONS]
    return [
        {
            "horizon": horizon,
            "month": None if as_of is None else end_month(as_of, horizon),
            "q10": q10,
            "q50": q50,
            "q90": q90,
            "baseline": baseline,
            "drivers": main,
        }
        for horizon, (q10, q50, q90), baseline, main in zip(
            HORIZONS, quantiles, baselines, told, strict=True
        )
    ]


def _finite(value: float) -> float:
    return float(np.clip(value, -LARGEST, LARGEST))
