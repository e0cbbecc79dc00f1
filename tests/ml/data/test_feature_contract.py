"""What training reads is what dbt promises: columns and types of the feature tables."""

from pathlib import Path

import pytest
import yaml

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
    assert {"chip_key", "as_of", "horizon", "net_change"} <= set(target)


@pytest.mark.parametrize("table", ["chip_month", "chip_target"])
def test_the_made_up_world_has_no_column_that_dbt_lacks(world: World, table: str) -> None:
    rows = world.features if table == "chip_month" else world.targets
    assert set(rows[0]) <= set(promised(FEATURE_MODELS / f"{table}.yml"))
