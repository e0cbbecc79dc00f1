"""How good a forecast of a yes or no was: ranking, error of the probability, reliability."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.model.matrix import FloatArray

TOP_SHARE: Final = 0.05
"""Share of the cells, those with the highest score, whose growth the lift compares to all."""

TENTHS: Final = 10


@dataclass(frozen=True, slots=True)
class CellScore:
    """Scores of one forecaster over some cells.

    Attributes:
        rows: How many forecasts were judged.
        rate: Share of the cells that grew.
        average_precision: Mean precision over the cells that grew, ranked by score.
        lift: Rate among the top 5 % by score, as a multiple of the rate of all.
        brier: Mean squared error of the probability; NaN for a score that is none.
        skill: What of the base rate's Brier score is saved; NaN likewise.
        reliability: Widest gap between probability and rate in a tenth of the cells, sorted by
            probability; NaN likewise.
    """

    rows: int
    rate: float
    average_precision: float
    lift: float
    brier: float = float("nan")
    skill: float = float("nan")
    reliability: float = float("nan")


def score_ranking(has_grown: NDArray[np.bool_], score: FloatArray) -> CellScore:
    """Judge a score by its order alone; equal scores share their ranks."""
    order = np.argsort(-score, kind="stable")
    last_of_ties = np.append(np.diff(score[order]) != 0, True)
    counts = np.flatnonzero(last_of_ties) + 1
    hits = np.cumsum(has_grown[order])[last_of_ties]
    rate = float(has_grown.mean())
    recall = hits / max(hits[-1], 1)
    precision = float(np.sum(np.diff(recall, prepend=0) * hits / counts))
    top = len(score) * TOP_SHARE
    in_top = float(np.interp(top, np.append(0, counts), np.append(0, hits)))
    lift = in_top / top / rate if rate else float("nan")
    return CellScore(len(score), rate, precision, lift)


def score_probability(has_grown: NDArray[np.bool_], probability: FloatArray) -> CellScore:
    """Judge probabilities by their order and by their values."""
    ranking = score_ranking(has_grown, probability)
    brier = float(np.mean((has_grown - probability) ** 2))
    spread = ranking.rate * (1 - ranking.rate)
    return CellScore(
        ranking.rows,
        ranking.rate,
        ranking.average_precision,
        ranking.lift,
        brier,
        1 - brier / spread if spread else float("nan"),
        float(max(abs(mean - rate) for mean, rate in tenths(has_grown, probability))),
    )


def tenths(has_grown: NDArray[np.bool_], probability: FloatArray) -> list[tuple[float, float]]:
    """Return mean probability and rate of each tenth of the cells, from the lowest on."""
    parts = np.array_split(np.argsort(probability, kind="stable"), min(TENTHS, len(probability)))
    return [(float(probability[part].mean()), float(has_grown[part].mean())) for part in parts]
