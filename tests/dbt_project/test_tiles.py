"""Vector tiles of chips: what they show is the fact table, and only what changed is drawn anew."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyogrio
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.fixtures.dbt import Dbt

WORDS = range(4)


def read(mvt: bytes, chip_key: int, folder: Path, layer: str) -> dict[str, Any]:
    """Let GDAL read a layer of a tile: its columns by name."""
    place = folder / "13" / str(chip_key // 8192) / f"{chip_key % 8192}.pbf"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(mvt)
    meta, _, _, columns = pyogrio.raw.read(f"MVT:{place}", layer=layer)
    return dict(zip(meta["fields"], columns, strict=True))


def word(columns: dict[str, Any], number: int) -> Any:
    """One word of months; a word that nothing has is not in the tile."""
    return np.nan_to_num(columns.get(f"months_{number}", np.zeros(1))).astype(np.int64)


def place(month: int, first: int) -> int:
    """Calendar months between two time keys."""
    return (month // 100 - first // 100) * 12 + month % 100 - first % 100


def test_every_month_of_every_chip_shows_as_many_buildings_as_were_counted(
    analyst: psycopg.Connection, tmp_path: Path
) -> None:
    tiles = analyst.execute("select chip_key, mvt from layers.chip_tile").fetchall()
    assert len(tiles) == 60
    for chip_key, mvt in tiles:
        buildings = read(mvt, chip_key, tmp_path, "buildings")
        chip = read(mvt, chip_key, tmp_path, "chip")
        rows = analyst.execute(
            "select time_key, building_count, appeared from marts.fact_chip_month "
            "where chip_key = %s order by time_key",
            [chip_key],
        ).fetchall()
        first = int(chip["first_month"][0])
        assert first == rows[0][0]
        appeared = buildings.get("appeared", np.zeros(1))
        for month, count, new in rows:
            number, bit = divmod(place(month, first), 32)
            assert int((word(buildings, number) >> bit & 1).sum()) == count
            assert int(word(chip, number)[0] >> bit & 1) == 1
            assert int((appeared == month).sum()) == new
        observed = sum(int(word(chip, number)[0]).bit_count() for number in WORDS)
        assert observed == len(rows)


@pytest.fixture
def own_dbt(
    built_database: str,
    create_database: Callable[[str | None], str],
    use_database: Callable[[str], str],
    dbt: Dbt,
) -> Dbt:
    """dbt on a copy of the built warehouse."""
    conninfo = use_database(create_database(str(conninfo_to_dict(built_database)["dbname"])))
    return Dbt(conninfo, dbt.target)


def test_only_the_tile_of_a_chip_that_changed_is_written_again(own_dbt: Dbt) -> None:
    tiles = "select chip_key, xmin::text, etag from layers.chip_tile order by chip_key"
    before = own_dbt.rows(tiles)
    own_dbt("run", "--select", "chip_tile")
    assert own_dbt.rows(tiles) == before
    changed = before[7][0]
    own_dbt.execute(
        "update marts.dim_building set state = 'open' where (chip_key, building_id) in "
        f"(select chip_key, min(building_id) from marts.dim_building where chip_key = {changed} "
        "and state = 'standing' group by chip_key)"
    )
    own_dbt("run", "--select", "chip_tile")
    after = own_dbt.rows(tiles)
    assert [new[0] for old, new in zip(before, after, strict=True) if old != new] == [changed]
    assert after[7][2] != before[7][2]
