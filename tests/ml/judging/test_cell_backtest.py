"""The backtest of cells judges what was not seen, beside plain forecasts."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from ml.data.cells import CellMonths
from ml.judging.backtest import MODEL, Protocol
from ml.judging.cell_backtest import (
    CellBacktest,
    plain_scores,
    run_cell_backtest,
)
from ml.judging.cell_verdict import judge_cells
from ml.model.grid import CELL_HORIZONS
from tests.fixtures.cells import grow_cells, quick_cell_params

PARAMS = quick_cell_params()
ROLLING, UNSEEN = Protocol.ROLLING_ORIGIN, Protocol.UNSEEN_AOIS


@pytest.fixture(scope="module")
def cells() -> CellMonths:
    return grow_cells()


@pytest.fixture(scope="module")
def backtest(cells: CellMonths) -> CellBacktest:
    return run_cell_backtest(cells, PARAMS)


def test_every_cell_whose_future_is_known_is_judged_once_on_aois_not_seen(
    cells: CellMonths, backtest: CellBacktest
) -> None:
    for forecasts in backtest.forecasts:
        assert max(Counter(forecasts.rows.tolist()).values()) == 1
        if forecasts.protocol == UNSEEN:
            assert set(forecasts.rows) == set(cells.growth(forecasts.horizon).rows)


def test_origins_are_so_many_months_apart_up_to_the_last_known_one(
    cells: CellMonths, backtest: CellBacktest
) -> None:
    first = int(cells.as_of_month.min())
    rolling = [f for f in backtest.forecasts if f.protocol == ROLLING]
    origins = [sorted(set(cells.as_of_month[f.rows] - first)) for f in rolling]
    assert origins == [[7, 13, 19], [7, 13]]


def test_what_an_aoi_or_a_later_month_holds_does_not_touch_its_own_forecast(
    cells: CellMonths, backtest: CellBacktest
) -> None:
    changed = cells.values.copy()
    late = cells.as_of_month > cells.as_of_month.min() + 19
    changed[late] += 50
    again = run_cell_backtest(dataclasses.replace(cells, values=changed), PARAMS)
    before, after = backtest.forecasts[0], again.forecasts[0]
    assert before.protocol == ROLLING
    np.testing.assert_array_equal(before.probability, after.probability)
    assert (before.has_grown != after.has_grown).any()


def test_the_model_ranks_cells_better_than_their_density_and_is_registered_for_it(
    backtest: CellBacktest,
) -> None:
    for horizon in CELL_HORIZONS:
        model = backtest.model(UNSEEN, horizon)
        assert model is not None
        assert model.score.skill > 0.05
    assert judge_cells(backtest).beats


def test_a_model_worse_than_a_plain_forecast_anywhere_is_not_registered(
    backtest: CellBacktest,
) -> None:
    def poorer(average_precision: float) -> CellBacktest:
        rows = tuple(
            dataclasses.replace(
                row, score=dataclasses.replace(row.score, average_precision=average_precision)
            )
            if (row.forecaster, row.protocol, row.horizon) == (MODEL, ROLLING, 6)
            else dataclasses.replace(
                row,
                score=dataclasses.replace(
                    row.score, average_precision=0.9 if row.forecaster == MODEL else 0.2
                ),
            )
            for row in backtest.rows
        )
        return dataclasses.replace(backtest, rows=rows)

    assert judge_cells(poorer(0.3)).beats
    verdict = judge_cells(poorer(0.1))
    assert not verdict.beats
    assert verdict.sentence.startswith("does not everywhere beat")
    assert not judge_cells(CellBacktest((), ())).beats


def test_plain_forecasts_are_growth_of_the_cell_and_its_block_and_density(
    cells: CellMonths,
) -> None:
    values = cells.values[:2].copy()
    for name, pair in {
        "appeared_3": (1, 0),
        "appeared_3_3x3": (1, 4),
        "known_count": (9, 2),
    }.items():
        values[:, cells.names.index(name)] = pair
    scores = plain_scores(dataclasses.replace(cells, values=values), np.array([0, 1]))
    assert scores["own_3"].tolist() == [1, 0]
    assert scores["block_3"].tolist() == [3, 4]
    assert scores["density"].tolist() == [9, 2]
    assert len(scores) == 7
