"""Scores of a yes or no, worked out by hand."""

import numpy as np
import pytest

from ml.judging.cell_metrics import score_probability, score_ranking, tenths

GROWN = np.array([True, False, True, False])


def test_average_precision_is_the_mean_precision_at_each_cell_that_grew() -> None:
    assert score_ranking(GROWN, np.array([4.0, 3, 2, 1])).average_precision == pytest.approx(
        (1 / 1 + 2 / 3) / 2
    )


def test_equal_scores_share_their_ranks_whatever_their_order() -> None:
    flat = np.ones(4)
    assert score_ranking(GROWN, flat).average_precision == 0.5
    assert score_ranking(GROWN[::-1], flat).average_precision == 0.5
    assert score_ranking(GROWN, flat).lift == pytest.approx(1)


def test_lift_compares_the_top_twentieth_with_all() -> None:
    has_grown = np.zeros(40, dtype=bool)
    has_grown[[0, 20, 21, 22]] = True  # a rate of a tenth; one of the two at the top
    assert score_ranking(has_grown, -np.arange(40.0)).lift == pytest.approx(0.5 / 0.1)


def test_skill_is_the_share_of_the_base_rates_error_that_is_saved() -> None:
    assert score_probability(GROWN, np.full(4, 0.5)).skill == pytest.approx(0)
    assert score_probability(GROWN, GROWN.astype(float)).skill == pytest.approx(1)
    better = score_probability(GROWN, np.array([0.8, 0.2, 0.8, 0.2]))
    assert better.brier == pytest.approx(0.04)
    assert better.skill == pytest.approx(0.84)


def test_reliability_is_the_widest_gap_of_a_tenth() -> None:
    has_grown = np.repeat([False, True], 50)
    probability = np.repeat([0.1, 0.9], 50)
    probability[90:] = 0.95
    assert tenths(has_grown, probability)[0] == pytest.approx((0.1, 0))
    assert score_probability(has_grown, probability).reliability == pytest.approx(0.1)


def test_where_nothing_grew_there_is_no_lift_and_no_skill() -> None:
    score = score_probability(np.zeros(4, dtype=bool), np.full(4, 0.1))
    assert (score.average_precision, np.isnan(score.lift), np.isnan(score.skill)) == (0, True, True)
