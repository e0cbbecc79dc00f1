"""Cells → model: one booster for all horizons, calibrated on AOIs that it did not see.

Its log-odds start from the rate of its horizon. A horizon that is not known yet, twelve months
ahead after a year of data, takes part all the same: its rate follows from how rates grew with the
horizon so far, and the booster ranks cells as it does for the shorter ones.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.data.cell_sample import CellSample
from ml.data.cells import CellMonths, Growth
from ml.model.boosting import Booster, fit_binary
from ml.model.cell_model import CellManifest, CellModel, cell_inputs, log_odds, probability
from ml.model.grid import LEARNT_HORIZONS
from ml.model.matrix import FloatArray
from ml.training.cell_params import CellParams

_STEPS: Final = 25
"""Newton steps of the calibration at most; it settles in fewer than ten."""

_SLOPES: Final = (0.2, 1.5)
"""Slopes of the calibration at least and at most: no forecast is turned round or blown up."""

_FEWEST: Final = 1e-4
"""Rates are kept this far from 0 and 1."""


def known_growth(
    cells: CellMonths, params: CellParams, *, among: NDArray[np.bool_], until: int | None = None
) -> dict[int, Growth]:
    """Return by horizon what is known, at horizons where that is enough to learn from.

    Args:
        cells: All cells.
        params: The tunables.
        among: Rows that may be learnt from, shape (rows,).
        until: Month, counted from year 0, after which nothing is known; none for no end.
    """
    known = {}
    for horizon in LEARNT_HORIZONS:
        in_time = among if until is None else among & (cells.as_of_month + horizon <= until)
        growth = cells.growth(horizon).among(in_time)
        chip_months = len(np.unique(cells.chip_month[growth.rows]))
        is_enough = growth.has_grown.sum() >= params.minimum.grown
        if chip_months >= params.minimum.chip_months and is_enough:
            known[horizon] = growth
    return known


def expected_rates(known: Mapping[int, Growth], params: CellParams) -> dict[int, float]:
    """Return by horizon the share of cells that grow, as of the months known at the shortest.

    From one horizon to the next the rate grows by a power of the horizon, taken from the rows of
    which both are known, as months known at one alone may have been busier.
    """
    shortest = min(known)
    rates = {shortest: float(known[shortest].has_grown.mean())}
    exponent, last = params.exponent, shortest
    for horizon in LEARNT_HORIZONS[LEARNT_HORIZONS.index(shortest) + 1 :]:
        if horizon in known:
            exponent = _exponent(known, last, horizon, params.exponent)
        rates[horizon] = rates[last] * (horizon / last) ** exponent
        last = horizon
    return {horizon: min(max(rate, _FEWEST), 1 - _FEWEST) for horizon, rate in rates.items()}


def fit_cells(cells: CellMonths, known: Mapping[int, Growth], params: CellParams) -> CellModel:
    """Train and calibrate; arguments as of ``draw``."""
    return fit_sample(draw(cells, known, params), params)


def draw(cells: CellMonths, known: Mapping[int, Growth], params: CellParams) -> CellSample:
    """Draw the rows to learn from, the same ones from the same data and seed.

    Args:
        cells: All cells.
        known: What is known, by ``known_growth``; at least one horizon.
        params: The tunables.
    """
    rng = np.random.default_rng(params.seed)
    rows, grown = [], []
    for growth in known.values():
        share = max(params.sample_share, params.sample_rows / max(len(growth.rows), 1))
        chosen = rng.random(len(growth.rows)) < share
        rows.append(growth.rows[chosen])
        grown.append(growth.has_grown[chosen])
    drawn = np.concatenate(rows)
    return CellSample(
        chip_key=cells.chip_key[drawn],
        aoi_key=cells.aoi_key[drawn],
        as_of=cells.as_of[drawn],
        horizon=np.repeat(np.array(list(known), dtype=np.int64), [len(part) for part in rows]),
        has_grown=np.concatenate(grown),
        names=cells.names,
        values=cells.values[drawn],
        rates=expected_rates(known, params),
    )


def fit_sample(sample: CellSample, params: CellParams) -> CellModel:
    """Train and calibrate on rows that were drawn."""
    booster = _fit(sample, np.ones(len(sample), dtype=bool), params)
    slopes = _slopes(sample, params)
    shortest = sample.horizon == sample.horizon.min()
    reference, as_of = sample.values[shortest], sample.as_of[shortest]
    offsets = {months: float(np.log(rate / (1 - rate))) for months, rate in sample.rates.items()}
    intercepts = {
        months: _intercept(
            slopes[months] * log_odds(booster, reference, months, offsets[months]), rate
        )
        for months, rate in sample.rates.items()
    }
    manifest = CellManifest(
        features=sample.names,
        offsets=offsets,
        slopes=slopes,
        intercepts=intercepts,
        first_as_of=int(as_of.min()),
        last_as_of=int(as_of.max()),
        training_rows=len(sample),
        fingerprint=_fingerprint(sample, params),
    )
    return CellModel(manifest=manifest, booster=booster)


def _exponent(known: Mapping[int, Growth], first: int, second: int, otherwise: float) -> float:
    if first not in known:
        return otherwise
    _, one, other = np.intersect1d(
        known[first].rows, known[second].rows, assume_unique=True, return_indices=True
    )
    rates = known[first].has_grown[one].mean(), known[second].has_grown[other].mean()
    if not len(one) or min(rates) == 0:
        return otherwise
    return float(np.log(rates[1] / rates[0]) / np.log(second / first))


def _fit(sample: CellSample, rows: NDArray[np.bool_], params: CellParams) -> Booster:
    return fit_binary(
        cell_inputs(sample.values[rows], sample.horizon[rows]),
        sample.has_grown[rows],
        offset=sample.offset[rows],
        rounds=params.boosting.rounds,
        settings=params.boosting.model_dump(exclude={"rounds"}) | {"seed": params.seed},
    )


def _slopes(sample: CellSample, params: CellParams) -> dict[int, float]:
    """Return by horizon what log-odds are to be multiplied by, on AOIs not seen (Platt 1999)."""
    aois = np.unique(sample.aoi_key)
    folds = min(params.calibration_folds, len(aois))
    if folds < 2:
        return dict.fromkeys(LEARNT_HORIZONS, 1.0)
    dealt = np.random.default_rng(params.seed).permutation(len(aois)) % folds
    fold = dealt[np.searchsorted(aois, sample.aoi_key)]
    odds = np.empty(len(fold))
    for part in range(folds):
        unseen = fold == part
        booster = _fit(sample, ~unseen, params)
        odds[unseen] = log_odds(
            booster, sample.values[unseen], sample.horizon[unseen], sample.offset[unseen]
        )
    slopes, slope = {}, 1.0
    for horizon in LEARNT_HORIZONS:
        rows = sample.horizon == horizon
        # A horizon that is not known takes the slope of the one before it.
        slope = _logistic_slope(odds[rows], sample.has_grown[rows]) if rows.any() else slope
        slopes[horizon] = slope
    return slopes


def _logistic_slope(odds: FloatArray, has_grown: NDArray[np.bool_]) -> float:
    """Fit what happened by intercept and slope; a light pull to 0 and 1 keeps it finite."""
    columns = np.column_stack([np.ones_like(odds), odds])
    neutral = np.array([0.0, 1.0])
    weights = neutral.copy()
    for _ in range(_STEPS):
        share = probability(columns @ weights)
        information = columns.T @ (columns * (share * (1 - share))[:, None]) + np.eye(2)
        step = np.linalg.solve(information, columns.T @ (has_grown - share) - (weights - neutral))
        weights += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    return float(np.clip(weights[1], *_SLOPES))


def _intercept(odds: FloatArray, rate: float) -> float:
    """Return what makes the mean probability the rate."""
    intercept = 0.0
    for _ in range(_STEPS):
        share = probability(intercept + odds)
        step = (rate - share.mean()) / (share * (1 - share)).mean()
        intercept += float(np.clip(step, -1, 1))
    return intercept


def _fingerprint(sample: CellSample, params: CellParams) -> str:
    tunables = json.dumps(params.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(f"{tunables}{sample.digest}".encode()).hexdigest()
