"""Who matches whom: most matches, then the largest sum, then as the reference does."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from scoring.metric.assignment import Overlaps, assign
from tests.fixtures.trackers import JANUARY, box, pairs, scored

Pair = tuple[int, int]


def assigned(months: list[npt.NDArray[np.float64]]) -> list[set[Pair]]:
    """The matches of each month, from dense matrices of IoU."""
    ends = [np.cumsum([month.shape[side] for month in months]) for side in (0, 1)]
    starts = [np.concatenate(([0], end[:-1])) for end in ends]
    found = [np.nonzero(month) for month in months]
    truth = np.concatenate(
        [rows + start for (rows, _), start in zip(found, starts[0], strict=True)]
    )
    predicted = np.concatenate(
        [columns + start for (_, columns), start in zip(found, starts[1], strict=True)]
    )
    iou = np.concatenate([month[at] for month, at in zip(months, found, strict=True)])
    chosen = assign(Overlaps(truth, predicted, iou), *ends)
    assert len(set(chosen.tolist())) == len(chosen)
    matches: list[set[Pair]] = [set() for _ in months]
    for at in chosen:
        month = int(np.searchsorted(ends[0], truth[at], side="right"))
        matches[month].add(
            (int(truth[at] - starts[0][month]), int(predicted[at] - starts[1][month]))
        )
    return matches


def reference(month: npt.NDArray[np.float64]) -> set[Pair]:
    """The matches of a month as the reference takes them from a dense matrix."""
    rewards = np.where(month > 0, 100 + month, 0)
    rows, columns = linear_sum_assignment(rewards, maximize=True)
    return {
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if month[row, column]
    }


def chosen(*edges: tuple[int, int, float]) -> list[Pair]:
    rows, columns = (max(edge[side] for edge in edges) + 1 for side in (0, 1))
    month = np.zeros((int(rows), int(columns)))
    for row, column, iou in edges:
        month[row, column] = iou
    return sorted(assigned([month])[0])


def test_two_poor_matches_are_better_than_one_good() -> None:
    assert chosen((0, 0, 0.9), (0, 1, 0.3), (1, 0, 0.3)) == [(0, 1), (1, 0)]


def test_of_as_many_matches_the_largest_sum_wins() -> None:
    assert chosen((0, 0, 0.6), (0, 1, 0.5), (1, 0, 0.5), (1, 1, 0.3)) == [(0, 1), (1, 0)]
    assert chosen((0, 0, 0.6), (0, 1, 0.5), (1, 0, 0.5), (1, 1, 0.5)) == [(0, 0), (1, 1)]


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


@st.composite
def months(draw: st.DrawFn) -> npt.NDArray[np.float64]:
    """IoU of a month: few values, so that many sums are equal; most rows overlap little."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.integers(1, 14)), draw(st.integers(1, 14))
    density = draw(st.sampled_from([0.05, 0.1, 0.2, 0.5]))
    values = rng.choice([0.3, 0.4, 0.5, 0.5 + 1e-16, 0.7, 0.9], size=shape)
    return np.where(rng.random(shape) < density, values, 0)


@settings(max_examples=400, deadline=None)
@given(st.lists(months(), min_size=1, max_size=3))
def test_equal_sums_are_settled_as_the_reference_settles_them(
    found: list[npt.NDArray[np.float64]],
) -> None:
    assert assigned(found) == [reference(month) for month in found]


@pytest.mark.parametrize("seed", [895, 1260, 2160, 3109, 4813])
def test_which_free_column_an_earlier_row_took_decides_later(seed: int) -> None:
    """Months in which the order of columns left on a path shows in the answer."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 14, 2)
    is_overlap = rng.random(shape) < rng.choice([0.05, 0.15, 0.3, 0.6])
    values = rng.choice([0.3, 0.4, 0.5, 0.7, 0.35 + 1e-16], size=shape)
    month = np.where(is_overlap, values, 0)
    assert assigned([month]) == [reference(month)]


@pytest.mark.parametrize("shape", [(400, 300), (300, 400)])
def test_a_large_month_with_many_equal_sums_is_the_reference_s(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    month = np.where(rng.random(shape) < 0.004, rng.choice([0.3, 0.5, 0.7], size=shape), 0)
    assert assigned([month]) == [reference(month)]


def test_the_lower_id_loses_where_a_building_that_is_missed_took_its_column() -> None:
    """Row 0 overlaps nothing and takes column 0, so row 1 goes to the one that is free."""
    month = np.array([[0, 0, 0], [0.5, 0.5, 0]])
    assert assigned([month]) == [{(1, 1)}] == [reference(month)]


def test_nothing_to_assign_is_nothing() -> None:
    assert assigned([np.zeros((3, 0)), np.zeros((0, 2)), np.zeros((1, 1))]) == [set(), set(), set()]
