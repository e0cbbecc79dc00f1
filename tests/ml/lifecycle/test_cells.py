"""Cells have the life that chips have: trained, judged, gated, registered, forecast, replayed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.cell_pyfunc import CellPyfuncModel
from ml.data.cells import CellMonths
from ml.errors import FeatureTableError
from ml.judging.backtest import Protocol
from ml.lifecycle import tracking
from ml.lifecycle.forecasting import forecast_cells
from ml.lifecycle.registry import CELLS, CHALLENGER, CHIPS
from ml.lifecycle.replay import replay
from ml.lifecycle.run import train_cells
from ml.model.errors import FeatureError
from ml.model.grid import CELL_HORIZONS
from tests.fixtures.cells import AOIS, CELLS_OF_A_CHIP, grow_cells, quick_cell_params, write_cells
from warehouse.access import connect
from warehouse.connection.roles import Role

Row = tuple[object, ...]


def rows(query: str, role: Role = Role.SERVICE) -> list[Row]:
    with connect(role=role) as connection:
        return connection.execute(query).fetchall()


def write(cells: CellMonths) -> None:
    with connect() as connection:
        write_cells(connection, cells)


FORECASTS = """
    select chip_key, as_of, cell_no, horizon, target, model_version, probability
    from ml.cell_forecast order by 1, 2, 3, 4, 6
"""


def test_cells_are_trained_judged_registered_and_forecast(database: str) -> None:
    with pytest.raises(FeatureTableError, match="dbt build"):
        train_cells()
    write(grow_cells())
    assert forecast_cells().reason == (
        "no hot spots, as no model of cells has become champion yet; "
        "`python -m ml train` judges one"
    )

    report = train_cells(params=quick_cell_params())
    assert (report.trained, report.promoted, report.model_version) == (True, True, 1)
    assert report.reason.startswith("champion: beats the plain forecasts of cells; rolling origin")
    assert report.reason.endswith("; there was no champion")
    judged = rows("select distinct protocol, horizon, run_id from ml.cell_backtest order by 1, 2")
    assert [row[:2] for row in judged] == [
        (str(protocol), horizon) for protocol in Protocol for horizon in CELL_HORIZONS
    ]
    assert {row[2] for row in judged} == {report.run_id}

    written = forecast_cells()
    assert (written.rows_written, written.chips) == (AOIS * CELLS_OF_A_CHIP * 2, AOIS)
    before = rows(FORECASTS)
    assert {row[1:2] + row[4:6] for row in before} == {(202002, "growth", 1)}
    probability = np.array([row[6] for row in before], dtype=float).reshape(-1, 2)
    assert (probability > 0).all()
    assert (probability < 1).all()
    assert (probability[:, 0] < probability[:, 1]).mean() > 0.9
    forecast_cells()
    assert rows(FORECASTS) == before
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(
            "delete from features.cell_month where chip_key = 1001 and as_of = 202002"
        )
    forecast_cells()
    assert {row[:2] for row in rows(FORECASTS) if row[0] == 1001} == {(1001, 202001)}


def test_the_gate_the_way_back_and_replay_serve_cells_as_they_serve_chips(
    database: str, tmp_path: Path
) -> None:
    write(grow_cells())
    first = train_cells(params=quick_cell_params())
    again = train_cells(params=quick_cell_params())
    assert (again.promoted, again.model_version) == (True, 1)  # the same data, the same model
    assert again.reason.endswith("the champion is this very model")

    other = train_cells(params=quick_cell_params(seed=8))
    assert (other.promoted, other.model_version) == (False, 2)
    assert other.reason.endswith("pairs in 8 AOIs)")  # held against the champion
    client = tracking.mlflow_client()
    challenger = CELLS.by_alias(client, CHALLENGER)
    assert challenger is not None
    assert challenger.version == 2

    CELLS.promote(client, 2)
    assert forecast_cells().model_version == 2
    assert CELLS.roll_back() == (2, 1)
    assert forecast_cells().model_version == 1
    assert "rolled back (version 2)" in train_cells(params=quick_cell_params(seed=8)).reason
    assert CHIPS.champion() is None  # the lines do not mix

    done = replay(str(first.run_id), tmp_path / "again")
    assert done.files == ("cells.txt", "model.json")


def test_the_run_of_cells_is_as_the_users_of_mlflow_know_one(database: str) -> None:
    write(grow_cells())
    report = train_cells(params=quick_cell_params())
    client = tracking.mlflow_client()
    run = client.get_run(str(report.run_id))
    assert str(run.info.run_name).startswith(f"cells, unknown, {AOIS} chips to 2020-02, ")
    assert run.data.tags["verdict"] == report.reason
    assert "| unseen_aois | 12 |" in run.data.tags["mlflow.note.content"]
    assert run.inputs is not None
    [dataset] = run.inputs.dataset_inputs
    assert dataset.dataset.name == "cell examples, unknown"
    points = client.get_metric_history(str(report.run_id), "unseen_aois/model/average_precision")
    assert sorted(point.step for point in points) == list(CELL_HORIZONS)
    kept = tracking.artifact_folder(client, str(report.run_id))
    assert {path.stem for path in kept.glob("card/*.png")} == {
        "precision", "reliability", "hot_spots", "feature_importance",
    }  # fmt: skip
    assert report.card == kept / "card/model_card.html"
    assert report.card.read_text("utf-8").count("data:image/png;base64,") == 4
    assert "| aoi-1 | 6 |" in report.summary

    mlflow = tracking.open_mlflow()
    loaded = mlflow.pyfunc.load_model(f"models:/{CELLS.name}@champion")
    answer = loaded.predict(loaded.input_example.assign(aside="left"))
    assert answer.columns.tolist() == ["row", "horizon", "probability"]
    assert answer["horizon"].tolist() == list(CELL_HORIZONS) * 5
    assert answer["probability"].between(0, 1).all()
    champion = CELLS.champion()
    assert champion is not None
    with pytest.raises(FeatureError, match="needs the columns known_count"):
        CellPyfuncModel(champion.model).predict(pd.DataFrame({"building_count": [1.0]}))


def test_a_model_that_beats_not_every_plain_forecast_says_why_there_are_no_hot_spots(
    database: str,
) -> None:
    cells = grow_cells()
    values = cells.values.copy()
    names = [number for number, name in enumerate(cells.names) if name != "appeared"]
    values[:, names] = 0.0  # nothing that the model could rank cells by
    write(
        CellMonths(cells.chip_key, cells.aoi_key, cells.as_of, cells.cell_no, cells.names, values)
    )
    report = train_cells(params=quick_cell_params())
    assert report.trained
    assert not report.promoted
    written = forecast_cells()
    assert written.rows_written == 0
    assert written.reason == (
        f"no hot spots, as no model of cells has become champion yet: {report.reason}"
    )


def test_too_few_cells_are_no_training_and_one_sentence(database: str) -> None:
    write(grow_cells())
    least = quick_cell_params().minimum.model_copy(update={"chip_months": 1000})
    report = train_cells(params=quick_cell_params(minimum=least))
    assert not report.trained
    assert report.reason.startswith("too little data to train the model of cells: at no horizon")


def test_an_empty_table_of_cells_is_no_training_and_one_sentence(database: str) -> None:
    write(grow_cells())
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("truncate features.cell_month")
    assert train_cells().reason.startswith("too little data to train the model of cells")


def test_cells_that_never_grow_are_no_training_and_one_sentence(database: str) -> None:
    cells = grow_cells()
    values = cells.values.copy()
    values[:, cells.names.index("appeared")] = 0
    write(
        CellMonths(cells.chip_key, cells.aoi_key, cells.as_of, cells.cell_no, cells.names, values)
    )
    report = train_cells(params=quick_cell_params())
    assert not report.trained
    assert "with 10 grown cells" in report.reason
