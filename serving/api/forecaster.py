"""The one place that knows the model: features or histories in, answers out as JSON.

Whoever changes ``ml.model`` changes this module and no other of the service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from ml.model.chip_model import HISTORY, ForecastModel, Forecasts
from ml.model.errors import FeatureError
from ml.model.grid import HORIZONS, MEDIAN, QUANTILES, Target
from ml.model.history import History, features_of
from ml.model.inputs import INPUTS
from ml.model.matrix import FeatureMatrix, FloatArray
from ml.model.past import Past
from ml.model.quantiles import QuantileModel, all_inputs
from serving.api.fields import end_month
from serving.edge.errors import BadFeaturesError

UNITS: Final = {Target.COUNT: "buildings", Target.AREA: "m2"}
LARGEST: Final = 1e12
"""Amounts beyond it are taken as this much: they are told to be outside, and sums stay finite."""

AT_ONCE: Final = 500
"""Rows that are in memory as objects; the others of a batch are bytes already, or not yet."""

MARGIN: Final = 0.1
"""Share of the range of training values, by which an input may leave it before that is told."""

EXPECTED: Final = "expected change"
"""The first driver: what the chip's own past and its AOI's let expect."""

_ANY: Final = 1e300
"""Bound of an input of which training saw one value alone, so that LightGBM has no range of it."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows to forecast.

    Attributes:
        rows: Features, one row each; or bare histories.
        chip_ids: Names of the chips, None where the request brought the features.
        as_of: Month of each row, None where unknown.
        drivers: How many drivers are told.
        target: What to forecast; of histories it is the count.
    """

    rows: FeatureMatrix | Sequence[History]
    chip_ids: Sequence[str | None]
    as_of: Sequence[int | None]
    drivers: int
    target: str = Target.COUNT.value


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
        self._known = {name: _known(one) for name, one in model.models.items()}

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
        for start in range(0, len(asked.rows), AT_ONCE):
            rows, strange = self._rows(asked, slice(start, start + AT_ONCE))
            parts.append(orjson.dumps(rows)[1:-1])
            outside += strange
        target = Target(asked.target)
        head = orjson.dumps(
            {
                "model_version": self.version,
                "target": target.value,
                "unit": UNITS[target],
                "interval": round(QUANTILES[-1] - QUANTILES[0], 3),
                "baseline": self.model.manifest.best_baselines[target].value,
            }
        )
        body = b"".join((head[:-1], b',"forecasts":[', b",".join(parts), b"]}"))
        return Forecast(body=body, rows=len(asked.rows), outside=outside)

    def _rows(self, asked: Asked, part: slice) -> tuple[list[Row], int]:
        name, features, forecasts = self._predicted(asked, part)
        outside, drivers = self._explained(name, features, asked.drivers)
        rows = zip(
            asked.chip_ids[part],
            asked.as_of[part],
            features.column("known_count").tolist(),
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

    def _predicted(self, asked: Asked, part: slice) -> tuple[str, FeatureMatrix, Forecasts]:
        """Return the name of the model that was asked, what it was asked, and its answer."""
        if not isinstance(asked.rows, FeatureMatrix):
            histories = asked.rows[part]
            forecasts = self.model.predict_histories(histories)
            return HISTORY, features_of(histories), forecasts
        values = np.clip(asked.rows.values[part], -LARGEST, LARGEST)
        features, target = FeatureMatrix(asked.rows.names, values), Target(asked.target)
        try:
            return target, features, self.model.predict(features, target)
        except FeatureError as error:
            raise BadFeaturesError(str(error)) from error

    def _explained(
        self, name: str, features: FeatureMatrix, most: int
    ) -> tuple[dict[int, list[Row]], dict[int, list[list[Row]]]]:
        """Return what lies outside by row, and the main drivers by row and horizon."""
        model, count, size = self.model.models[name], len(features), len(HORIZONS)
        repeated = features.take(np.repeat(np.arange(count), size))
        horizon = np.tile(np.array(HORIZONS, dtype=np.int64), count)
        past = Past.of(repeated, model.manifest.target)
        expected = model.manifest.growth.expect(past, horizon)
        inputs = all_inputs(repeated, model.manifest.extras, past, expected, horizon)
        names = (*INPUTS, *model.manifest.extras)
        outside = _outside(inputs, names, *self._known[name])
        if most == 0:
            return outside, {}
        told = model.boosters[MEDIAN].predict(inputs, pred_contrib=True, num_threads=1)
        shares = np.asarray(told)
        scale = (1 - model.manifest.departures_share) * expected.spread * past.unit
        effects = np.column_stack([expected.mean * past.unit, shares[:, :-1] * scale[:, None]])
        values = np.column_stack([expected.mean * past.unit, inputs])
        lines = _drivers(values, effects, (EXPECTED, *names), most)
        return outside, {row: lines[row * size : (row + 1) * size] for row in range(count)}


def read_history(counts: Mapping[str, float]) -> History:
    """Return a bare history of buildings by month, whose keys are months such as ``201912``."""
    months = sorted(counts)
    numbers = [int(month[:4]) * 12 + int(month[4:]) for month in months]
    amounts = np.minimum([counts[month] for month in months], LARGEST)
    return History(np.array(numbers, dtype=np.int64), amounts)


def _known(model: QuantileModel) -> tuple[FloatArray, FloatArray]:
    """Return least and greatest value of each input in training, as LightGBM keeps them."""
    found = model.boosters[MEDIAN].dump_model(num_iteration=1)["feature_infos"]
    ranges = [found.get(name) for name in model.boosters[MEDIAN].feature_name()]
    low = [one["min_value"] if one else -_ANY for one in ranges]
    high = [one["max_value"] if one else _ANY for one in ranges]
    return np.array(low), np.array(high)


def _outside(
    inputs: FloatArray, names: Sequence[str], low: FloatArray, high: FloatArray
) -> dict[int, list[Row]]:
    """Return by row of the request the inputs that lie outside, each once."""
    found: dict[int, dict[int, Row]] = {}
    margin = MARGIN * (high - low)
    strange = (inputs < low - margin) | (inputs > high + margin)
    for line, place in np.argwhere(strange).tolist():
        found.setdefault(line // len(HORIZONS), {}).setdefault(
            place,
            {
                "input": names[place],
                "value": round(float(inputs[line, place]), 6),
                "lowest": round(float(low[place]), 6),
                "highest": round(float(high[place]), 6),
            },
        )
    return {row: list(parts.values()) for row, parts in found.items()}


def _drivers(
    values: FloatArray, effects: FloatArray, names: Sequence[str], most: int
) -> list[list[Row]]:
    """Return the ``most`` greatest effects of each line, those without any left out."""
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :most]
    return [
        [
            {
                "input": names[place],
                "value": None if np.isnan(value) else round(float(value), 6),
                "effect": round(float(effect), 3) + 0.0,
            }
            for place, value, effect in zip(
                places, values[line, places], effects[line, places], strict=True
            )
            if effect
        ]
        for line, places in enumerate(order)
    ]


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
