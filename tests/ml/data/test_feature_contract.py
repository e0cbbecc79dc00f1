"""What training reads is what dbt promises: columns and types of the feature tables."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from ml.model.grid import HORIZONS
from ml.model.history import HISTORY_FEATURES, History, features_of
from ml.training.params import load_params
from tests.fixtures.worlds import World
from warehouse.connection.settings import PROJECT_ROOT

FEATURE_MODELS = PROJECT_ROOT / "dbt_project" / "models" / "features"


def promised(path: Path) -> dict[str, str]:
    (model,) = yaml.safe_load(path.read_text("utf-8"))["models"]
    return {column["name"]: column["data_type"] for column in model["columns"]}


def test_dbt_promises_every_feature_that_the_model_uses() -> None:
    columns = promised(FEATURE_MODELS / "chip_month.yml")
    assert set(load_params().features) <= set(columns)
    kinds = {columns[name] for name in load_params().features}
    assert kinds <= {"smallint", "integer", "bigint", "double precision", "real", "numeric"}


def test_dbt_promises_the_keys_and_the_target() -> None:
    assert {"chip_key", "as_of"} <= set(promised(FEATURE_MODELS / "chip_month.yml"))
    target = promised(FEATURE_MODELS / "chip_target.yml")
    assert {"chip_key", "as_of", "horizon", "net_change", "net_area_change"} <= set(target)


def test_dbt_and_the_model_look_equally_far_ahead() -> None:
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project" / "dbt_project.yml").read_text("utf-8"))
    assert tuple(project["vars"]["horizons"]) == HORIZONS


def test_horizons_are_written_down_nowhere_else() -> None:
    """In the product; by hand they stand in its tests."""
    rooms = (
        "ml",
        "serving",
        "orchestration",
        "benchmarks",
        "dbt_project/models",
        "dbt_project/macros",
    )
    listed = re.compile(r"\b1\W{1,4}3\W{1,4}6\W{1,4}12\b")
    found = [
        str(path.relative_to(PROJECT_ROOT))
        for room in rooms
        for path in (PROJECT_ROOT / room).rglob("*")
        if path.suffix in {".py", ".sql", ".yml", ".yaml"}
        and listed.search(path.read_text("utf-8"))
    ]
    assert found == ["ml/model/grid.py"]


@pytest.mark.parametrize("table", ["chip_month", "chip_target"])
def test_the_made_up_world_has_no_column_that_dbt_lacks(world: World, table: str) -> None:
    rows = world.features if table == "chip_month" else world.targets
    assert set(rows[0]) <= set(promised(FEATURE_MODELS / f"{table}.yml"))


def test_a_bare_history_has_the_features_that_dbt_gives_a_chip() -> None:
    """The case that dbt's unit test expects, told to the model's own arithmetic."""
    path = PROJECT_ROOT / "dbt_project/models/features/chip_growth.yml"
    (case,) = yaml.safe_load(path.read_text("utf-8"))["unit_tests"]
    for chip in (1, 2, 3):
        rows = [row for row in case["expect"]["rows"] if row["chip_key"] == chip]
        months = np.array([row["months_since_first"] for row in rows])
        # Chip 3 leaps, which its counts tell; what is revealed in the others they do not.
        grown = np.array(
            [
                float(row["known_count"]) if chip == 3 else 100.0 + row["net_change_since_first"]
                for row in rows
            ]
        )
        for number, row in enumerate(rows, start=1):
            (found,) = features_of([History(months[:number], grown[:number])]).values
            mine = dict(zip(HISTORY_FEATURES, found.tolist(), strict=True))
            shared = set(HISTORY_FEATURES) & set(row) - {"known_count"}
            assert len(shared) == 7
            for name in shared:
                theirs = float("nan") if row[name] is None else row[name]
                assert mine[name] == pytest.approx(theirs, nan_ok=True), (name, row)
