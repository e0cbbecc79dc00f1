"""Marts of trackers follow truth, predictions and scores; without trackers they are empty."""

from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.load import load, load_predictions
from loaders.sources import forget_tracker
from scoring.kept.tracker import score_tracker
from tests.fixtures.dbt import Dbt, MakeDbt
from tests.fixtures.sources import CHIP, OTHER_CHIP, Row, csv_text, row, square

pytestmark = pytest.mark.slow

MONTHS = ("2018_01", "2018_02", "2018_03")
TABLES = ("dim_tracker", "tracker_score", "fact_match", "fact_change")


def town(chip: str, *, moved: float = 0) -> list[Row]:
    """Ten buildings, of which one more appears every month."""
    return [
        row(number, month, chip, square(20 * number + moved, 20))
        for at, month in enumerate(MONTHS)
        for number in range(10 + at)
    ]


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list[Row]], Path]:
    folder = tmp_path_factory.mktemp("sources")

    def run(name: str, rows: list[Row]) -> Path:
        path = folder / name
        path.write_text(csv_text(rows), encoding="utf-8")
        return path

    return run


def scores(dbt: Dbt) -> dict[tuple[str, str], float]:
    """SCOT by tracker and chip."""
    rows = dbt.rows(
        "select tracker, chip_id, scot from marts.tracker_score "
        "inner join marts.dim_chip using (chip_key)"
    )
    return {(tracker, chip_id): scot for tracker, chip_id, scot in rows}


def test_marts_of_trackers_follow_what_is_loaded_and_scored(
    make_dbt: MakeDbt, write: Callable[[str, list[Row]], Path]
) -> None:
    dbt = make_dbt()
    load(write("truth.csv", [*town(CHIP), *town(OTHER_CHIP)]), source="truth")
    dbt("build", "--exclude-resource-type", "unit_test")
    assert [dbt.rows(f"select count(*) from marts.{table}") for table in TABLES] == [[(0,)]] * 4

    load_predictions(write("a.csv", [*town(CHIP), *town(OTHER_CHIP, moved=9)]), tracker="a")
    load_predictions(write("b.csv", town(CHIP)), tracker="b")
    score_tracker("a")
    dbt("build", "--exclude-resource-type", "unit_test")
    assert scores(dbt) == {("a", CHIP): 1, ("a", OTHER_CHIP): 0}
    known = dbt.rows("select tracker, chips_scored, scot from marts.dim_tracker order by 1")
    assert known == [("a", 2, 0.5), ("b", 0, None)]
    kinds = dbt.rows(
        "select count(iou), count(building_id), count(predicted_id) from marts.fact_match"
    )
    assert kinds == [(33, 66, 66)]
    assert dbt.rows("select count(*) from layers.tracker_misses") == [(12,)]
    assert dbt.rows("select count(*) from layers.tracker_ghosts") == [(12,)]
    assert dbt.rows("select told, count(*) from layers.tracker_changes group by 1 order by 1") == [
        ("in time", 2),
        ("not told", 2),
    ]

    score_tracker("b")
    load(write("truth.csv", [*town(CHIP)[1:], *town(OTHER_CHIP)]), source="truth")
    dbt("run")
    assert set(scores(dbt)) == {("a", OTHER_CHIP), ("b", OTHER_CHIP)}, "a chip waits for scoring"
    assert dbt.rows("select distinct tracker from marts.fact_match order by 1") == [("a",), ("b",)]
    score_tracker("a")
    forget_tracker("b")
    dbt("run")
    assert set(scores(dbt)) == {("a", CHIP), ("a", OTHER_CHIP)}
    assert dbt.rows("select tracker from marts.dim_tracker") == [("a",)]
    counts = dbt.rows(
        "select count(iou), count(building_id), count(predicted_id) from marts.fact_match"
    )
    assert counts == [(32, 65, 66)]
