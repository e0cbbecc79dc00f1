"""What lies behind the scores: rows of matches, breakdowns, months of changes."""

from dataclasses import replace

import numpy as np
import polars as pl

from scoring.metric.breakdown import add_up, breakdown
from scoring.metric.changes import changes, lateness
from scoring.metric.chip import match, score_chip
from scoring.metric.options import Options
from scoring.metric.rows import no_rows
from tests.fixtures.trackers import APRIL, FEBRUARY, JANUARY, MARCH, box, rows, scored

Part = tuple[object, ...]


def parts(frame: pl.DataFrame, dimension: str) -> list[Part]:
    """Part, matches, ghosts, misses, mismatches."""
    columns = ("part", "tp", "fp", "fn", "mismatches")
    return frame.filter(pl.col("dimension") == dimension).select(columns).rows()


def test_every_row_of_either_side_stands_in_the_frame_once() -> None:
    chip = scored(
        [(JANUARY, 1, box(0)), (JANUARY, 2, box(9)), (FEBRUARY, 1, box(0))],
        [(JANUARY, 8, box(2)), (JANUARY, 7, box(50)), (FEBRUARY, 9, box(0))],
    )
    assert chip.matched.frame().rows() == [
        (JANUARY, 1, 8, 8 / 24, False),
        (JANUARY, 2, None, None, False),
        (JANUARY, None, 7, None, False),
        (FEBRUARY, 1, 9, 1.0, True),
    ]


def test_the_frame_has_its_types_without_any_match() -> None:
    chip = score_chip(rows((JANUARY, 1, box(0))), no_rows(), Options())
    assert chip is not None
    assert chip.matched.frame().schema == {
        "time_key": pl.Int32(),
        "building_id": pl.Int64(),
        "predicted_id": pl.Int64(),
        "iou": pl.Float64(),
        "mismatch": pl.Boolean(),
    }


def test_errors_are_counted_by_month() -> None:
    chip = scored(
        [(JANUARY, 1, box(0)), (FEBRUARY, 1, box(0)), (FEBRUARY, 2, box(9))],
        [(JANUARY, 7, box(0)), (JANUARY, 8, box(50)), (FEBRUARY, 9, box(0))],
    )
    assert parts(chip.breakdown, "month") == [("201801", 1, 1, 0, 0), ("201802", 1, 0, 1, 1)]


def test_a_match_counts_by_the_size_of_the_truth_and_a_ghost_by_its_own() -> None:
    chip = scored(
        [(JANUARY, 1, box(0, width=5, height=5)), (JANUARY, 2, box(20, width=10, height=10))],
        [(JANUARY, 7, box(0, width=4, height=4)), (JANUARY, 8, box(50, width=3, height=3))],
    )
    assert parts(chip.breakdown, "size") == [
        ("below 10 px²", 0, 1, 0, 0),
        ("25 to 50 px²", 1, 0, 0, 0),
        ("from 100 px²", 0, 0, 1, 0),
    ]


def test_new_buildings_are_those_that_are_not_there_in_the_first_month() -> None:
    months = (JANUARY, FEBRUARY, MARCH)
    truth = [(month, 1, box(0)) for month in months] + [(month, 2, box(9)) for month in months[1:]]
    predicted = [(JANUARY, 7, box(0)), (MARCH, 7, box(0)), (MARCH, 8, box(50))]
    assert parts(scored(truth, predicted).breakdown, "age") == [
        ("old", 2, 0, 1, 0),
        ("new", 0, 1, 2, 0),
    ]
    without_the_first = [(FEBRUARY, 7, box(50))]
    assert parts(scored(truth, without_the_first).breakdown, "age")[1] == ("new", 0, 1, 2, 0)


def test_cloud_is_told_where_the_truth_has_the_flag() -> None:
    truth = rows((JANUARY, 1, box(0)), (JANUARY, 2, box(9)), (JANUARY, 3, box(18)))
    truth = replace(truth, clouded=np.array([True, True, False]))
    predicted = rows((JANUARY, 7, box(0)), (JANUARY, 8, box(18)), (JANUARY, 9, box(50)))
    half = breakdown(match(truth, predicted, 0.25))
    flagged = replace(predicted, clouded=np.array([False, False, True]))
    whole = breakdown(match(truth, flagged, 0.25))
    assert parts(half, "cloud") == [("clear", 1, None, 0, 0), ("under cloud", 1, None, 1, 0)]
    assert parts(whole, "cloud") == [("clear", 1, 0, 0, 0), ("under cloud", 1, 1, 1, 0)]
    assert parts(breakdown(match(replace(truth, clouded=None), flagged, 0.25)), "cloud") == []


def test_breakdowns_of_chips_add_up_before_the_scores_are_taken() -> None:
    good = scored([(JANUARY, n, box(9 * n)) for n in range(3)], [(JANUARY, 7, box(0))])
    bad = scored([(JANUARY, 1, box(0))], [(JANUARY, 7, box(50))])
    total = add_up([good.breakdown, bad.breakdown]).filter(pl.col("dimension") == "month")
    assert total.select("tp", "fp", "fn", "recall", "f1").rows() == [(1, 1, 3, 1 / 4, 1 / 3)]


def test_what_one_chip_does_not_know_the_sum_does_not_know() -> None:
    truth = replace(rows((JANUARY, 1, box(0))), clouded=np.array([False]))
    unknown = breakdown(match(truth, rows((JANUARY, 7, box(0))), 0.25))
    flagged = replace(rows((JANUARY, 7, box(0))), clouded=np.array([False]))
    known = breakdown(match(truth, flagged, 0.25))
    total = add_up([known, unknown]).filter(pl.col("dimension") == "cloud")
    assert total.select("tp", "fp", "recall", "f1").rows() == [(2, None, 1.0, None)]


def test_a_change_is_told_in_the_first_month_of_the_prediction_that_matches_first() -> None:
    months = (JANUARY, FEBRUARY, MARCH, APRIL)
    truth = [(month, 1, box(0)) for month in months]
    truth += [(month, 2, box(9)) for month in months[1:]]
    truth += [(month, 3, box(18)) for month in months[2:]]
    truth += [(month, 4, box(27)) for month in months[1:]]
    truth += [(month, 5, box(36)) for month in months[1:]]
    truth += [(month, 6, box(45)) for month in months[1:]]
    predicted = [(MARCH, 55, box(45)), (APRIL, 66, box(45))]
    predicted += [(month, 22, box(9)) for month in months[3:]]
    predicted += [(month, 33, box(18)) for month in months[1:]]
    predicted += [(month, 44, box(27)) for month in months]
    assert changes(scored(truth, predicted).matched).rows() == [
        (2, FEBRUARY, 22, APRIL, 2),
        (3, MARCH, 33, FEBRUARY, -1),
        (4, FEBRUARY, 44, None, None),
        (5, FEBRUARY, None, None, None),
        (6, FEBRUARY, 55, MARCH, 1),
    ]


def test_lateness_is_in_calendar_months_over_the_end_of_a_year() -> None:
    truth = [(month, 1, box(0)) for month in (201811, 201812, 201902)]
    truth += [(month, 2, box(9)) for month in (201812, 201902)]
    told = changes(scored(truth, [(201811, 7, box(0)), (201902, 8, box(9))]).matched)
    assert told["months_late"].to_list() == [2]
    never = changes(scored(truth, [(201811, 7, box(0))]).matched)
    assert lateness([told, told, never]).rows() == [(2, 2), (None, 1)]
