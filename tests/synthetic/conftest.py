"""One synthetic sample for all tests that only read, and ways to look at it."""

from pathlib import Path

import polars as pl
import pytest

from synthetic import Size, synthesize
from synthetic.planning.params import params
from synthetic.planning.plan import ChipPlan, Plan, make_plan

NAME = r"^global_monthly_(\d{4})_(\d{2})_mosaic_(.+)$"
SEED = 7
COMMANDS = "from synthetic import app; from warehouse.cli import run_cli; run_cli(app)"
"""The commands as a program, without the imports of the other loaders."""


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample; read it, never change it."""
    return synthesize(tmp_path_factory.mktemp("synthetic") / "sample", size=Size.SAMPLE).out


@pytest.fixture(scope="session")
def rows(sample: Path) -> pl.DataFrame:
    """Its rows in file order: filename, id, geometry, chip_id, time_key."""
    year_month = [pl.col("filename").str.extract(NAME, part) for part in (1, 2)]
    return pl.read_csv(sample / "csvs" / "sn7_train_ground_truth_pix.csv").with_columns(
        chip_id=pl.col("filename").str.extract(NAME, 3),
        time_key=pl.concat_str(year_month).cast(pl.Int32),
    )


@pytest.fixture(scope="session")
def buildings(sample: Path) -> pl.DataFrame:
    return pl.read_parquet(sample / "truth" / "buildings.parquet")


@pytest.fixture(scope="session")
def occlusions(sample: Path) -> pl.DataFrame:
    return pl.read_parquet(sample / "truth" / "occlusions.parquet")


@pytest.fixture(scope="session")
def full_plan() -> Plan:
    return make_plan(1.0, SEED, params())


@pytest.fixture(scope="session")
def sample_plan() -> Plan:
    return make_plan(0.01, SEED, params())


def chip_plan(plan: Plan, beginning: str) -> ChipPlan:
    """Return the plan of the chip whose name begins so."""
    return next(made for made in plan.chips if made.chip.chip_id.startswith(beginning))
