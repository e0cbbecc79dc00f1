"""One chip from its rows to its matches, scores and what lies behind them.

Months are those in which there is truth, after truth below the least area is left out: the
reference's rule. Predictions of other months are not scored. A month of truth without predictions
counts all its buildings as missed.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.metric.assignment import Overlaps, assign
from scoring.metric.breakdown import breakdown
from scoring.metric.matched import Matched
from scoring.metric.options import Options
from scoring.metric.overlaps import Pairs, overlaps
from scoring.metric.rows import Floats, Ints, Rows
from scoring.metric.scores import ChipScore
from scoring.metric.tracks import appearances, mismatches


@dataclass(frozen=True, slots=True)
class ScoredChip:
    """All that is known of a tracker on one chip.

    Attributes:
        score: Counts and scores.
        matched: The rows and their matches.
        breakdown: Of ``scoring.metric.breakdown.breakdown``.
        unscored: Predictions in months without truth.
        too_small: Rows of truth left out because of the least area.
    """

    score: ChipScore
    matched: Matched
    breakdown: pl.DataFrame
    unscored: int
    too_small: int


def score_chip(truth: Rows, predicted: Rows, options: Options) -> ScoredChip | None:
    """Score one chip.

    Args:
        truth: Its true rows.
        predicted: The tracker's rows; none is a tracker that found nothing.
        options: What to score by.

    Returns:
        None where no truth is left: such a chip has no score and no part in the mean.

    Raises:
        RepeatedRowError: An id stands twice in one month.
    """
    large = truth.take(truth.areas() >= options.least_area).in_order()
    if not len(large):
        return None
    scored = predicted.take(np.isin(predicted.time_keys, large.time_keys)).in_order()
    matched = match(large, scored, options.threshold)
    return ScoredChip(
        matched.score(options.beta),
        matched,
        breakdown(matched),
        len(predicted) - len(scored),
        len(truth) - len(large),
    )


def match(truth: Rows, predicted: Rows, threshold: float) -> Matched:
    """Match predictions with truth in every month of the truth.

    Args:
        truth: By month and id, at least one row.
        predicted: By month and id, in months of the truth only.
        threshold: A match has an IoU above it.
    """
    months = np.unique(truth.time_keys)
    month, predicted_month = (
        np.searchsorted(months, rows.time_keys) for rows in (truth, predicted)
    )
    at_t, at_p, iou = _in_months(
        _pairs_of_rows(truth, predicted, threshold),
        (truth.footprints * len(months) + month, predicted.footprints),
        predicted_month,
        len(months),
    )
    every = np.arange(len(months))
    ends = (np.searchsorted(at, every, side="right") for at in (month, predicted_month))
    chosen = assign(Overlaps(at_t, at_p, iou), *ends)
    at_t, at_p = at_t[chosen], at_p[chosen]
    return Matched(
        truth,
        predicted,
        appearances(month, truth.building_ids),
        appearances(predicted_month, predicted.building_ids),
        at_t,
        at_p,
        iou[chosen],
        mismatches(month[at_t], truth.building_ids[at_t], predicted.building_ids[at_p]),
    )


def _pairs_of_rows(truth: Rows, predicted: Rows, threshold: float) -> Pairs:
    """Return the pairs of those polygons that rows have."""
    true_used, predicted_used = np.unique(truth.footprints), np.unique(predicted.footprints)
    pairs = overlaps(truth.polygons[true_used], predicted.polygons[predicted_used], threshold)
    return Pairs(true_used[pairs.truth], predicted_used[pairs.predicted], pairs.iou)


def _in_months(
    pairs: Pairs, keys: tuple[Ints, Ints], predicted_month: Ints, months: int
) -> tuple[Ints, Ints, Floats]:
    """Spread pairs of polygons over the months in which both stand.

    Args:
        pairs: Positions of polygons.
        keys: Of each true row its polygon and month as one number, of each predicted row its
            polygon.
        predicted_month: Of each predicted row.
        months: How many months there are.

    Returns:
        True row, predicted row, IoU; by true, then by predicted row.
    """
    pair, at_p = _join(pairs.predicted, keys[1])
    wanted = pairs.truth[pair] * months + predicted_month[at_p]
    found, at_t = _join(wanted, keys[0])
    at_p, iou = at_p[found], pairs.iou[pair][found]
    order = np.lexsort((at_p, at_t))
    return at_t[order], at_p[order], iou[order]


def _join(wanted: Ints, keys: Ints) -> tuple[Ints, Ints]:
    """Return all (position in ``wanted``, position in ``keys``) with equal values."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first = np.searchsorted(ordered, wanted, side="left")
    count = np.searchsorted(ordered, wanted, side="right") - first
    left = np.repeat(np.arange(len(wanted)), count)
    within = np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count)
    return left, order[first[left] + within]
