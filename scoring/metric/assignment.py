"""Who matches whom within each month: most matches first, then the largest sum of IoU.

Nearly all overlaps are pairs that overlap nobody else; they match without a solver. A month that
has others goes to ``scoring.metric.solver``, which gives the reference's answer where several
answers are equal as well: two halves of a split building often have the same IoU to the last bit.
"""

from dataclasses import dataclass

import numpy as np

from scoring.metric.rows import Bools, Floats, Ints
from scoring.metric.solver import solve


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Pairs of rows of one month whose polygons overlap enough.

    Attributes:
        truth: Row of the true building, in the order of rows.
        predicted: Row of the predicted one.
        iou: Above 0.
    """

    truth: Ints
    predicted: Ints
    iou: Floats


def assign(overlaps: Overlaps, truth_ends: Ints, predicted_ends: Ints) -> Ints:
    """Choose the matches among overlaps.

    Args:
        overlaps: Of all months; rows by month, those of a month in the order of ids.
        truth_ends: Where the rows of each month end.
        predicted_ends: Likewise.

    Returns:
        Positions of the chosen overlaps, ascending; no row in two of them.
    """
    alone = _are_alone(overlaps.truth) & _are_alone(overlaps.predicted)
    chosen = [np.flatnonzero(alone)]
    month = np.searchsorted(truth_ends, overlaps.truth, side="right")
    for at in np.unique(month[~alone]).tolist():
        start, end = np.searchsorted(month, (at, at + 1)).tolist()
        t0, p0 = (int(ends[at - 1]) if at else 0 for ends in (truth_ends, predicted_ends))
        within = slice(start, end)
        found = solve(
            (overlaps.truth[within] - t0, overlaps.predicted[within] - p0, overlaps.iou[within]),
            (int(truth_ends[at]) - t0, int(predicted_ends[at]) - p0),
        )
        chosen.append(start + found[~alone[within][found]])
    return np.sort(np.concatenate(chosen))


def _are_alone(rows: Ints) -> Bools:
    """Tell which overlaps are the only one of their row."""
    found: Bools = np.bincount(rows)[rows] == 1
    return found
