"""The backtest of cells as frames: scores, tenths, AOIs, and losses for the gate."""

from typing import Final

import numpy as np
import polars as pl

from ml.data.cells import CellMonths
from ml.judging.backtest import MODEL
from ml.judging.cell_backtest import CellBacktest
from ml.judging.cell_metrics import tenths
from ml.model.grid import CELL_TARGET
from ml.reporting.frames import EXAMPLE, KEY

LOSS: Final = "brier"
"""Column of the losses by chip-month: sum of squared errors of the probabilities."""

SCORES: Final = ("rows", "rate", "average_precision", "lift", "brier", "skill", "reliability")


def cell_score_frame(backtest: CellBacktest) -> pl.DataFrame:
    """Return ``KEY``, forecaster and ``SCORES``, in the order of the backtest."""
    rows = [
        (
            *(str(row.protocol), CELL_TARGET, row.horizon, row.forecaster),
            *(getattr(row.score, name) for name in SCORES),
        )
        for row in backtest.rows
    ]
    kinds = [pl.String(), pl.String(), pl.Int64(), pl.String(), pl.Int64()]
    kinds += [pl.Float64()] * (len(SCORES) - 1)
    names = (*KEY, "forecaster", *SCORES)
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


def cell_skill_frame(scores: pl.DataFrame) -> pl.DataFrame:
    """Return the model beside the plain forecasts, one row per ``KEY``.

    Columns: ``KEY``, the model's ``SCORES``; ``plain`` (the plain forecast of the highest average
    precision) with its ``plain_precision``; ``plain_lift``, the highest of any; and how many times
    theirs the model's are, ``precision_ratio`` and ``lift_ratio``.
    """
    plain = (
        scores.filter(pl.col("forecaster") != MODEL)
        .sort("average_precision", descending=True, maintain_order=True)
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.col("forecaster").first().alias("plain"),
            pl.col("average_precision").first().alias("plain_precision"),
            pl.col("lift").max().alias("plain_lift"),
        )
    )
    model = scores.filter(pl.col("forecaster") == MODEL).drop("forecaster")
    return model.join(plain, on=KEY, how="left", maintain_order="left").with_columns(
        precision_ratio=pl.col("average_precision") / pl.col("plain_precision"),
        lift_ratio=pl.col("lift") / pl.col("plain_lift"),
    )


def tenth_frame(backtest: CellBacktest) -> pl.DataFrame:
    """Return mean probability and rate of each tenth of the cells: ``KEY``, tenth, both."""
    rows = [
        (str(one.protocol), CELL_TARGET, one.horizon, number, mean, rate)
        for one in backtest.forecasts
        for number, (mean, rate) in enumerate(tenths(one.has_grown, one.probability), start=1)
    ]
    return pl.DataFrame(rows, schema=[*KEY, "tenth", "probability", "rate"], orient="row")


def chip_month_losses(cells: CellMonths, backtest: CellBacktest) -> pl.DataFrame:
    """Return what the gate compares: the model's losses summed over the cells of a chip-month.

    Columns: ``EXAMPLE``, forecaster, actual (cells that grew), expected (sum of their
    probabilities), cells, and ``LOSS``.
    """
    frames = [
        pl.DataFrame(
            {
                "protocol": str(one.protocol),
                "target": CELL_TARGET,
                "chip_key": cells.chip_key[one.rows],
                "as_of": cells.as_of[one.rows],
                "horizon": one.horizon,
                "grown": one.has_grown,
                "probability": one.probability,
            }
        )
        .group_by(EXAMPLE, maintain_order=True)
        .agg(
            pl.lit(MODEL).alias("forecaster"),
            pl.col("grown").sum().cast(pl.Float64).alias("actual"),
            pl.col("probability").sum().alias("expected"),
            pl.len().alias("cells"),
            (pl.col("grown").cast(pl.Float64) - pl.col("probability")).pow(2).sum().alias(LOSS),
        )
        for one in backtest.forecasts
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema=_LOSSES)


_LOSSES: Final = {
    "protocol": pl.String, "target": pl.String, "chip_key": pl.Int64, "as_of": pl.Int64,
    "horizon": pl.Int32, "forecaster": pl.String, "actual": pl.Float64, "expected": pl.Float64,
    "cells": pl.UInt32, LOSS: pl.Float64,
}  # fmt: skip


def by_aoi_frame(losses: pl.DataFrame, aois: pl.DataFrame) -> pl.DataFrame:
    """Return by horizon and AOI what was forecast and what came, both protocols together.

    Args:
        losses: As ``chip_month_losses`` gives them.
        aois: Columns chip_key and aoi.

    Returns:
        horizon, aoi, cells, actual and expected (cells that grew, and were expected to), and skill:
        share of the Brier score of the AOI's own rate that is saved; ordered by horizon and, most
        growth first, AOI.
    """
    rate = pl.col("actual") / pl.col("cells")
    return (
        losses.join(aois, on="chip_key", how="inner")
        .group_by("horizon", "aoi")
        .agg(pl.col("cells", "actual", "expected", LOSS).sum())
        .with_columns(skill=1 - pl.col(LOSS) / (pl.col("cells") * rate * (1 - rate)))
        .with_columns(
            skill=pl.when(pl.col("skill").is_finite()).then(pl.col("skill")).otherwise(None)
        )
        .drop(LOSS)
        .sort("horizon", "actual", "aoi", descending=[False, True, False])
    )


def top_shares(has_grown: np.ndarray, score: np.ndarray, *, points: int = 200) -> pl.DataFrame:
    """Return how much of the growth lies in the best-ranked cells: share of cells, of growth."""
    order = np.argsort(-score, kind="stable")
    found = np.concatenate([[0], np.cumsum(has_grown[order])])
    at = np.linspace(0, len(order), points + 1).round().astype(np.int64)
    most = max(int(found[-1]), 1)
    return pl.DataFrame({"cells": at / max(len(order), 1), "growth": found[at] / most})
