"""What once stopped a build or broke AOIs apart: chips that leave, the antimeridian, open reads."""

from collections import Counter
from pathlib import Path

import pytest

from loaders.load import load
from loaders.terms.tiles import chip_key, quad_of
from tests.fixtures.dbt import Dbt, MakeDbt
from warehouse.access import connect
from warehouse.connection.roles import Role

pytestmark = pytest.mark.slow

Tile = tuple[int, int]

FOUR = [(5200, 4482), (5201, 4483), (5200, 4484), (5203, 4483)]
THREE = [(3000, 4480), (3002, 4483), (3001, 4486)]
PAIRS = [tile for n in range(28) for tile in ((200 + 280 * n, 3000), (201 + 280 * n, 3001))]
ACROSS = [(8191, 4483), (0, 4483)]

PLAIN_BUILD = ("build", "--exclude-resource-type", "unit_test")


def _write(path: Path, tiles: list[Tile], months: tuple[str, ...] = ("2018_01",)) -> Path:
    """Write a CSV with one building on each tile in each month."""
    lines = ["filename,id,geometry"]
    for x, y in tiles:
        east, north = quad_of(x, y)
        chip = f"L15-{east:04}E-{north:04}N_{x}_{y}_13"
        square = '"POLYGON ((500 500, 510 500, 510 510, 500 510, 500 500))"'
        lines += [f"global_monthly_{month}_mosaic_{chip},0,{square}" for month in months]
    path.write_text("\n".join(lines) + "\n")
    return path


def _aois() -> dict[int, int]:
    with connect() as connection:
        return dict(connection.execute("select chip_key, aoi_key from marts.dim_chip").fetchall())


@pytest.fixture(scope="module")
def dbt(make_dbt: MakeDbt) -> Dbt:
    return make_dbt()


@pytest.fixture
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "chips.csv"


def test_a_chip_of_an_aoi_of_several_may_leave_and_return(dbt: Dbt, csv: Path) -> None:
    months = ("2018_01", "2018_02")
    load(_write(csv, [*FOUR, *THREE], months))
    dbt(*PLAIN_BUILD, "--vars", "{aoi_count: 2}")
    assert len(set(_aois().values())) == 2

    load(_write(csv, [*FOUR[:3], *THREE], months))
    dbt(*PLAIN_BUILD, "--vars", "{aoi_count: 2}")
    assert chip_key(*FOUR[3]) not in _aois()
    facts = "select count(*) from marts.fact_chip_observation where chip_key = "
    assert dbt.rows(facts + str(chip_key(*FOUR[3]))) == [(0,)]

    load(_write(csv, [*FOUR, *THREE[:1]], months))
    dbt(*PLAIN_BUILD, "--vars", "{aoi_count: 2}")
    assert sorted(_aois()) == sorted(chip_key(*tile) for tile in [*FOUR, *THREE[:1]])


def test_views_that_say_the_same_wait_for_no_reader(dbt: Dbt) -> None:
    with connect(role=Role.ANALYST) as reader, connect(autocommit=True) as watcher:
        reader.execute("select count(*) from layers.chips")
        watcher.execute("alter role transformer set lock_timeout = '2s'")
        try:
            dbt("run", "--select", "layers.*", "staging.*")
        finally:
            watcher.execute("alter role transformer reset lock_timeout")


def test_analysts_see_the_fact_and_not_its_partitions(dbt: Dbt) -> None:
    tables = dbt.rows(
        "select relname from pg_class "
        "where relnamespace = 'marts'::regnamespace and relkind in ('r', 'p') order by 1"
    )
    assert tables == [
        (name,)
        for name in (
            "dim_aoi", "dim_building", "dim_chip", "dim_footprint", "dim_time",
            "dim_tracker", "fact_cell_month", "fact_change", "fact_chip_month",
            "fact_chip_observation", "fact_match", "tracker_score",
        )
    ]  # fmt: skip
    with connect(role=Role.ANALYST) as analyst:
        seen = analyst.execute("select count(*) from marts.fact_chip_observation").fetchone()
        assert seen is not None
        assert seen[0] > 0


LAYERS = ("aois", "cells", "chip_centres", "chip_months", "chips", "footprints")


@pytest.mark.parametrize("layer", LAYERS)
def test_the_first_column_of_a_layer_is_its_key(dbt: Dbt, layer: str) -> None:
    (first,) = dbt.rows(
        "select column_name from information_schema.columns "
        f"where table_schema = 'layers' and table_name = '{layer}' and ordinal_position = 1"
    )
    (counts,) = dbt.rows(f"select count(*), count(distinct {first[0]}) from layers.{layer}")
    assert counts[0] == counts[1] > 0


def test_chips_on_both_sides_of_the_antimeridian_are_apart_and_no_others(
    make_dbt: MakeDbt, tmp_path: Path
) -> None:
    fresh = make_dbt()
    load(_write(tmp_path / "chips.csv", [*FOUR, *THREE, *PAIRS, *ACROSS]))
    fresh("run", "--select", "+dim_chip", "--vars", "{aoi_count: 31}")
    aois = _aois()
    sizes = Counter(aois.values())
    assert sizes[aois[chip_key(*FOUR[0])]] == 4
    assert sizes[aois[chip_key(*THREE[0])]] == 3
    assert [sizes[aois[chip_key(*tile)]] for tile in ACROSS] == [1, 1]
    assert all(sizes[aois[chip_key(*tile)]] == 2 for tile in PAIRS)
