"""Calibration across groups of AOIs, beside what plain sorting says."""

import dataclasses
import math

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.model.grid import HORIZONS, Target
from ml.model.past import Past
from ml.model.quantiles import UNMOVED, QuantileModel
from ml.training.calibration import aoi_groups, calibrated, conformal_offsets
from ml.training.core import fit_core
from ml.training.params import Params
from tests.fixtures import frames
from tests.fixtures.worlds import grow


def with_calibration(params: Params, **changes: object) -> Params:
    return params.model_copy(update={"calibration": params.calibration.model_copy(update=changes)})


@pytest.fixture(scope="module")
def core(examples: Examples, params: Params) -> QuantileModel:
    return fit_core(examples, params, Target.COUNT, extras=())


def missed_by_hand(
    examples: Examples, params: Params, core: QuantileModel
) -> tuple[np.ndarray, np.ndarray]:
    """How far each end missed, each group of AOIs judged by what the others tell."""
    low, high = np.zeros(len(examples)), np.zeros(len(examples))
    groups = aoi_groups(examples.aoi_key, params.calibration.groups, seed=params.seed)
    for group in set(groups.tolist()):  # type: ignore[union-attr]
        judged = examples.take(groups == group)
        rates = core.manifest.growth
        model = fit_core(
            examples.take(groups != group), params, Target.COUNT, extras=(), growth=rates
        )
        past = Past.of(judged.features)
        expected = rates.expect(past, judged.horizon)
        raw = model.departures(judged.features, past, expected, judged.horizon)
        departure = (judged.net_change - expected.mean) / expected.spread
        low[groups == group], high[groups == group] = raw[:, 0] - departure, departure - raw[:, 2]
    return low, high


def ninth_of_ten(scores: np.ndarray) -> float:
    ranked = sorted(scores.tolist())
    return float(ranked[min(math.ceil((len(ranked) + 1) * 0.9), len(ranked)) - 1])


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.5, 1.0])
def test_both_ends_move_by_their_share_of_what_was_missed(
    examples: Examples, params: Params, core: QuantileModel, strength: float
) -> None:
    """Few rows have the longest horizon: there all horizons answer together."""
    counts = {horizon: int((examples.horizon == horizon).sum()) for horizon in HORIZONS}
    params = with_calibration(params, strength=strength, min_rows=counts[12] + 1)
    low, high = missed_by_hand(examples, params, core)
    found = conformal_offsets(examples, params, core)
    for horizon in HORIZONS:
        own = examples.horizon == horizon
        rows = np.full(len(examples), True) if horizon == 12 else own
        expected = [strength * ninth_of_ten(end[rows]) for end in (low, high)]
        assert found[horizon] == pytest.approx(expected, abs=1e-12)


def test_the_strength_of_the_tunables_moves_both_ends_of_the_forecast(
    examples: Examples, params: Params
) -> None:
    """Half of what was missed, no more and no less, at the lower and at the upper end."""
    models = {
        share: calibrated(
            examples, with_calibration(params, strength=share), Target.COUNT, extras=()
        )
        for share in (0.0, params.calibration.strength, 1.0)
    }
    assert params.calibration.strength == 0.5
    none, half, whole = (np.array(list(one.manifest.offsets.values())) for one in models.values())
    assert (none == 0).all()
    assert half == pytest.approx(whole / 2)
    assert (np.abs(whole) > 1e-3).all()
    ends = [
        one.quantiles(examples.features, examples.horizon)[:, [0, 2]] for one in models.values()
    ]
    for end in (0, 1):
        assert (ends[0][:, end] != ends[1][:, end]).any()
        assert (ends[1][:, end] != ends[2][:, end]).any()


def test_groups_hold_whole_aois_and_follow_the_seed(examples: Examples) -> None:
    groups = aoi_groups(examples.aoi_key, 3, seed=7)
    assert groups is not None
    assert set(groups.tolist()) == {0, 1, 2}
    for aoi in np.unique(examples.aoi_key):
        assert len(np.unique(groups[examples.aoi_key == aoi])) == 1
    assert (groups != aoi_groups(examples.aoi_key, 3, seed=8)).any()


def test_few_aois_make_fewer_groups() -> None:
    groups = aoi_groups(np.array([5, 5, 9, 9, 9]), 3, seed=7)
    assert groups is not None
    assert sorted(set(groups.tolist())) == [0, 1]


def test_a_single_aoi_leaves_the_interval_as_it_is(
    examples: Examples, params: Params, core: QuantileModel
) -> None:
    one = dataclasses.replace(examples, aoi_key=np.zeros(len(examples), dtype=np.int64))
    assert conformal_offsets(one, params, core) == UNMOVED


def test_calibrated_intervals_cover_later_months_of_a_made_up_world(params: Params) -> None:
    """80 % are promised; ties at whole buildings add, and what changes takes away."""
    late = frames.examples(grow(seed=21, chips=120, mean_count=300), params.features)
    origin = int(np.quantile(late.as_of_month, 0.6))
    model = calibrated(late.take(late.known_from <= origin), params, Target.COUNT, extras=())
    test = late.take((late.as_of_month >= origin) & (late.horizon <= 6))
    quantiles = model.quantiles(test.features, test.horizon)
    inside = (test.net_change >= quantiles[:, 0]) & (test.net_change <= quantiles[:, 2])
    assert 0.74 <= inside.mean() <= 0.9
