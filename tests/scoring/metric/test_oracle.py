"""The metric beside a slow one: dense matrices, every assignment tried, every id looked up."""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.metric.chip import score_chip
from scoring.metric.options import Options
from tests.fixtures.trackers import Entry, box, rows, scored

Pair = tuple[int, int]
MOST = 4
"""Buildings of a side in a month, so that all assignments can be tried."""


def dense_matrix(truth: list[Entry], predicted: list[Entry]) -> npt.NDArray[np.float64]:
    matrix = np.zeros((len(truth), len(predicted)))
    for t, (_, _, one) in enumerate(truth):
        for p, (_, _, other) in enumerate(predicted):
            common = one.intersection(other).area
            matrix[t, p] = common / (one.area + other.area - common)
    return matrix


def every_assignment(rows_: int, columns: int) -> Iterator[tuple[Pair, ...]]:
    for size in range(min(rows_, columns) + 1):
        for some in itertools.combinations(range(rows_), size):
            for partners in itertools.permutations(range(columns), size):
                yield tuple(zip(some, partners, strict=True))


def best_assignment(matrix: npt.NDArray[np.float64], threshold: float) -> tuple[Pair, ...]:
    allowed = (
        pairs
        for pairs in every_assignment(*matrix.shape)
        if all(matrix[pair] > threshold for pair in pairs)
    )
    return max(allowed, key=lambda pairs: (len(pairs), sum(matrix[pair] for pair in pairs)))


def slow_counts(truth: list[Entry], predicted: list[Entry]) -> tuple[list[int], dict[int, float]]:
    """The seven counts of a chip, and the sum of IoU by month."""
    truth = [entry for entry in truth if entry[2].area >= 4]
    history: list[Pair] = []
    seen_true: set[int] = set()
    seen_predicted: set[int] = set()
    mismatches = tp = fp = fn = change_tp = change_fp = change_fn = 0
    sums = {}
    for at, month in enumerate(sorted({entry[0] for entry in truth})):
        ours = [entry for entry in truth if entry[0] == month]
        theirs = [entry for entry in predicted if entry[0] == month]
        matrix = dense_matrix(ours, theirs)
        chosen = best_assignment(matrix, 0.25)
        sums[month] = sum(float(matrix[pair]) for pair in chosen)
        matches = [(ours[t][1], theirs[p][1]) for t, p in chosen]
        tp, fp = tp + len(matches), fp + len(theirs) - len(matches)
        fn += len(ours) - len(matches)
        for true_id, predicted_id in matches:
            last_of_true = next((p for t, p in reversed(history) if t == true_id), predicted_id)
            last_of_other = next((t for t, p in reversed(history) if p == predicted_id), true_id)
            mismatches += last_of_true != predicted_id or last_of_other != true_id
        history += matches
        true_ids, predicted_ids = {e[1] for e in ours}, {e[1] for e in theirs}
        if at > 0:
            new_true, new_predicted = true_ids - seen_true, predicted_ids - seen_predicted
            both = sum(t in new_true and p in new_predicted for t, p in matches)
            change_tp += both
            change_fp += len(new_predicted) - both
            change_fn += len(new_true) - both
        seen_true |= true_ids
        seen_predicted |= predicted_ids
    track = [tp - mismatches, fp + mismatches, fn + mismatches]
    return [mismatches, *track, change_tp, change_fp, change_fn], sums


def entries(seed: int, *, is_crowded: bool) -> tuple[list[Entry], list[Entry]]:
    """A small chip: places that repeat, ids that vanish, return and change; no two IoU equal."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 8 if is_crowded else 30, (MOST, 2))
    sizes = rng.uniform(1.5, 6, (MOST, 2))
    truth: list[Entry] = []
    predicted: list[Entry] = []
    for month in range(201801, 201801 + int(rng.integers(1, 6))):
        for number in range(MOST):
            x, y = places[number]
            width, height = sizes[number]
            if rng.random() < 0.7:
                truth.append((month, number, box(x, y, width=width, height=height)))
            if rng.random() < 0.7:
                moved = x + rng.normal(0, 1), y + rng.normal(0, 1)
                name = 100 + (number if rng.random() < 0.8 else int(rng.integers(MOST)))
                taken = any(e[0] == month and e[1] == name for e in predicted)
                if not taken:
                    predicted.append((month, name, box(*moved, width=width, height=height)))
    return truth, predicted


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_all_counts_are_those_of_the_slow_metric(seed: int, is_crowded: bool) -> None:
    truth, predicted = entries(seed, is_crowded=is_crowded)
    expected, _ = slow_counts(truth, predicted)
    chip = score_chip(rows(*truth), rows(*predicted), Options())
    if chip is None:
        assert all(entry[2].area < 4 for entry in truth)
        return
    score = chip.score
    assert expected == [
        score.mismatches,
        *(score.track_tp, score.track_fp, score.track_fn),
        *(score.change_tp, score.change_fp, score.change_fn),
    ]


@st.composite
def tied(draw: st.DrawFn) -> tuple[list[Entry], list[Entry]]:
    """Boxes of one size on a coarse grid: many equal IoU."""
    side = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=MOST)
    truth, predicted = draw(side), draw(side)
    return (
        [(201801, number, box(x, y)) for number, (x, y) in enumerate(truth)],
        [(201801, number, box(x, y)) for number, (x, y) in enumerate(predicted)],
    )


@settings(max_examples=200, deadline=None)
@given(tied())
def test_ties_change_neither_how_many_match_nor_their_sum(
    chip: tuple[list[Entry], list[Entry]],
) -> None:
    truth, predicted = chip
    expected, sums = slow_counts(truth, predicted)
    found = scored(truth, predicted)
    assert found.score.track_tp == expected[1]
    assert found.matched.iou.sum() == pytest.approx(sums[201801], abs=1e-9)
