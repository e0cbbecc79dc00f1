"""The model of bare histories judged on places that are no data of the warehouse."""

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.data.histories import history_examples
from ml.judging.backtest import FORECASTERS
from ml.judging.histories import KNOWN_MONTHS, judge_histories
from ml.model.chip_model import HISTORY, ForecastModel
from ml.model.history import History
from ml.reporting.frames import history_frame
from ml.training.params import Params

FIRST = 2018 * 12


def steady(level: float, rate: float, months: int = 26) -> History:
    return History(
        np.arange(FIRST, FIRST + months), level + rate * np.arange(months, dtype=np.float64)
    )


def test_examples_of_histories_know_their_months_and_what_came() -> None:
    gap = History(np.array([FIRST, FIRST + 2, FIRST + 3]), np.array([10.0, 14.0, 15.0]))
    rows = history_examples([gap, steady(5, 1, months=2)])
    found = list(zip(rows.chip_key, rows.as_of, rows.horizon, rows.net_change, strict=True))
    assert found == [(0, 201801, 3, 5.0), (0, 201803, 1, 1.0), (1, 201801, 1, 1.0)]


def test_histories_are_judged_from_their_third_month_on_in_shares_of_their_count(
    model: ForecastModel, examples: Examples, params: Params
) -> None:
    places = [steady(1000, 10), steady(100, 1)]
    judged = judge_histories(model.models[HISTORY], examples, places, params)
    assert [at.horizon for at in judged] == [1, 3, 6, 12]
    for at in judged:
        assert at.places == 2
        assert set(at.scores) == set(FORECASTERS)
        months = 26 - (KNOWN_MONTHS - 1) - at.horizon
        assert {score.rows for score in at.scores.values()} == {2 * months}
        # Both grow by one hundredth of where they began, so the line is never off.
        assert at.scores["mean_past_change"].mae == pytest.approx(0, abs=1e-12)
        assert 0 < at.scores["no_change"].mae < at.horizon / 100
    frame = history_frame(judged)
    assert frame["plain_mae"].to_list() == pytest.approx([0, 0, 0, 0], abs=1e-12)
    assert frame["rows"][0] == 46


def test_histories_too_short_to_be_judged_give_nothing(
    model: ForecastModel, examples: Examples, params: Params
) -> None:
    assert judge_histories(model.models[HISTORY], examples, [steady(9, 1, months=3)], params) == []
