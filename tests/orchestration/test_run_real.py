"""`make run DATA=…` on the real sample: the star is whole, and training says what it lacks."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.commands import Outcome, orchestrate
from warehouse.connection.settings import get_settings

pytestmark = [pytest.mark.slow, pytest.mark.real_data]

Query = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def sample(real_data: Path) -> Path:
    return real_data / "csvs" / "sn7_train_ground_truth_pix_sample.csv"


@pytest.fixture(scope="module")
def outcome(sample: Path, module_database: str) -> Outcome:
    return orchestrate("run", "--data", sample, dsn=module_database, home=get_settings().home)


@pytest.fixture
def query(outcome: Outcome, module_database: str) -> Query:
    def ask(statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(module_database) as connection:
            return connection.execute(statement).fetchall()

    return ask


def test_the_job_succeeds(outcome: Outcome) -> None:
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "2,775 rows read, 2,775 loaded, 0 rejected (loaded)" in outcome.lines


def test_rows_come_back_to_the_byte(query: Query, sample: Path) -> None:
    rows = query("select filename, id, geometry from raw.pixel_row")
    _, *lines = sample.read_text(encoding="utf-8").splitlines()

    assert sorted(f'{name},{number},"{polygon}"' for name, number, polygon in rows) == sorted(lines)


def test_star_is_whole(query: Query) -> None:
    counts = {
        table: query(f"select count(*) from marts.{table}")[0][0]
        for table in ("dim_chip", "dim_aoi", "dim_building", "fact_chip_observation")
    }

    assert counts == {
        "dim_chip": 1,
        "dim_aoi": 1,
        "dim_building": 2775,
        "fact_chip_observation": 2775,
    }


def test_chip_box_is_its_tile(query: Query) -> None:
    tile = "st_tileenvelope(13, 6460, 3370)"
    assert query(f"select st_equals(geom, {tile}) from marts.dim_chip") == [(True,)]


def test_training_says_in_one_line_what_it_lacks(outcome: Outcome) -> None:
    assert sum(line.startswith("too little data to train: ") for line in outcome.lines) == 1
    assert "months ahead" not in outcome.stdout


def test_what_cannot_be_had_is_not_offered(outcome: Outcome, query: Query) -> None:
    assert "make serve" not in outcome.stdout
    assert query("select count(*) from ml.chip_forecast") == [(0,)]


def test_a_second_run_changes_nothing(
    outcome: Outcome, query: Query, sample: Path, module_database: str
) -> None:
    marts = "select * from marts.dim_building order by building_id"
    before = query(marts)

    again = orchestrate("run", "--data", sample, dsn=module_database, home=get_settings().home)

    assert again.code == 0
    assert "2,775 rows read, 2,775 loaded, 0 rejected (unchanged)" in again.lines
    assert any(line.startswith("dbt: nothing to build") for line in again.lines)
    assert query(marts) == before
    assert query("select count(*) from raw.observation") == [(2775,)]
