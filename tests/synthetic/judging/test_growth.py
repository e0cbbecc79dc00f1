"""How chips grow: the measuring by hand, and the generator over 20 seeds."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from synthetic.judging.growth import (
    SEEDS,
    generator_values,
    growth_values,
    image_histories,
    plan_histories,
)
from synthetic.judging.measures import count
from synthetic.planning.facts import FOLDER
from synthetic.planning.plan import Plan
from tests.fixtures.generated import SEED

AUTOCORRELATION = "lag-1 autocorrelation of monthly changes"
DISPERSION = "variance by mean of monthly changes"
NOISE = "half the variance of changes' differences by their mean"
TURN = "sd of ln(growth of second by first half)"


def _history(changes: Sequence[float]) -> np.ndarray:
    return 2000 + np.cumsum([0.0, *changes])


def test_growth_is_measured_right() -> None:
    zigzag = _history([8, 12] * 12)
    slowing = _history([20] * 12 + [10] * 12)
    found = growth_values(np.stack([zigzag, zigzag, slowing]))
    assert found[AUTOCORRELATION] == pytest.approx(-1)
    assert found[DISPERSION] == pytest.approx(4 * 24 / 23 / 10)
    assert found[NOISE] == pytest.approx(np.var([4, -4] * 11 + [4], ddof=1) / 2 / 10)
    assert found[TURN] == pytest.approx(np.log(2) / np.sqrt(3))
    assert found["level months of large chips"] == 0


def test_a_month_that_is_not_known_parts_the_changes() -> None:
    history = _history([10] * 8 + [100] + [10] * 15)
    history[[5, 6]] = np.nan
    found = growth_values(np.stack([history, history]))
    known = [100.0] + [10.0] * 20
    assert found[DISPERSION] == pytest.approx(np.var(known, ddof=1) / np.mean(known))
    assert found["monthly step of large chips, median"] < 0.005


def test_level_months_are_counted_among_the_known_ones() -> None:
    history = _history([10, 0, 10, 0] * 6)
    history[0] = np.nan
    found = growth_values(np.stack([history, history]))
    assert found["level months of large chips"] == pytest.approx(12 / 23)


def test_chips_that_are_small_or_cloudy_or_never_change_are_left_out() -> None:
    small = _history([10] * 24) - 1900
    cloudy = _history([10] * 24)
    cloudy[::3] = np.nan
    assert growth_values(np.stack([small, cloudy, np.full(25, 2000.0)])) == {}


def test_files_show_what_was_planned(sample: Path, sample_plan: Plan) -> None:
    assert np.array_equal(
        image_histories(count(sample).images), plan_histories(sample_plan), equal_nan=True
    )


def test_the_generator_grows_like_real_chips_over_20_seeds() -> None:
    listed = tomllib.loads((FOLDER / "figures.toml").read_text())["figure"]
    accepted = {entry["name"]: entry for entry in listed if entry["at"] == "generated"}
    found = generator_values(SEED)
    assert {f"{name}, median of {SEEDS} seeds" for name in found} == set(accepted)
    missed = {
        name: value
        for name, value in found.items()
        if not accepted[f"{name}, median of {SEEDS} seeds"]["low"]
        <= value
        <= accepted[f"{name}, median of {SEEDS} seeds"]["high"]
    }
    assert missed == {}
