"""The backtest as frames: every judged forecast, and what is counted from them."""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from ml.data.examples import Examples
from ml.judging.backtest import MODEL, Backtest, Prediction
from ml.judging.histories import HistoryScores
from ml.model.grid import QUANTILE_NAMES, QUANTILES, Target
from ml.model.pinball import pinball_loss

LOWER, MEDIAN, UPPER = QUANTILE_NAMES
KEY: Final = ("protocol", "target", "horizon")
"""What is scored apart: a protocol of the backtest, what was forecast, months ahead."""

BEST_PLAIN: Final = "best_plain"
"""Name of the plain forecast that is best at its ``KEY``, whichever it is."""

EXAMPLE: Final = ("protocol", "target", "chip_key", "as_of", "horizon")
"""What names one thing that was forecast under one protocol."""


def forecast_frame(examples: Examples, backtests: Mapping[Target, Backtest]) -> pl.DataFrame:
    """Return one row per judged forecast, ordered by target, protocol and forecaster as judged.

    Columns: protocol, target, forecaster, chip_key, as_of, horizon, actual, point, the quantiles,
    pinball (mean over the quantiles) and within (the interval); amounts in units of the target.
    """
    return pl.concat(
        [
            _frame(examples.take(one.rows), target, one)
            for target, backtest in backtests.items()
            for one in backtest.predictions
        ]
    )


def _frame(judged: Examples, target: Target, one: Prediction) -> pl.DataFrame:
    actual, quantiles = judged.outcome(target), one.quantiles
    return pl.DataFrame(
        {
            "chip_key": judged.chip_key,
            "as_of": judged.as_of,
            "horizon": judged.horizon,
            "actual": actual,
            "point": one.point,
            **dict(zip(QUANTILE_NAMES, quantiles.T, strict=True)),
            "pinball": pinball_loss(actual, quantiles),
            "within": (actual >= quantiles[:, 0]) & (actual <= quantiles[:, -1]),
        }
    ).select(
        pl.lit(str(one.protocol)).alias("protocol"),
        pl.lit(str(target)).alias("target"),
        pl.lit(str(one.forecaster)).alias("forecaster"),
        pl.all(),
    )


def score_frame(forecasts: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Return rows, mae, pinball and coverage of each forecaster, by ``KEY`` or the columns given.

    Args:
        forecasts: As ``forecast_frame`` makes it.
        *by: Columns that are scored apart, in place of ``KEY``.
    """
    return (
        forecasts.group_by(*(by or KEY), "forecaster", maintain_order=True)
        .agg(
            pl.len().alias("rows"),
            (pl.col("actual") - pl.col("point")).abs().mean().alias("mae"),
            pl.col("pinball").mean(),
            pl.col("within").mean().alias("coverage"),
        )
        .sort(*(by or KEY), maintain_order=True)
    )


def skill_frame(scores: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Return the model beside the plain forecast with the least loss, one row per ``KEY``.

    Args:
        scores: As ``score_frame`` makes it.
        *by: The columns that it was scored by, where those were given.

    Returns:
        ``KEY``, the model's rows, mae, pinball and coverage, ``plain`` (the best plain forecast of
        that row), its pinball, and skill: the share of its loss that the model saves.
    """
    key = list(by or KEY)
    model = scores.filter(pl.col("forecaster") == MODEL).drop("forecaster")
    plain = (
        scores.filter(pl.col("forecaster") != MODEL)
        .sort("pinball", maintain_order=True)
        .group_by(key, maintain_order=True)
        .first()
        .select(*key, pl.col("forecaster").alias("plain"), pl.col("pinball").alias("plain_pinball"))
    )
    return model.join(plain, on=key, how="left", maintain_order="left").with_columns(
        (1 - pl.col("pinball") / pl.col("plain_pinball")).alias("skill")
    )


def beside_best_plain(forecasts: pl.DataFrame, skill: pl.DataFrame) -> pl.DataFrame:
    """Return the forecasts of the model and of the plain forecast that is best at their ``KEY``.

    To be counted by place: the best of ten forecasts of each place would be chosen by luck.

    Args:
        forecasts: As ``forecast_frame`` makes it.
        skill: As ``skill_frame`` makes it.
    """
    best = skill.select(*KEY, "plain")
    return (
        forecasts.join(best, on=KEY, how="inner", maintain_order="left")
        .filter((pl.col("forecaster") == MODEL) | (pl.col("forecaster") == pl.col("plain")))
        .with_columns(
            pl.when(pl.col("forecaster") == MODEL)
            .then(pl.lit(MODEL))
            .otherwise(pl.lit(BEST_PLAIN))
            .alias("forecaster")
        )
        .drop("plain")
    )


def reliability_frame(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Return by ``KEY`` and quantile the share of outcomes that the model's quantile did not miss.

    A reliable quantile of 0.9 lies at or above nine outcomes in ten.
    """
    shares = [
        forecasts.filter(pl.col("forecaster") == MODEL)
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.lit(quantile).alias("quantile"),
            (pl.col("actual") <= pl.col(name)).mean().alias("share"),
            pl.len().alias("rows"),
        )
        for name, quantile in zip(QUANTILE_NAMES, QUANTILES, strict=True)
    ]
    return pl.concat(shares).sort(*KEY, "quantile")


def history_frame(judged: Sequence[HistoryScores]) -> pl.DataFrame:
    """Return the model beside the plain forecasts on other places' histories, a row per horizon.

    Columns: horizon, rows, places, mae, pinball, coverage; plain (the one of least pinball loss)
    and plain_pinball; plain_mae, the least of any. Amounts are shares of the count.
    """
    rows = []
    for at in judged:
        plain = {name: one for name, one in at.scores.items() if name != MODEL}
        best = min(plain, key=lambda name: plain[name].pinball)
        ours = at.scores[MODEL]
        rows.append(
            {
                "horizon": at.horizon,
                "rows": ours.rows,
                "places": at.places,
                "mae": ours.mae,
                "pinball": ours.pinball,
                "coverage": ours.coverage,
                "plain": best,
                "plain_pinball": plain[best].pinball,
                "plain_mae": min(one.mae for one in plain.values()),
            }
        )
    return pl.DataFrame(rows)
