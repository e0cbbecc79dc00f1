"""Counts of a chip and the scores they give (Van Etten et al. 2021, arXiv 2102.04420)."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChipScore:
    """A row of ``tracker_score`` without its keys.

    Attributes:
        mismatches: Matches that contradict an earlier one.
        track_tp, track_fp, track_fn: Matches without mismatches; predictions and true buildings
            without a match, with mismatches counted in both.
        track_score: F1 of them; 0 where all are 0.
        change_tp, change_fp, change_fn: Ids not seen before, from the second month on: pairs new on
            both sides, other new predictions, other new buildings.
        change_score: F1 of them; 0 where all are 0.
        scot: F-measure of change and track; 0 where both are 0.
    """

    mismatches: int
    track_tp: int
    track_fp: int
    track_fn: int
    track_score: float
    change_tp: int
    change_fp: int
    change_fn: int
    change_score: float
    scot: float


def chip_score(
    track: tuple[int, int, int], change: tuple[int, int, int], mismatches: int, beta: float
) -> ChipScore:
    """Return the scores of a chip.

    Args:
        track: Matches, predictions without a match, true buildings without one.
        change: True positives, false positives, false negatives of change.
        mismatches: How many matches are mismatches.
        beta: Weight of tracking against change.
    """
    track_counts = track[0] - mismatches, track[1] + mismatches, track[2] + mismatches
    track_score, change_score = f1(*track_counts), f1(*change)
    weighed = beta * beta * change_score + track_score
    product = (1 + beta * beta) * (change_score * track_score)
    return ChipScore(
        mismatches,
        *track_counts,
        track_score,
        *change,
        change_score,
        product / weighed if weighed > 0 else 0.0,
    )


def f1(tp: int, fp: int, fn: int) -> float:
    """Return the F1 of counts, 0 where there are none."""
    whole = tp + (fp + fn) / 2
    return tp / whole if whole > 0 else 0.0


def total_score(chips: Iterable[ChipScore]) -> float:
    """Return the mean over chips, each weighing the same, however large."""
    return statistics.fmean(chip.scot for chip in chips)
