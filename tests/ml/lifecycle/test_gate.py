"""The paired test of champion and challenger, on losses made by hand."""

import numpy as np
import polars as pl
import pytest

from ml.data.origin import DataKind
from ml.lifecycle.gate import Comparison, compare, decide, kinds_allow
from ml.model.grid import HORIZONS
from ml.training.params import load_params
from ml.training.tunables import GateParams

RULES = load_params().gate
CHIPS = 40
AOIS = {chip: chip // 2 for chip in range(CHIPS)}


def forecasts(
    *, factor: float = 1.0, at: dict[int, float] | None = None, noise: float = 0.0, seed: int = 1
) -> pl.DataFrame:
    """Losses of forty chips and ten months each; ``factor`` times those of a common draw."""
    random, own = np.random.default_rng(5), np.random.default_rng(seed)
    rows = [
        {
            "protocol": protocol, "target": "building_count", "forecaster": "model",
            "chip_key": chip, "as_of": 201801 + month, "horizon": horizon, "actual": 1.0,
            "pinball": float(
                random.gamma(2.0) * (at or {}).get(horizon, factor)
                * own.lognormal(0.0, noise)
            ),
        }
        for protocol in ("rolling_origin", "unseen_aois")
        for chip in range(CHIPS)
        for month in range(10)
        for horizon in HORIZONS
    ]  # fmt: skip
    return pl.DataFrame(rows)


def compared(challenger: pl.DataFrame, champion: pl.DataFrame | None = None) -> Comparison:
    found = compare(
        forecasts() if champion is None else champion, challenger, AOIS, RULES, loss="pinball"
    )
    assert found is not None
    return found


def test_equal_forecasts_have_the_ratio_one_and_take_over_only_with_newer_data() -> None:
    equal = compared(forecasts())
    assert (equal.overall.lower, equal.overall.value, equal.overall.upper) == (1, 1, 1)
    assert (equal.pairs, equal.clusters) == (2 * CHIPS * 10 * len(HORIZONS), CHIPS // 2)
    assert decide(equal, RULES, knows_more=True).promotes
    refused = decide(equal, RULES, knows_more=False)
    assert not refused.promotes
    assert refused.sentence == (
        "not better, on the same data, than the champion: loss 1.000 (1.000 to 1.000) of the "
        "champion's, margin 1 % (3,200 pairs in 20 AOIs)"
    )


@pytest.mark.parametrize(("factor", "knows_more", "promotes"), [
    (0.97, False, True), (0.995, False, False), (1.005, True, True), (1.02, True, False),
])  # fmt: skip
def test_the_margin_is_to_be_gained_on_the_same_data_and_may_be_lost_on_newer(
    factor: float, knows_more: bool, promotes: bool
) -> None:
    comparison = compared(forecasts(factor=factor))
    assert comparison.overall.value == pytest.approx(factor)
    assert decide(comparison, RULES, knows_more=knows_more).promotes is promotes


def test_a_gain_that_may_be_chance_does_not_count() -> None:
    noisy = compared(forecasts(factor=0.97, noise=1.0, seed=13), forecasts(noise=1.0, seed=3))
    assert noisy.overall.value < 0.99
    assert noisy.overall.upper > 1
    assert not decide(noisy, RULES, knows_more=False).promotes


def test_newer_data_do_not_excuse_a_loss_that_cannot_be_ruled_out() -> None:
    noisy = compared(forecasts(noise=1.0, seed=13), forecasts(noise=1.0, seed=3))
    assert noisy.overall.value < 1
    assert noisy.overall.upper > 1 + RULES.margin
    refused = decide(noisy, RULES, knows_more=True)
    assert not refused.promotes
    assert refused.sentence.startswith("not shown to be as good as the champion: loss 0.98")


def test_one_clearly_worse_horizon_refuses_what_is_better_overall() -> None:
    mixed = compared(forecasts(at={1: 0.5, 3: 0.5, 6: 0.5, 12: 1.1}))
    assert mixed.overall.upper < 0.7
    refused = decide(mixed, RULES, knows_more=False)
    assert not refused.promotes
    assert refused.sentence.startswith("it is clearly worse at 12 months: 1.100 (")


def test_only_equal_outcomes_are_paired() -> None:
    changed = forecasts().with_columns(
        pl.when(pl.col("chip_key") == 3).then(2.0).otherwise("actual").alias("actual")
    )
    assert compared(changed).pairs == 2 * (CHIPS - 1) * 10 * len(HORIZONS)


def test_with_too_few_common_aois_there_is_no_test() -> None:
    few = forecasts().filter(pl.col("chip_key") < 2 * RULES.least_aois - 2)
    assert compare(forecasts(), few, AOIS, RULES, loss="pinball") is None


def test_neighbours_that_err_together_widen_the_interval() -> None:
    """Drawn by chip, forty errors of twenty AOIs would look like forty independent ones."""
    random = np.random.default_rng(3)
    of_aoi = dict(enumerate(random.lognormal(0.0, 0.5, CHIPS // 2)))
    together = forecasts().with_columns(
        pl.col("pinball") * (pl.col("chip_key") // 2).replace_strict(of_aoi)
    )
    by_aoi = compared(together)
    by_chip = compare(forecasts(), together, {chip: chip for chip in AOIS}, RULES, loss="pinball")
    assert by_chip is not None
    width = by_aoi.overall.upper - by_aoi.overall.lower
    assert width > 1.2 * (by_chip.overall.upper - by_chip.overall.lower)


def test_confidence_widens_the_interval() -> None:
    noisy = forecasts(noise=0.5)
    sure = GateParams(**RULES.model_dump() | {"confidence": 0.99})
    wide = compare(forecasts(), noisy, AOIS, sure, loss="pinball")
    assert wide is not None
    assert wide.overall.upper > compared(noisy).overall.upper


def test_generated_data_never_take_the_place_of_own() -> None:
    assert not kinds_allow(DataKind.OWN, DataKind.GENERATED)
    assert kinds_allow(DataKind.GENERATED, DataKind.OWN)
    assert kinds_allow(DataKind.GENERATED, DataKind.GENERATED)
