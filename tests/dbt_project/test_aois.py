"""AOIs keep keys and names through new chips, never overlap, and give way to the user's own."""

from collections.abc import Callable, Iterable
from pathlib import Path

import geopandas
import psycopg
import pytest
import shapely
from psycopg.conninfo import conninfo_to_dict
from shapely.geometry import MultiPolygon, Point

from loaders.aoi import load_aois, remove_aois
from loaders.load import load
from loaders.raw.towns import centre_of, nearest_places
from loaders.terms.tiles import chip_key, quad_of
from tests.fixtures.built_warehouse import CreateDatabase
from tests.fixtures.dbt import Dbt
from warehouse.access import connect

SAN_MARCOS = (1429, 3296)
NEAR_SAN_MARCOS = (1431, 3297)
DAKAR = (3699, 3757)
RIYADH = (5156, 3514)
PACIFIC = (100, 4000)
MODELS = ("run", "--select", "+dim_chip")


@pytest.fixture
def copy_of_built(
    built_database: str,
    create_database: CreateDatabase,
    use_database: Callable[[str], str],
) -> str:
    """The built warehouse again, to write to."""
    return use_database(create_database(str(conninfo_to_dict(built_database)["dbname"])))


def _write(path: Path, tiles: Iterable[tuple[int, int]]) -> Path:
    """Write a CSV with one building on each tile."""
    lines = ["filename,id,geometry"]
    for x, y in tiles:
        east, north = quad_of(x, y)
        chip = f"L15-{east:04}E-{north:04}N_{x}_{y}_13"
        square = '"POLYGON ((500 500, 510 500, 510 510, 500 510, 500 500))"'
        lines.append(f"global_monthly_2018_01_mosaic_{chip},0,{square}")
    path.write_text("\n".join(lines) + "\n")
    return path


def _chips() -> dict[int, tuple[int, str]]:
    """Return AOI key and name of each chip."""
    with connect() as connection:
        rows = connection.execute(
            "select chip_key, aoi_key, name from marts.dim_chip inner join marts.dim_aoi "
            "using (aoi_key)"
        ).fetchall()
    return {key: (aoi, name) for key, aoi, name in rows}


def _faults(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """Return pairs of AOIs that share ground, and chips that lie not within their AOI alone."""
    return connection.execute(
        """
        select aois.name, others.name
        from marts.dim_aoi as aois
        inner join marts.dim_aoi as others on aois.aoi_key < others.aoi_key
        where
            st_area(st_intersection(aois.geom, others.geom)) > 1
            and aois.chip_count > 0
            and others.chip_count > 0
        union all
        select dim_chip.chip_id, array_agg(dim_aoi.aoi_key)::text
        from marts.dim_chip
        left join marts.dim_aoi
            on st_within(dim_chip.centroid, dim_aoi.geom) and dim_aoi.chip_count > 0
        group by dim_chip.chip_id, dim_chip.aoi_key
        having array_agg(dim_aoi.aoi_key) is distinct from array[dim_chip.aoi_key]
        """
    ).fetchall()


def test_the_real_chips_fall_into_thirty_aois(analyst: psycopg.Connection) -> None:
    assert analyst.execute("select count(*) from marts.dim_aoi").fetchone() == (30,)
    assert _faults(analyst) == []
    san_marcos = analyst.execute(
        "select name from marts.dim_aoi inner join marts.dim_chip using (aoi_key) "
        "where dim_chip.chip_key = aoi_key and dim_chip.chip_key = 30305965"
    ).fetchone()
    assert san_marcos == ("Dakar, Senegal",)


def test_new_chips_leave_keys_and_names_of_aois_alone(
    copy_of_built: str, dbt: Dbt, tmp_path: Path
) -> None:
    before = _chips()
    # Generated data beside generated ones: own data would make them leave.
    (tmp_path / "synthesis.json").write_text("{}")
    load(_write(tmp_path / "more.csv", [NEAR_SAN_MARCOS, PACIFIC]))
    dbt(*MODELS)
    after = _chips()
    assert {key: after[key] for key in before} == before
    assert after[chip_key(*NEAR_SAN_MARCOS)] == before[chip_key(*SAN_MARCOS)]
    assert after[chip_key(*PACIFIC)][0] == chip_key(*PACIFIC)
    with connect() as connection:
        assert _faults(connection) == []

    dbt("run", "--full-refresh", "--select", "int_chip_groups", "int_aoi_names")
    with connect() as connection:
        rows = connection.execute(
            "select groups.chip_key, aoi_key, name from intermediate.int_chip_groups as groups "
            "inner join intermediate.int_aoi_names using (aoi_key)"
        ).fetchall()
    assert {key: (aoi, name) for key, aoi, name in rows} == after


def test_the_users_aois_take_the_place_of_derived_ones(
    copy_of_built: str, dbt: Dbt, tmp_path: Path
) -> None:
    derived = _chips()
    name = derived[chip_key(*SAN_MARCOS)][1]
    neighbours = {key for key, (_, aoi) in derived.items() if aoi == name}
    box = Point(*centre_of(chip_key(*SAN_MARCOS))).buffer(0.03).envelope

    # The name of the derived AOI, as after an export that was edited.
    own = geopandas.GeoDataFrame({"name": [name]}, geometry=[box], crs=4326)
    own.to_file(tmp_path / "own.geojson", engine="pyogrio")
    assert load_aois(tmp_path / "own.geojson") == 1
    dbt(*MODELS)
    chips = _chips()
    assert {key for key, (_, aoi) in chips.items() if aoi == name} == {chip_key(*SAN_MARCOS)}
    rest = neighbours - {chip_key(*SAN_MARCOS)}
    assert {chips[key][0] for key in rest} == {derived[chip_key(*SAN_MARCOS)][0]}
    with connect() as connection:
        assert _faults(connection) == []

    # The same polygon and a second one, in UTM, with two parts.
    parts = MultiPolygon([shapely.box(-17.5, 14, -17, 15), shapely.box(-16, 14, -15, 15)])
    own = geopandas.GeoDataFrame({"title": ["Here", "There"]}, geometry=[box, parts], crs=4326)
    own.to_crs(32611).to_file(tmp_path / "own.gpkg", engine="pyogrio")
    assert load_aois(tmp_path / "own.gpkg", name_field="title") == 2
    dbt(*MODELS)
    chips = _chips()
    assert chips[chip_key(*SAN_MARCOS)][1] == "Here"
    assert chips[chip_key(*DAKAR)][1] == "There"
    with connect() as connection:
        assert _faults(connection) == []
        shape = connection.execute(
            "select st_asbinary(st_transform(geom, 4326)) from marts.dim_aoi "
            "where name = 'Here' and chip_count > 0"
        ).fetchone()
    assert shape is not None
    assert shapely.from_wkb(bytes(shape[0])).symmetric_difference(box).area < 1e-6

    assert remove_aois() == 2
    dbt(*MODELS)
    assert _chips() == derived


def test_the_nearest_town_names_a_chip() -> None:
    (dakar, korea) = nearest_places([chip_key(*DAKAR), 57289858])
    assert (dakar.town, dakar.country, dakar.country_code) == ("Dakar", "Senegal", "SN")
    assert korea.country == "Republic of Korea"


def test_a_centre_is_that_of_the_tile(analyst: psycopg.Connection) -> None:
    rows = analyst.execute("select chip_key, lon, lat from marts.dim_chip").fetchall()
    assert len(rows) == 60
    for key, lon, lat in rows:
        assert centre_of(key) == pytest.approx((lon, lat), abs=1e-9)


def test_a_chip_keeps_its_first_place(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "chips.csv"
    load(_write(source, [DAKAR]))
    with connect() as connection:
        connection.execute("update raw.town set town = 'Another town'")
    load(_write(source, [DAKAR, RIYADH]))
    with connect() as connection:
        rows = connection.execute("select town from raw.town order by chip_key").fetchall()
    assert rows == [("Another town",), ("Riyadh",)]
