"""The model of cells: rates, calibration, and that it knows nothing of later months."""

import dataclasses

import numpy as np
import pytest

from ml.data.cells import CellMonths, Growth
from ml.model.cell_model import CellModel
from ml.training.cell_fitting import expected_rates, fit_cells, known_growth
from tests.fixtures.cells import grow_cells, quick_cell_params

PARAMS = quick_cell_params()


@pytest.fixture(scope="module")
def cells() -> CellMonths:
    return grow_cells()


def fitted(cells: CellMonths, *, until: int | None = None, **changes: object) -> CellModel:
    params = quick_cell_params(**changes)
    everything = np.ones(len(cells), dtype=bool)
    return fit_cells(cells, known_growth(cells, params, among=everything, until=until), params)


def growth(rows: range, grown: int) -> Growth:
    return Growth(np.array(rows), np.arange(len(rows)) < grown)


def test_rates_of_longer_horizons_follow_from_rows_that_know_both() -> None:
    # 100 rows know both: 10 grew in 3 months, 16 in 6; of all rows 20 in 200 grew in 3.
    known = {3: growth(range(200), 20), 6: growth(range(200), 0)}
    known[3] = Growth(known[3].rows, np.isin(np.arange(200), [*range(10), *range(100, 110)]))
    known[6] = growth(range(100), 16)
    rates = expected_rates(known, PARAMS)
    assert rates[3] == pytest.approx(0.1)
    assert rates[6] == pytest.approx(0.16)
    assert rates[12] == pytest.approx(0.16 * 1.6)


def test_a_single_horizon_leaves_the_rest_to_the_exponent() -> None:
    rates = expected_rates({3: growth(range(100), 10)}, quick_cell_params(exponent=0.5))
    assert rates[12] == pytest.approx(0.1 * 2)


def test_the_mean_probability_is_the_rate(cells: CellMonths) -> None:
    model = fitted(cells)
    everything = np.ones(len(cells), dtype=bool)
    known = known_growth(cells, PARAMS, among=everything)
    reference = cells.values[known[3].rows]
    for horizon, rate in expected_rates(known, PARAMS).items():
        assert model.at(reference, horizon).mean() == pytest.approx(rate, rel=1e-3)


def test_cells_where_building_goes_on_are_told_from_the_others(cells: CellMonths) -> None:
    probability = fitted(cells).at(cells.values, 6)
    busy = cells.feature("appeared_12") >= 2
    assert probability[busy].mean() > 4 * probability[~busy].mean()


def test_nothing_after_the_origin_changes_the_model(cells: CellMonths) -> None:
    origin = int(cells.as_of_month.min()) + 14
    changed = cells.values.copy()
    changed[cells.as_of_month > origin] = 99
    other = dataclasses.replace(cells, values=changed)
    before = fitted(cells, until=origin)
    assert fitted(other, until=origin).manifest == before.manifest
    assert before.manifest.fingerprint != fitted(cells).manifest.fingerprint


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(cells: CellMonths) -> None:
    one, same = fitted(cells), fitted(cells)
    assert one.booster.model_to_string() == same.booster.model_to_string()
    assert one.manifest == same.manifest
    other = fitted(cells, seed=8)
    assert one.booster.model_to_string() != other.booster.model_to_string()


def test_a_model_that_is_too_sure_is_drawn_towards_the_rate(cells: CellMonths) -> None:
    closely = PARAMS.boosting.model_copy(
        update={"rounds": 100, "min_data_in_leaf": 2, "learning_rate": 0.5, "lambda_l2": 0.0}
    )
    slopes = fitted(cells, boosting=closely).manifest.slopes
    assert slopes[3] < 0.9
    assert fitted(cells).manifest.slopes[3] > 0.95


def test_one_aoi_leaves_the_model_as_it_is(cells: CellMonths) -> None:
    one = dataclasses.replace(cells, aoi_key=np.zeros_like(cells.aoi_key))
    assert set(fitted(one).manifest.slopes.values()) == {1.0}


def test_too_few_rows_are_not_learnt_from(cells: CellMonths) -> None:
    everything = np.ones(len(cells), dtype=bool)
    lacking = quick_cell_params(minimum=PARAMS.minimum.model_copy(update={"chip_months": 120}))
    assert list(known_growth(cells, lacking, among=everything)) == [3, 6]
    none = known_growth(cells, lacking, among=everything, until=int(cells.as_of_month.min()))
    assert none == {}
