"""Where a tracker errs: by month, by size, under cloud, for new buildings and old."""

import itertools
from typing import Final

import numpy as np
import polars as pl

from scoring.metric.matched import Matched
from scoring.metric.rows import Ints, Rows

SIZES: Final = (10.0, 25.0, 50.0, 100.0)
"""Square pixels at which one class of sizes ends and the next begins."""

_COUNTS: Final = ("tp", "fp", "fn", "mismatches")
_NAMES: Final = {
    "age": {0: "old", 1: "new"},
    "cloud": {0: "clear", 1: "under cloud"},
    "size": {
        0: f"below {SIZES[0]:g} px²",
        **{
            at: f"{low:g} to {high:g} px²"
            for at, (low, high) in enumerate(itertools.pairwise(SIZES), start=1)
        },
        len(SIZES): f"from {SIZES[-1]:g} px²",
    },
}


def breakdown(matched: Matched) -> pl.DataFrame:
    """Count matches by what the rows are.

    A match and a miss count where the true row belongs, a ghost where the predicted row does.

    Returns:
        One row per ``dimension`` and ``part`` (``code`` orders them): ``tp`` (matches, with
        mismatches), ``fp`` (predictions without a match), ``fn`` (true buildings without one),
        ``mismatches``. Dimensions: ``month``; ``size`` of the row's polygon; ``age``, new where the
        id is not there in the first month; and ``cloud`` where the truth has the flag, its ``fp``
        null unless predictions have it too, for then nobody knows.
    """
    truth, predicted = matched.truth, matched.predicted
    parts = [
        _tally(matched, "month", truth.time_keys, predicted.time_keys),
        _tally(matched, "size", _size(truth), _size(predicted)),
        _tally(matched, "age", _is_late(truth, truth), _is_late(predicted, truth)),
    ]
    under_cloud = _cloud(truth)
    if under_cloud is not None:
        parts.append(_tally(matched, "cloud", under_cloud, _cloud(predicted)))
    return pl.concat(parts)


def add_up(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Add up the breakdowns of several chips and give ``recall`` and ``f1`` of the sums."""
    known = (pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()) for name in _COUNTS)
    summed = pl.concat(parts).group_by("dimension", "code", "part").agg(*known)
    tp, fp, fn = pl.col("tp"), pl.col("fp"), pl.col("fn")
    return summed.sort("dimension", "code").with_columns(
        recall=pl.when(tp + fn > 0).then(tp / (tp + fn)),
        f1=pl.when(tp + fp + fn > 0).then(tp / (tp + (fp + fn) / 2)),
    )


def _tally(matched: Matched, dimension: str, truth: Ints, predicted: Ints | None) -> pl.DataFrame:
    """Count by the class of each row; without classes of predictions ``fp`` is null."""
    found = truth[matched.truth_at]
    missed = np.delete(truth, matched.truth_at)
    ghosts = truth[:0] if predicted is None else np.delete(predicted, matched.predicted_at)
    codes = np.unique(np.concatenate((found, missed, ghosts)))
    names = _NAMES.get(dimension, {})
    frame = pl.DataFrame(
        {
            "dimension": [dimension] * len(codes),
            "code": codes,
            "part": [names.get(code, str(code)) for code in codes.tolist()],
            "tp": _count(found, codes),
            "fp": _count(ghosts, codes),
            "fn": _count(missed, codes),
            "mismatches": _count(found[matched.mismatch], codes),
        }
    )
    return frame if predicted is not None else frame.with_columns(fp=pl.lit(None, pl.Int64()))


def _count(values: Ints, codes: Ints) -> Ints:
    return np.bincount(np.searchsorted(codes, values), minlength=len(codes)).astype(np.int64)


def _size(rows: Rows) -> Ints:
    return np.searchsorted(SIZES, rows.areas(), side="right").astype(np.int64)


def _is_late(rows: Rows, truth: Rows) -> Ints:
    """Give 1 for rows that belong to an id that is not there in the first month of the truth."""
    there = rows.building_ids[rows.time_keys == truth.time_keys[0]]
    return np.isin(rows.building_ids, there, invert=True).astype(np.int64)


def _cloud(rows: Rows) -> Ints | None:
    return None if rows.clouded is None else rows.clouded.astype(np.int64)
