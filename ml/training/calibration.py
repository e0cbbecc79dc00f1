"""Conformal calibration across groups of AOIs: how far the interval has to move out."""

import dataclasses
import math
from typing import Final

import numpy as np

from ml.data.examples import Examples
from ml.model.grid import HORIZONS, QUANTILES, Target
from ml.model.matrix import FloatArray, IntArray
from ml.model.past import Past
from ml.model.quantiles import UNMOVED, Offsets, QuantileModel
from ml.training.core import fit_core
from ml.training.params import Params

MISS: Final = QUANTILES[0]
"""Share of the targets that may lie below the interval, and above it."""


def calibrated(
    examples: Examples, params: Params, target: Target, *, extras: tuple[str, ...]
) -> QuantileModel:
    """Train a model and calibrate its interval; arguments as of ``fit_core``."""
    core = fit_core(examples, params, target, extras=extras)
    offsets = conformal_offsets(examples, params, core)
    return dataclasses.replace(core, manifest=core.manifest.model_copy(update={"offsets": offsets}))


def conformal_offsets(examples: Examples, params: Params, core: QuantileModel) -> Offsets:
    """Return by horizon how far the interval has to move out, at both ends, in spreads.

    Cross-conformal (Vovk 2015) quantile regression (Romano, Patterson and Candès 2019, arXiv
    1905.03222), each end for itself: each group of AOIs is judged by a model that was trained on
    the others. As the final model knows more, the offsets count by ``calibration.strength`` only.
    A negative offset narrows the interval. The rates of ``core`` serve all groups: nine numbers
    tell little of any chip.
    """
    groups = aoi_groups(examples.aoi_key, params.calibration.groups, seed=params.seed)
    if groups is None:
        return UNMOVED
    too_low, too_high = np.empty(len(examples)), np.empty(len(examples))
    for group in np.unique(groups):
        judged = groups == group
        rows = examples.take(judged)
        model = fit_core(
            examples.take(~judged),
            params,
            core.manifest.target,
            extras=core.manifest.extras,
            growth=core.manifest.growth,
        )
        too_low[judged], too_high[judged] = _missed(model, rows)
    offsets: Offsets = {}
    for horizon in HORIZONS:
        at = examples.horizon == horizon
        if at.sum() < params.calibration.min_rows:
            at = np.ones(len(examples), dtype=bool)
        strength = params.calibration.strength
        low, high = _conformal_quantile(too_low[at]), _conformal_quantile(too_high[at])
        offsets[horizon] = (strength * low, strength * high)
    return offsets


def aoi_groups(aoi_key: IntArray, groups: int, *, seed: int) -> IntArray | None:
    """Part rows into groups of whole AOIs, each AOI in one; fewer groups where there are few AOIs.

    Returns:
        The group of each row, counted from 0; none where there is one AOI only.
    """
    aois = np.unique(aoi_key)
    if len(aois) <= 1:
        return None
    order = np.random.default_rng(seed).permutation(len(aois))
    group: IntArray = (order % min(groups, len(aois)))[np.searchsorted(aois, aoi_key)]
    return group


def _missed(model: QuantileModel, rows: Examples) -> tuple[FloatArray, FloatArray]:
    """Return how far the interval lies too high and too low, in spreads."""
    past = Past.of(rows.features, model.manifest.target)
    expected = model.manifest.growth.expect(past, rows.horizon)
    quantiles = model.departures(rows.features, past, expected, rows.horizon)
    change = rows.outcome(model.manifest.target) / past.unit
    departure = (change - expected.mean) / expected.spread
    return quantiles[:, 0] - departure, departure - quantiles[:, -1]


def _conformal_quantile(scores: FloatArray) -> float:
    rank = math.ceil((len(scores) + 1) * (1 - MISS))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])
