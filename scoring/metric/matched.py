"""What belongs together: the rows that are scored, and their matches."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.metric.rows import Bools, Floats, Ints, Rows
from scoring.metric.scores import ChipScore, chip_score


@dataclass(frozen=True, slots=True)
class Matched:
    """The rows of a chip and which of them match.

    Attributes:
        truth, predicted: Rows in the order of months and ids.
        truth_is_new, predicted_is_new: Whether the row's id is seen for the first time, from the
            second month on.
        truth_at, predicted_at: Rows of each match, in the order of the true rows.
        iou: Of each match.
        mismatch: Whether it is one.
    """

    truth: Rows
    predicted: Rows
    truth_is_new: Bools
    predicted_is_new: Bools
    truth_at: Ints
    predicted_at: Ints
    iou: Floats
    mismatch: Bools

    def score(self, beta: float) -> ChipScore:
        """Return counts and scores."""
        found = len(self.truth_at)
        both_new = self.truth_is_new[self.truth_at] & self.predicted_is_new[self.predicted_at]
        changed = int(both_new.sum())
        new_truth, new_predicted = int(self.truth_is_new.sum()), int(self.predicted_is_new.sum())
        return chip_score(
            (found, len(self.predicted) - found, len(self.truth) - found),
            (changed, new_predicted - changed, new_truth - changed),
            int(self.mismatch.sum()),
            beta,
        )

    def frame(self) -> pl.DataFrame:
        """Return the rows of ``fact_match`` without tracker and chip.

        One per match, per true building without one and per prediction without one, by month and
        ids: ``time_key`` Int32, ``building_id`` and ``predicted_id`` Int64 (null where there is
        none), ``iou`` Float64 (null without a match), ``mismatch`` Boolean.
        """
        matches = _columns(self.truth, self.truth_at, "building_id").with_columns(
            pl.Series("predicted_id", self.predicted.building_ids[self.predicted_at]),
            pl.Series("iou", self.iou, dtype=pl.Float64()),
            pl.Series("mismatch", self.mismatch, dtype=pl.Boolean()),
        )
        missed = np.delete(np.arange(len(self.truth)), self.truth_at)
        ghosts = np.delete(np.arange(len(self.predicted)), self.predicted_at)
        alone = (
            _columns(self.truth, missed, "building_id"),
            _columns(self.predicted, ghosts, "predicted_id"),
        )
        frame = pl.concat([matches, *alone], how="diagonal")
        order = "time_key", "building_id", "predicted_id"
        return frame.with_columns(pl.col("mismatch").fill_null(value=False)).sort(
            order, nulls_last=True
        )


def _columns(rows: Rows, at: Ints, name: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"time_key": rows.time_keys[at].astype(np.int32), name: rows.building_ids[at]}
    )
