"""The tunables of the model of cells are checked, and dbt has what they name."""

from pathlib import Path

import pytest
import yaml

from ml.errors import ParamsError
from ml.training.cell_params import CELL_PARAMS_PATH, load_cell_params
from warehouse.connection.settings import PROJECT_ROOT

COLUMNS = yaml.safe_load(
    (PROJECT_ROOT / "dbt_project/models/features/cell_month.yml").read_text("utf-8")
)["models"][0]["columns"]


def test_dbt_promises_every_feature_that_the_model_of_cells_uses() -> None:
    kinds = {column["name"]: column["data_type"] for column in COLUMNS}
    names = load_cell_params().features
    assert set(names) <= set(kinds)
    assert {kinds[name] for name in names} <= {"smallint", "integer", "real"}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("  - appeared_3x3\n", "", "appeared_3x3 must be among"),
        ("  - usable_share\n", "  - appeared\n", "a name stands twice"),
        ("seed: 7", "seed: seven", "seed: Input should be a valid integer"),
        (
            "sample_rows: 20000",
            "sample_rows: 0",
            "sample_rows: Input should be greater than or equal",
        ),
        ("calibration_folds: 3", "calibration_fold: 3", "calibration_folds: Field required"),
    ],
)
def test_tunables_that_training_cannot_use_are_refused(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = CELL_PARAMS_PATH.read_text("utf-8")
    assert old in text
    path = tmp_path / "cell_params.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ParamsError, match=reason):
        load_cell_params(path)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="cannot read"):
        load_cell_params(tmp_path / "none.yaml")
