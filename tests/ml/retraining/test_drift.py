"""Drift: seldom seen where there is none, seen where growth shifts."""

import numpy as np
import pytest

from ml.model.matrix import FloatArray
from ml.retraining.drift import drift_of, ks_distance, stability_index
from ml.retraining.rules import DriftRules, load_rules

CHIPS, LEARNED, WATCHED = 60, 20, 24


@pytest.fixture(scope="module")
def rules() -> DriftRules:
    return load_rules().drift


def growth(seed: int, *, boom_from: int | None = None) -> FloatArray:
    """Buildings gained by chip and month: rates that differ by chip, wander, and swing by season.

    Shape (months, chips); counts are overdispersed, as those of real chips are.
    """
    random = np.random.default_rng(seed)
    months = LEARNED + WATCHED
    level = random.gamma(1.0, 6.0, CHIPS)
    wander = np.exp(np.cumsum(random.normal(0, 0.06, (months, CHIPS)), axis=0))
    season = 1 + 0.2 * np.sin(2 * np.pi * np.arange(months) / 12)[:, None]
    rate = level * wander * season
    if boom_from is not None:
        rate[boom_from:] *= 4
    return random.negative_binomial(1.0, 1 / (1 + rate)).astype(np.float64)


def alarms(gained: FloatArray, rules: DriftRules) -> list[int]:
    """Months of the watch that alarm: each beside what was learned from, which moves on by 3."""
    found = []
    for month in range(LEARNED, len(gained)):
        learned = LEARNED + (month - LEARNED) // 3 * 3
        drift = drift_of("x", gained[:learned].ravel(), gained[learned : month + 1].ravel(), rules)
        if drift is not None and drift.is_drift:
            found.append(month)
    return found


def test_at_most_one_false_alarm_in_ten_years(rules: DriftRules) -> None:
    seeds = 20
    false = sum(len(alarms(growth(seed), rules)) for seed in range(seeds))

    assert false <= seeds * WATCHED / 12 / 10


@pytest.mark.parametrize("seed", range(5))
def test_a_boom_is_seen_within_its_first_three_months(seed: int, rules: DriftRules) -> None:
    boom = LEARNED + 6

    found = alarms(growth(seed, boom_from=boom), rules)

    assert any(boom <= month < boom + 3 for month in found)


def test_too_few_values_say_nothing(rules: DriftRules) -> None:
    many, few = np.arange(100.0), np.full(rules.least_rows - 1, 1e6)

    assert drift_of("x", many, few, rules) is None
    assert drift_of("x", many, np.append(few, np.nan), rules) is None


def test_the_index_is_that_of_its_definition() -> None:
    old = np.arange(10.0)
    new = np.array([0.0, 1, 2, 3, 4, 0, 1, 9, 8, 7])

    # Two bins, split at the median: 5 and 5 of ten before, 7 and 3 of ten now.
    expected = (0.7 - 0.5) * np.log(0.7 / 0.5) + (0.3 - 0.5) * np.log(0.3 / 0.5)
    assert stability_index(old, new, 2) == pytest.approx(expected)


def test_a_feature_of_one_value_does_not_drift_by_itself() -> None:
    assert stability_index(np.zeros(50), np.zeros(40), 5) < 0.001


def test_the_distance_is_the_widest_gap() -> None:
    assert ks_distance(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])) == pytest.approx(0.5)
