"""The rules of the metric, each by a chip made by hand."""

import numpy as np
import pytest

from scoring.errors import OptionsError, RepeatedRowError
from scoring.metric.chip import score_chip
from scoring.metric.options import Options
from scoring.metric.rows import no_rows
from tests.fixtures.trackers import (
    APRIL,
    FEBRUARY,
    JANUARY,
    MARCH,
    box,
    change,
    pairs,
    rows,
    scored,
    track,
)


def test_a_match_needs_an_iou_above_the_threshold_not_at_it() -> None:
    truth = [(JANUARY, 1, box(0, width=8, height=8))]
    at = scored(truth, [(JANUARY, 7, box(0, width=8, height=2))])
    above = scored(truth, [(JANUARY, 7, box(0, width=8, height=2.0001))])
    assert track(at) == (0, 1, 1)
    assert track(above) == (1, 0, 0)


def test_the_threshold_can_be_chosen() -> None:
    truth = [(JANUARY, 1, box(0))]
    predicted = [(JANUARY, 7, box(1))]
    assert track(scored(truth, predicted, Options(threshold=0.5))) == (1, 0, 0)
    assert track(scored(truth, predicted, Options(threshold=0.6))) == (0, 1, 1)
    assert track(scored(truth, [(JANUARY, 7, box(4))], Options(threshold=0))) == (0, 1, 1)


def test_truth_below_the_least_area_is_left_out_and_truth_of_that_area_is_not() -> None:
    truth = [(JANUARY, 1, box(0, width=2, height=2)), (JANUARY, 2, box(9, width=2, height=1.999))]
    chip = scored(truth, [])
    assert track(chip) == (0, 0, 1)
    assert chip.too_small == 1
    assert track(scored(truth, [], Options(least_area=0))) == (0, 0, 2)


def test_small_predictions_are_scored_whatever_their_area() -> None:
    chip = scored([(JANUARY, 1, box(0))], [(JANUARY, 7, box(50, width=1, height=1))])
    assert track(chip) == (0, 1, 1)


def test_a_month_that_has_only_small_truth_is_no_month() -> None:
    truth = [
        (JANUARY, 1, box(0, width=1, height=1)),
        (FEBRUARY, 2, box(9)),
        (MARCH, 2, box(9)),
    ]
    chip = scored(truth, [(JANUARY, 7, box(9)), (FEBRUARY, 7, box(9)), (MARCH, 7, box(9))])
    assert track(chip) == (2, 0, 0)
    assert change(chip) == (0, 0, 0), "February is the first month, so nothing is new in it"
    assert chip.unscored == 1


def test_a_chip_without_truth_has_no_score() -> None:
    tiny = rows((JANUARY, 1, box(0, width=1, height=1)))
    assert score_chip(tiny, rows((JANUARY, 7, box(0))), Options()) is None
    assert score_chip(no_rows(), rows((JANUARY, 7, box(0))), Options()) is None


def test_a_tracker_that_finds_nothing_scores_nothing() -> None:
    truth = rows((JANUARY, 1, box(0)), (FEBRUARY, 2, box(9)))
    chip = score_chip(truth, no_rows(), Options())
    assert chip is not None
    assert track(chip) == (0, 0, 2)
    assert change(chip) == (0, 0, 1)
    assert (chip.score.track_score, chip.score.change_score, chip.score.scot) == (0, 0, 0)


def test_a_month_without_predictions_misses_all_its_buildings() -> None:
    chip = scored([(JANUARY, 1, box(0)), (FEBRUARY, 1, box(0))], [(JANUARY, 7, box(0))])
    assert track(chip) == (1, 0, 1)


def test_predictions_of_months_without_truth_are_not_scored_and_do_not_make_ids_known() -> None:
    chip = scored(
        [(JANUARY, 1, box(0)), (MARCH, 1, box(0)), (MARCH, 2, box(9))],
        [(JANUARY, 7, box(0)), (FEBRUARY, 8, box(9)), (MARCH, 7, box(0)), (MARCH, 8, box(9))],
    )
    assert track(chip) == (3, 0, 0)
    assert change(chip) == (1, 0, 0)
    assert chip.unscored == 1


def test_a_change_of_partner_is_a_mismatch_and_counts_on_both_sides() -> None:
    truth = [(month, 1, box(0)) for month in (JANUARY, FEBRUARY, MARCH)]
    chip = scored(truth, [(JANUARY, 7, box(0)), (FEBRUARY, 8, box(0)), (MARCH, 8, box(0))])
    assert chip.score.mismatches == 1
    assert track(chip) == (2, 1, 1)
    frame = chip.matched.frame()
    assert frame["mismatch"].to_list() == [False, True, False]


def test_two_that_change_partners_are_two_mismatches() -> None:
    truth = [(month, number, box(9 * number)) for month in (JANUARY, FEBRUARY) for number in (1, 2)]
    predicted = [
        (JANUARY, 7, box(9)),
        (JANUARY, 8, box(18)),
        (FEBRUARY, 8, box(9)),
        (FEBRUARY, 7, box(18)),
    ]
    assert scored(truth, predicted).score.mismatches == 2


def test_a_predicted_id_that_goes_over_to_another_building_is_a_mismatch() -> None:
    truth = [(JANUARY, 1, box(0)), (FEBRUARY, 2, box(9))]
    chip = scored(truth, [(JANUARY, 7, box(0)), (FEBRUARY, 7, box(9))])
    assert chip.score.mismatches == 1


def test_the_newest_earlier_match_decides_however_long_ago_it_was() -> None:
    truth = [(month, 1, box(0)) for month in (JANUARY, FEBRUARY, MARCH, APRIL)]
    gone_and_back = [(JANUARY, 7, box(0)), (APRIL, 7, box(0))]
    replaced = [(JANUARY, 7, box(0)), (APRIL, 8, box(0))]
    there_and_back = [(JANUARY, 7, box(0)), (FEBRUARY, 8, box(0)), (APRIL, 7, box(0))]
    assert scored(truth, gone_and_back).score.mismatches == 0
    assert scored(truth, replaced).score.mismatches == 1
    assert scored(truth, there_and_back).score.mismatches == 2


def test_only_matches_count_for_mismatches() -> None:
    truth = [(month, 1, box(0)) for month in (JANUARY, FEBRUARY)]
    chip = scored(truth, [(JANUARY, 7, box(500)), (FEBRUARY, 7, box(0))])
    assert chip.score.mismatches == 0


def test_nothing_changes_in_the_first_month() -> None:
    chip = scored([(JANUARY, 1, box(0))], [(JANUARY, 7, box(0)), (JANUARY, 8, box(9))])
    assert change(chip) == (0, 0, 0)


def test_a_pair_is_a_change_told_when_both_ids_are_new() -> None:
    old = [(JANUARY, 1, box(0)), (FEBRUARY, 1, box(0))]
    both_new = scored([*old, (FEBRUARY, 2, box(9))], [(JANUARY, 7, box(0)), (FEBRUARY, 8, box(9))])
    only_predicted = scored(old, [(JANUARY, 7, box(0)), (FEBRUARY, 8, box(0))])
    only_true = scored([*old, (FEBRUARY, 2, box(9))], [(JANUARY, 7, box(0)), (FEBRUARY, 7, box(9))])
    assert change(both_new) == (1, 0, 0)
    assert change(only_predicted) == (0, 1, 0)
    assert change(only_true) == (0, 0, 1)


def test_new_ids_without_a_match_are_changes_as_well() -> None:
    chip = scored([(JANUARY, 1, box(0)), (FEBRUARY, 2, box(9))], [(FEBRUARY, 8, box(50))])
    assert change(chip) == (0, 1, 1)


def test_an_id_is_new_once_even_if_it_was_never_matched_and_comes_back() -> None:
    truth = [(month, 1, box(0)) for month in (JANUARY, FEBRUARY, MARCH, APRIL)]
    truth += [(FEBRUARY, 2, box(9)), (APRIL, 2, box(9))]
    predicted = [(FEBRUARY, 8, box(50)), (APRIL, 8, box(9))]
    assert change(scored(truth, predicted)) == (0, 1, 1)


def test_scores_are_f_measures_and_beta_weighs_tracking() -> None:
    truth = [(JANUARY, 1, box(0)), (FEBRUARY, 1, box(0)), (FEBRUARY, 2, box(9))]
    predicted = [(JANUARY, 7, box(0)), (FEBRUARY, 8, box(9)), (FEBRUARY, 9, box(50))]
    chip = scored(truth, predicted)
    assert track(chip) == (2, 1, 1)
    assert change(chip) == (1, 1, 0)
    track_score, change_score = 2 / 3, 1 / 1.5
    assert chip.score.track_score == track_score
    assert chip.score.change_score == change_score
    assert chip.score.scot == pytest.approx(2 / 3)
    worse = scored(truth, [*predicted, (FEBRUARY, 10, box(70))], Options(beta=1))
    assert worse.score.scot == pytest.approx(2 * (4 / 7) * 0.5 / (4 / 7 + 0.5))
    same = scored(truth, [*predicted, (FEBRUARY, 10, box(70))])
    assert same.score.scot == pytest.approx(5 * (4 / 7) * 0.5 / (4 * 0.5 + 4 / 7))


def test_where_nothing_changes_the_score_of_change_is_none_and_so_is_the_whole() -> None:
    chip = scored([(JANUARY, 1, box(0))], [(JANUARY, 7, box(0))])
    assert (chip.score.track_score, chip.score.change_score, chip.score.scot) == (1, 0, 0)


def test_perfect_predictions_score_one() -> None:
    truth = [(JANUARY, 1, box(0)), (FEBRUARY, 1, box(0)), (FEBRUARY, 2, box(9))]
    assert scored(truth, truth).score.scot == 1


def test_an_id_that_stands_twice_in_a_month_is_refused() -> None:
    twice = rows((JANUARY, 7, box(0)), (JANUARY, 7, box(9)))
    with pytest.raises(RepeatedRowError, match="id 7 stands twice in month 201801"):
        score_chip(rows((JANUARY, 1, box(0))), twice, Options())


def test_the_order_of_rows_is_nothing() -> None:
    truth = rows(*[(m, n, box(3 * n)) for m in (JANUARY, FEBRUARY) for n in range(9)])
    predicted = rows(*[(m, n, box(3 * n + 1)) for m in (JANUARY, FEBRUARY) for n in range(9)])
    one = score_chip(truth, predicted, Options())
    mixed = np.random.default_rng(1).permutation(18)
    other = score_chip(truth.take(mixed), predicted.take(mixed[::-1]), Options())
    assert one is not None
    assert other is not None
    assert one.matched.frame().equals(other.matched.frame())
    assert pairs(one)[0] == (JANUARY, 0, 0)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"threshold": 1.0}, "threshold 1"),
        ({"threshold": -0.1}, "threshold -0.1"),
        ({"beta": 0.0}, "beta of 0"),
        ({"least_area": -1.0}, "least area of -1"),
        ({"beta": float("nan")}, "beta of nan"),
    ],
)
def test_options_out_of_range_are_refused(bad: dict[str, float], said: str) -> None:
    with pytest.raises(OptionsError, match=said):
        Options(**bad)
