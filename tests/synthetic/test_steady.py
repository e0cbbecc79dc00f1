from collections.abc import Callable

import numpy as np
import pytest

from synthetic.steady import (
    Purpose,
    cosine_sine,
    evenly_normal,
    exp,
    normal,
    order,
    power,
    share_out,
    stream,
    whole_number,
)


def _cosine(angles: np.ndarray) -> np.ndarray:
    return cosine_sine(angles)[0]


def _sine(angles: np.ndarray) -> np.ndarray:
    return cosine_sine(angles)[1]


def _half(base: np.ndarray) -> np.ndarray:
    return power(base, 0.5)


@pytest.mark.parametrize("total", [0, 1, 7, 1000])
def test_shares_add_up_and_stay_within_one_of_the_exact(total: int) -> None:
    rng = stream(7, Purpose.LOTS)
    weights = rng.random(50) * (rng.random(50) < 0.5)
    given = share_out(total, weights, rng)
    assert given.sum() == total
    assert np.all(np.abs(given - weights / weights.sum() * total) < 1 + 1e-6)


def test_what_has_no_weight_gets_no_share() -> None:
    rng = stream(7, Purpose.LOTS)
    weights = np.array([0.0, 2.0, 0.0, 1.0, 0.0])
    given = np.sum([share_out(5, weights, rng) for _ in range(50)], axis=0)
    assert given[[0, 2, 4]].tolist() == [0, 0, 0]
    assert np.all(given[[1, 3]] > 0)


def test_parts_draw_from_streams_of_their_own() -> None:
    draws = {
        (seed, purpose, index): stream(seed, purpose, index).random()
        for seed in (1, 2)
        for purpose in Purpose
        for index in (0, 1)
    }
    assert len(set(draws.values())) == len(draws)
    assert stream(1, Purpose.CLOUDS, 1).random() == draws[1, Purpose.CLOUDS, 1]


def test_equal_keys_keep_their_order() -> None:
    assert order(np.array([1, 0, 1, 0, 1])).tolist() == [1, 3, 0, 2, 4]


@pytest.mark.parametrize("function", [exp, _cosine, _sine, _half])
def test_a_last_bit_that_differs_between_machines_leaves_no_trace(
    function: Callable[[np.ndarray], np.ndarray],
) -> None:
    values = stream(7, Purpose.SHAPES).random(20_000)
    there, elsewhere = function(values), function(np.nextafter(values, 2))
    assert np.array_equal(there, elsewhere)
    assert len(np.unique(there)) > 19_000


def test_normal_deviates_have_nine_decimals() -> None:
    deviates = normal(stream(7, Purpose.SHAPES), 10_000)
    assert np.array_equal(deviates, deviates.round(9))
    assert abs(deviates.mean()) < 0.05
    assert deviates.std() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("mean", "dispersion"), [(0.3, 1.0), (40, 1.0), (3, 14), (2000, 9)])
def test_whole_numbers_have_the_mean_and_variance_asked_for(mean: float, dispersion: float) -> None:
    chances = (np.arange(4000) + 0.5) / 4000
    drawn = np.array([whole_number(chance, mean, dispersion) for chance in chances.tolist()])
    assert np.all(np.diff(drawn) >= 0)
    assert drawn.mean() == pytest.approx(mean, rel=0.01)
    assert drawn.var() == pytest.approx(mean * dispersion, rel=0.03)


def test_whole_numbers_are_quantiles_of_poissons_distribution() -> None:
    none, at_most_one = np.exp(-2.0), 3 * np.exp(-2.0)
    assert whole_number(none - 1e-9, 2.0) == 0
    assert whole_number(none + 1e-9, 2.0) == 1
    assert whole_number(at_most_one - 1e-9, 2.0) == 1
    assert whole_number(at_most_one + 1e-9, 2.0) == 2


def test_nothing_is_drawn_where_nothing_is_expected() -> None:
    assert whole_number(0.999, 0.0, 5.0) == 0


def test_even_deviates_are_the_same_in_another_order() -> None:
    one, other = (evenly_normal(stream(seed, Purpose.GROWTH), 60) for seed in (1, 2))
    assert not np.array_equal(one, other)
    assert np.array_equal(np.sort(one), np.sort(other))
    assert one.std() == pytest.approx(1, abs=0.03)
