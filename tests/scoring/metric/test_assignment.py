"""Who matches whom: most matches, then the largest sum, then the lowest ids."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from scoring.metric import assignment
from scoring.metric.assignment import assign
from tests.fixtures.trackers import JANUARY, box, pairs, scored


def chosen(*edges: tuple[int, int, float]) -> list[tuple[int, int]]:
    truth, predicted = (np.array([edge[side] for edge in edges]) for side in (0, 1))
    at = assign(truth, predicted, np.array([edge[2] for edge in edges]))
    return sorted((int(truth[k]), int(predicted[k])) for k in at)


def test_two_poor_matches_are_better_than_one_good() -> None:
    assert chosen((0, 0, 0.9), (0, 1, 0.3), (1, 0, 0.3)) == [(0, 1), (1, 0)]


def test_of_as_many_matches_the_largest_sum_wins() -> None:
    assert chosen((0, 0, 0.6), (0, 1, 0.5), (1, 0, 0.5), (1, 1, 0.3)) == [(0, 1), (1, 0)]
    assert chosen((0, 0, 0.6), (0, 1, 0.5), (1, 0, 0.5), (1, 1, 0.5)) == [(0, 0), (1, 1)]


def test_more_matches_win_in_a_chain_far_longer_than_a_hundred() -> None:
    """A chain of 301 gains one match by giving up 0.99 for 0.26 three hundred times."""
    good = [(k, k, 0.99) for k in range(300)]
    poor = [(k, k + 1, 0.26) for k in range(300)] + [(300, 0, 0.26)]
    found = chosen(*good, *poor)
    assert len(found) == 301


@pytest.mark.parametrize("side", [0, 1])
def test_one_polygon_with_several_partners_takes_the_best_then_the_lowest(side: int) -> None:
    star = [(0, 0, 0.3), (0, 1, 0.5), (0, 2, 0.5)]
    edges = star if side == 0 else [(p, t, iou) for t, p, iou in star]
    assert chosen(*edges) == [(0, 1) if side == 0 else (1, 0)]


def test_equal_predictions_in_one_place_go_by_the_lowest_id() -> None:
    predicted = [(JANUARY, 9, box(0)), (JANUARY, 3, box(0)), (JANUARY, 5, box(0))]
    assert pairs(scored([(JANUARY, 1, box(0))], predicted)) == [(JANUARY, 1, 3)]


def test_equal_pairs_that_cross_stay_with_their_order_of_ids() -> None:
    same = [(JANUARY, 1, box(0)), (JANUARY, 2, box(0))]
    found = pairs(scored(same, [(JANUARY, 8, box(0)), (JANUARY, 7, box(0))]))
    assert found == [(JANUARY, 1, 7), (JANUARY, 2, 8)]


def test_groups_have_nothing_to_do_with_each_other() -> None:
    one = [(0, 0, 0.9), (0, 1, 0.3), (1, 0, 0.3)]
    other = [(t + 2, p + 2, iou) for t, p, iou in one]
    assert chosen(*one, *other, (9, 9, 0.4)) == [(0, 1), (1, 0), (2, 3), (3, 2), (9, 9)]


@pytest.mark.parametrize("seed", range(10))
def test_a_large_group_gets_the_same_answer_from_a_sparse_matrix(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(10, 40)), int(rng.integers(10, 40))
    rewards = np.where(rng.random(shape) < 0.15, rng.uniform(0.25, 1, shape), 0)
    t, p = np.nonzero(rewards)
    row, column = linear_sum_assignment(np.where(rewards > 0, 100 + rewards, 0), maximize=True)
    expected = {(r, c) for r, c in zip(row, column, strict=True) if rewards[r, c]}
    monkeypatch.setattr(assignment, "DENSE_CELLS", 0)
    at = assign(t, p, rewards[t, p])
    assert {(t[k], p[k]) for k in at} == expected


def test_nothing_to_assign_is_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert assign(none, none, np.zeros(0)).size == 0
