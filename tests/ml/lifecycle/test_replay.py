"""A model made again from what its run kept."""

from pathlib import Path

import pytest

from ml.errors import ReplayError
from ml.lifecycle import tracking
from ml.lifecycle.record import EXAMPLES_FILE, PARAMS_FILE
from ml.lifecycle.replay import replay
from ml.model.grid import QUANTILE_NAMES
from ml.training.fitting import MODELS
from tests.fixtures.trained import Trained
from warehouse.access import connect
from warehouse.connection.roles import Role


def test_the_same_files_come_out_whatever_the_tables_hold_now(
    trained: Trained, trained_database: str, tmp_path: Path
) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("truncate features.chip_month, features.chip_target")
    done = replay(str(trained.report.run_id), tmp_path / "again")
    names = [f"{model}-{quantile}.txt" for model in MODELS for quantile in QUANTILE_NAMES]
    assert done.files == tuple(sorted([*names, "model.json"]))
    assert done.name == trained.report.run_name


def test_another_seed_or_other_examples_are_noticed(
    in_trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = str(in_trained.report.run_id)
    kept = tracking.artifact_folder(tracking.mlflow_client(), run_id)
    copy = tmp_path / "kept"
    for file in (EXAMPLES_FILE, PARAMS_FILE):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_bytes((kept / file).read_bytes())
    text = (copy / PARAMS_FILE).read_text("utf-8")
    (copy / PARAMS_FILE).write_text(text.replace('"seed": 7', '"seed": 8'), encoding="utf-8")
    monkeypatch.setattr("ml.lifecycle.replay.artifact_folder", lambda client, run_id: copy)
    with pytest.raises(ReplayError, match=r"building_count-q50\.txt, .* of .* differ from those"):
        replay(run_id, tmp_path / "again")
    (copy / PARAMS_FILE).write_text('{"seed": 7}', encoding="utf-8")
    with pytest.raises(ReplayError, match="check out the run's commit"):
        replay(run_id, tmp_path / "again")


def test_a_run_that_is_not_there_is_named(in_trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"there is no run 0123; `make mlflow`"):
        replay("0123", tmp_path)
