"""Who matches whom within each month: most matches first, then the largest sum of IoU.

Overlaps fall into connected groups that have nothing to do with each other; nearly all are one
pair, most of the others are one polygon with several partners. Only what is left needs a solver.

Several answers may be equal in both. Of equal partners of one polygon the lowest id is taken; in
a larger group what the solver takes when its rows and columns are sorted by id. So the answer
depends on ids and polygons, not on the order of rows.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from scoring.metric.rows import Bools, Floats, Ints

DENSE_CELLS: Final = 1_000_000
"""A larger group is solved on a sparse matrix."""
_LEAST_REWARD: Final = 100.0
"""Of one more match, beside an IoU of at most 1; the reference's, so that sums round alike."""


def assign(truth: Ints, predicted: Ints, iou: Floats) -> Ints:
    """Choose the matches among overlaps.

    Args:
        truth: Row of the true building of each overlap; rows of a month in the order of ids.
        predicted: Row of the predicted one, likewise.
        iou: Above 0.

    Returns:
        Positions of the chosen overlaps, ascending; no row in two of them.
    """
    alone = (np.bincount(truth)[truth] == 1) & (np.bincount(predicted)[predicted] == 1)
    chosen = [np.flatnonzero(alone)]
    rest = np.flatnonzero(~alone)
    if rest.size:
        chosen.extend(
            rest[found] for found in _assign_groups(truth[rest], predicted[rest], iou[rest])
        )
    return np.sort(np.concatenate(chosen))


def _assign_groups(truth: Ints, predicted: Ints, iou: Floats) -> Iterator[Ints]:
    """Yield the chosen overlaps of groups of more than one."""
    group = _groups(truth, predicted)
    # Of each group the largest IoU first, then the lowest ids.
    order = np.lexsort((predicted, truth, -iou, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    stars = _is_one(truth[order], starts) | _is_one(predicted[order], starts)
    yield order[starts[stars]]
    ends = np.append(starts[1:], len(order))
    for start, end in zip(starts[~stars].tolist(), ends[~stars].tolist(), strict=True):
        members = order[start:end]
        yield members[_solve(truth[members], predicted[members], iou[members])]


def _groups(truth: Ints, predicted: Ints) -> Ints:
    """Return the number of each overlap's connected group."""
    true_rows, t = np.unique(truth, return_inverse=True)
    predicted_rows, p = np.unique(predicted, return_inverse=True)
    nodes = len(true_rows) + len(predicted_rows)
    graph = coo_array(
        (np.ones(len(t), dtype=np.int8), (t, p + len(true_rows))), shape=(nodes, nodes)
    )
    _, label = connected_components(graph, directed=False)
    found: Ints = label[t].astype(np.int64)
    return found


def _is_one(rows: Ints, starts: Ints) -> Bools:
    """Tell in which groups all overlaps have the same row on this side."""
    one_row = np.minimum.reduceat(rows, starts) == np.maximum.reduceat(rows, starts)
    return np.asarray(one_row)


def _solve(truth: Ints, predicted: Ints, iou: Floats) -> Ints:
    """Return the positions of the chosen overlaps of one group."""
    true_rows, t = np.unique(truth, return_inverse=True)
    predicted_rows, p = np.unique(predicted, return_inverse=True)
    shape = len(true_rows), len(predicted_rows)
    reward = max(_LEAST_REWARD, float(min(shape))) + iou
    solve = _solve_dense if shape[0] * shape[1] <= DENSE_CELLS else _solve_sparse
    row, column = solve(t, p, reward, shape)
    chosen = np.isin(t * shape[1] + p, row * shape[1] + column)
    return np.flatnonzero(chosen)


def _solve_dense(t: Ints, p: Ints, reward: Floats, shape: tuple[int, int]) -> tuple[Ints, Ints]:
    rewards = np.zeros(shape)
    rewards[t, p] = reward
    row, column = linear_sum_assignment(rewards, maximize=True)
    return row, column


def _solve_sparse(t: Ints, p: Ints, reward: Floats, shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """Give every true row a partner of its own that is worth nothing, so that all can have one."""
    rows, columns = shape
    every = np.arange(rows)
    weights = csr_array(
        (
            np.concatenate((reward + 1, np.ones(rows))),
            (np.concatenate((t, every)), np.concatenate((p, columns + every))),
        ),
        shape=(rows, columns + rows),
    )
    row, column = min_weight_full_bipartite_matching(weights, maximize=True)
    real = column < columns
    return row[real].astype(np.int64), column[real].astype(np.int64)
