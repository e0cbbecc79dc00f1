import numpy as np
import pytest

from loaders.synthetic.steady import Purpose, order, share_out, stream


@pytest.mark.parametrize("total", [0, 1, 7, 1000])
def test_shares_add_up_and_stay_within_one_of_the_exact(total: int) -> None:
    rng = stream(7, Purpose.PLACES)
    weights = rng.random(50) * (rng.random(50) < 0.5)
    given = share_out(total, weights, rng)
    assert given.sum() == total
    assert np.all(np.abs(given - weights / weights.sum() * total) < 1 + 1e-6)


def test_what_has_no_weight_gets_no_share() -> None:
    rng = stream(7, Purpose.PLACES)
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
