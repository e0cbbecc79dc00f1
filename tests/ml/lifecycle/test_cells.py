"""The model of cells from feature table to registry and forecasts."""

import numpy as np
import pytest

from ml.errors import FeatureTableError
from ml.lifecycle.cells import NO_CELL_MODEL, forecast_cells, train_cells
from tests.fixtures.cells import CELLS_OF_A_CHIP, grow_cells, quick_cell_params, write_cells
from warehouse.access import connect
from warehouse.connection.roles import Role

Row = tuple[object, ...]


def rows(query: str, role: Role = Role.SERVICE) -> list[Row]:
    with connect(role=role) as connection:
        return connection.execute(query).fetchall()


FORECASTS = """
    select chip_key, as_of, cell_no, horizon, target, model_version, probability
    from ml.cell_forecast order by 1, 2, 3, 4, 6
"""


def test_cells_are_trained_judged_registered_and_forecast(database: str) -> None:
    with pytest.raises(FeatureTableError, match="dbt build"):
        train_cells()
    with connect() as connection:
        write_cells(connection, grow_cells())
    assert forecast_cells().reason == NO_CELL_MODEL

    report = train_cells(params=quick_cell_params())
    assert (report.trained, report.registered, report.model_version) == (True, True, 1)
    judged = rows("select distinct protocol, horizon, run_id from ml.cell_backtest order by 1, 2")
    assert [row[:2] for row in judged] == [
        *(("rolling_origin", 6), ("rolling_origin", 12)),
        *(("unseen_aois", 6), ("unseen_aois", 12)),
    ]
    assert {row[2] for row in judged} == {report.run_id}

    written = forecast_cells()
    assert (written.rows_written, written.chips) == (6 * CELLS_OF_A_CHIP * 2, 6)
    before = rows(FORECASTS)
    assert {row[1:2] + row[4:6] for row in before} == {(202002, "growth", 1)}
    probability = np.array([row[6] for row in before], dtype=float).reshape(-1, 2)
    assert (probability > 0).all()
    assert (probability < 1).all()
    assert (probability[:, 0] < probability[:, 1]).mean() > 0.9
    forecast_cells()
    assert rows(FORECASTS) == before

    again = train_cells(params=quick_cell_params())
    assert again.model_version == 1  # the same data, the same model
    assert train_cells(params=quick_cell_params(seed=8)).model_version == 2
    forecast_cells()
    assert {row[5] for row in rows(FORECASTS)} == {1, 2}
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(
            "delete from features.cell_month where chip_key = 1001 and as_of = 202002"
        )
        assert connection.execute("select count(*) from ml.cell_forecast").fetchone()
    forecast_cells()
    assert {row[:2] for row in rows(FORECASTS) if row[0] == 1001} == {(1001, 202001)}


def test_too_few_cells_are_no_training_and_one_sentence(database: str) -> None:
    with connect() as connection:
        write_cells(connection, grow_cells())
    report = train_cells(
        params=quick_cell_params(
            minimum=quick_cell_params().minimum.model_copy(update={"chip_months": 1000})
        )
    )
    assert not report.trained
    assert report.reason.startswith("too little data to train the model of cells: at no horizon")
