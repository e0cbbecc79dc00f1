"""Scores counted from forecasts made by hand."""

import polars as pl
import pytest

from ml.reporting.frames import beside_best_plain, reliability_frame, score_frame, skill_frame


def forecasts() -> pl.DataFrame:
    """Two outcomes, 0 and 10, forecast by the model and by two plain forecasts."""
    quantiles = {"model": (1.0, 5.0, 9.0), "no_change": (-1.0, 0.0, 1.0), "mean": (0.0, 10.0, 20.0)}
    losses = {"model": (2.0, 2.0), "no_change": (0.5, 7.5), "mean": (3.0, 3.0)}
    return pl.DataFrame(
        [
            {
                "protocol": "unseen_aois", "target": "building_count", "forecaster": name,
                "chip_key": chip, "as_of": 201901, "horizon": 3, "actual": actual,
                "point": middle, "q10": lower, "q50": middle, "q90": upper,
                "pinball": losses[name][chip], "within": lower <= actual <= upper,
            }
            for name, (lower, middle, upper) in quantiles.items()
            for chip, actual in enumerate((0.0, 10.0))
        ]
    )  # fmt: skip


def test_scores_are_means_over_the_forecasts() -> None:
    scores = {row["forecaster"]: row for row in score_frame(forecasts()).iter_rows(named=True)}
    assert list(scores) == ["model", "no_change", "mean"]
    assert scores["model"]["rows"] == 2
    assert scores["model"]["mae"] == 5
    assert scores["model"]["coverage"] == 0
    assert scores["mean"]["coverage"] == 1
    assert scores["no_change"]["pinball"] == 4


def test_skill_is_what_is_saved_of_the_best_plain_forecasts_loss() -> None:
    [row] = skill_frame(score_frame(forecasts())).rows(named=True)
    assert (row["plain"], row["plain_pinball"], row["pinball"]) == ("mean", 3, 2)
    assert row["skill"] == pytest.approx(1 / 3)


def test_the_best_plain_forecast_is_found_for_each_part() -> None:
    by_chip = skill_frame(score_frame(forecasts(), "chip_key"), "chip_key").sort("chip_key")
    assert by_chip["plain"].to_list() == ["no_change", "mean"]
    assert by_chip["skill"].to_list() == pytest.approx([-3, 1 / 3])


def test_places_stand_beside_the_one_plain_forecast_that_is_best_over_all() -> None:
    frame = forecasts()
    kept = beside_best_plain(frame, skill_frame(score_frame(frame)))
    assert kept["forecaster"].to_list() == ["model", "model", "best_plain", "best_plain"]
    by_chip = skill_frame(score_frame(kept, "chip_key"), "chip_key").sort("chip_key")
    assert by_chip["plain_pinball"].to_list() == [3, 3]


def test_reliability_counts_outcomes_at_or_below_each_quantile() -> None:
    shares = reliability_frame(forecasts())
    assert shares["quantile"].to_list() == [0.1, 0.5, 0.9]
    assert shares["share"].to_list() == [0.5, 0.5, 0.5]
