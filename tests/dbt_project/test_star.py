"""The star of the generated sample: all 60 real chips, built and tested as a user does."""

import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from loaders.load import load
from synthetic import Size, synthesize
from synthetic.__main__ import app
from synthetic.errors import SyntheticDataError
from synthetic.judging.lives import Lifecycle, judge
from tests.fixtures.dbt import Dbt, DbtFailedError, MakeDbt
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT

pytestmark = pytest.mark.slow

HALF_WORLD = math.pi * 6378137
TILE = 2 * HALF_WORLD / 2**13


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    synthesize(folder, size=Size.SAMPLE)
    return folder


@pytest.fixture(scope="module")
def dbt(make_dbt: MakeDbt, sample: Path) -> Dbt:
    """The sample, loaded and built with every dbt test."""
    dbt = make_dbt()
    load(sample)
    dbt("build")
    return dbt


def declared(dbt: Dbt) -> set[tuple[str, str, str, tuple[str, ...]]]:
    """Return table, kind, referred table and columns of every key in the YAML."""
    kinds = {"primary_key": "p", "unique": "u", "foreign_key": "f"}
    return {
        (
            f"{node['schema']}.{node['alias']}",
            kinds[constraint["type"]],
            # ref('dim_chip') before dbt has run the model, "db"."marts"."dim_chip" after
            ["", *re.findall(r"\w+", constraint["to"] or "")][-1],
            tuple(constraint["columns"]),
        )
        for node in dbt.manifest()["nodes"].values()
        if node["resource_type"] == "model"
        for constraint in node["constraints"]
        if constraint["type"] in kinds
    }


def held(dbt: Dbt) -> set[tuple[Any, ...]]:
    """Return the same of the server's catalogue; partitions hold their table's keys."""
    rows = dbt.rows(
        """
        select
            conrelid::regclass::text,
            contype::text,
            coalesce(referred.relname, ''),
            array(
                select attname::text
                from unnest(conkey) with ordinality as key (attnum, place)
                inner join pg_attribute on attrelid = conrelid
                    and pg_attribute.attnum = key.attnum
                order by place
            )
        from pg_constraint
        inner join pg_class as tables on conrelid = tables.oid and not tables.relispartition
        left join pg_class as referred on confrelid = referred.oid
        where
            connamespace::regnamespace::text in ('marts', 'features', 'layers')
            and contype in ('p', 'u', 'f')
            and convalidated
        """
    )
    return {(table, kind, referred, tuple(columns)) for table, kind, referred, columns in rows}


def checks_and_not_nulls(dbt: Dbt) -> set[tuple[str, str]]:
    wanted = set()
    for node in dbt.manifest()["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] in {"marts", "features", "layers"}:
            table = f"{node['schema']}.{node['alias']}"
            wanted |= {(table, c["name"]) for c in node["constraints"] if c["type"] == "check"}
            wanted |= {
                (table, column["name"])
                for column in node["columns"].values()
                for constraint in column["constraints"]
                if constraint["type"] == "not_null"
            }
    return wanted


def held_checks_and_not_nulls(dbt: Dbt) -> set[tuple[Any, ...]]:
    return set(
        dbt.rows(
            """
            select conrelid::regclass::text, conname::text
            from pg_constraint
            inner join pg_class on conrelid = pg_class.oid and not relispartition
            where
                contype = 'c'
                and connamespace::regnamespace::text in ('marts', 'features', 'layers')
            union
            select attrelid::regclass::text, attname::text
            from pg_attribute
            inner join pg_class on attrelid = pg_class.oid and not relispartition
            where
                attnotnull and attnum > 0 and relkind in ('r', 'p')
                and relnamespace::regnamespace::text in ('marts', 'features', 'layers')
            """
        )
    )


def assert_keys_are_held(dbt: Dbt) -> None:
    assert held(dbt) == declared(dbt)
    assert held_checks_and_not_nulls(dbt) >= checks_and_not_nulls(dbt)


def test_the_sample_is_60_chips_in_30_aois_and_1408_chip_months(dbt: Dbt) -> None:
    [counts] = dbt.rows(
        """
        select
            (select count(*) from marts.dim_chip),
            (select count(*) from marts.dim_aoi),
            (select count(*) from marts.fact_chip_month),
            (select count(*) from marts.fact_chip_observation)
                = (select count(*) from raw.observation)
        """
    )
    assert counts == (60, 30, 1408, True)


def test_time_has_every_calendar_month(dbt: Dbt) -> None:
    rows = dbt.rows("select time_key from marts.dim_time order by 1")
    years = range(2017, 2021)
    calendar = [year * 100 + month for year in years for month in range(1, 13)]
    assert rows == [(month,) for month in calendar if 201707 <= month <= 202001]


def test_each_chip_lies_within_exactly_one_aoi(dbt: Dbt) -> None:
    rows = dbt.rows(
        """
        select chip_id, count(*), min(aois.aoi_key) = chips.aoi_key
        from marts.dim_chip as chips
        inner join marts.dim_aoi as aois on st_within(chips.centroid, aois.geom)
        group by chip_id, chips.aoi_key
        """
    )
    assert len(rows) == 60
    assert {(count, is_own) for _, count, is_own in rows} == {(1, True)}


def test_a_chip_is_its_tile(dbt: Dbt) -> None:
    rows = dbt.rows(
        """
        select
            tile_x, tile_y, st_xmin(geom), st_ymin(geom), st_xmax(geom), st_ymax(geom),
            lon, lat, metres_per_pixel
        from marts.dim_chip
        """
    )
    for tile_x, tile_y, x_min, y_min, x_max, y_max, lon, lat, pixel in rows:
        west, north = tile_x * TILE - HALF_WORLD, HALF_WORLD - tile_y * TILE
        assert (x_min, y_min, x_max, y_max) == pytest.approx(
            (west, north - TILE, west + TILE, north), abs=0.01
        )
        assert lon == pytest.approx(math.degrees((west + TILE / 2) / 6378137))
        latitude = math.atan(math.sinh((north - TILE / 2) / 6378137))
        assert lat == pytest.approx(math.degrees(latitude))
        assert pixel == pytest.approx(TILE / 1024 * math.cos(latitude))


def test_areas_are_ground_areas_on_every_chip(dbt: Dbt) -> None:
    [(chips, worst)] = dbt.rows(
        """
        select
            count(distinct chip_key),
            max(abs(area_m2 / st_area(st_transform(st_segmentize(geom, 20), 4326)::geography) - 1))
        from marts.dim_footprint
        """
    )
    assert chips == 60
    assert worst < 1e-6


@pytest.fixture(scope="module")
def lifecycle(dbt: Dbt, sample: Path) -> Lifecycle:
    with connect(role=Role.ORCHESTRATOR) as connection:
        return judge(connection, sample / "truth")


def test_corrected_counts_are_50_times_closer_to_the_truth_than_raw_ones(
    lifecycle: Lifecycle,
) -> None:
    assert lifecycle.raw_error > 500
    assert lifecycle.correction > 50


def test_births_are_those_of_the_truth(lifecycle: Lifecycle) -> None:
    assert lifecycle.births.true > 100
    assert lifecycle.births.precision > 0.95
    assert lifecycle.births.recall > 0.95


def test_demolitions_are_those_of_the_truth(lifecycle: Lifecycle) -> None:
    assert lifecycle.demolitions.precision > 0.9
    # What went in the last months is open still, as it should be.
    assert lifecycle.demolitions.recall > 0.7


def test_occlusions_are_those_of_the_truth(lifecycle: Lifecycle) -> None:
    assert lifecycle.occlusions.true > 500
    assert lifecycle.occlusions.precision > 0.99
    # What is hidden in the last months is open still.
    assert lifecycle.occlusions.recall > 0.9


def test_the_command_prints_how_lives_agree_with_the_truth(
    lifecycle: Lifecycle, sample: Path
) -> None:
    result = CliRunner().invoke(app, ["lives", "--truth", str(sample / "truth")])
    births, demolitions, occlusions = result.stdout.splitlines()[1:4]
    assert births.split()[:4] == ["births", "338", "339", str(lifecycle.births.right)]
    assert demolitions.split()[-1] == f"{lifecycle.demolitions.recall:.3f}"
    assert occlusions.split()[2] == "1,088"


def test_the_truth_of_other_data_is_refused(lifecycle: Lifecycle, tmp_path: Path) -> None:
    synthesize(tmp_path, size=Size.SAMPLE, factor=0.3)
    with connect(role=Role.ORCHESTRATOR) as connection:
        with pytest.raises(SyntheticDataError, match="are in both"):
            judge(connection, tmp_path / "truth")
        with pytest.raises(SyntheticDataError, match=r"no .*buildings\.parquet"):
            judge(connection, tmp_path)


def test_the_server_holds_every_key_of_the_contracts(dbt: Dbt) -> None:
    assert_keys_are_held(dbt)


def test_keys_are_still_there_after_partial_rebuilds(dbt: Dbt) -> None:
    dbt("run", "--select", "dim_chip", "dim_footprint", "fact_chip_month", "--full-refresh")
    assert_keys_are_held(dbt)


def views(dbt: Dbt) -> list[tuple[Any, ...]]:
    """Return every view with its definition, options, grants, comment and columns' comments."""
    return dbt.rows(
        """
        select
            pg_class.oid::regclass::text,
            pg_get_viewdef(pg_class.oid),
            reloptions,
            relacl::text,
            obj_description(pg_class.oid, 'pg_class'),
            array(
                select (attname, col_description(attrelid, attnum))::text
                from pg_attribute
                where attrelid = pg_class.oid and attnum > 0
                order by attnum
            )
        from pg_class
        where
            relkind = 'v'
            and relnamespace = any('{staging, intermediate, layers}'::regnamespace[])
        order by 1
        """
    )


@pytest.mark.parametrize(
    "selected",
    [
        "stg_images stg_footprints int_chip_months dim_building",
        "dim_aoi dim_chip fact_chip_month",
        # Views that are built after tables of theirs were.
        "fact_cell_month cells chips",
    ],
)
def test_views_stay_as_they_are_through_partial_rebuilds(dbt: Dbt, selected: str) -> None:
    dbt.execute("grant select on layers.footprints to trainer")
    before = views(dbt)
    dbt("run", "--full-refresh", "--select", selected)
    assert views(dbt) == before
    materialized = [n["config"]["materialized"] for n in dbt.manifest()["nodes"].values()]
    assert len(before) == materialized.count("standing_view")
    assert dbt.rows("select from pg_class where relname like '%\\_\\_dbt\\_%'") == []


def test_a_view_that_does_not_fit_the_new_table_goes_with_the_old(dbt: Dbt) -> None:
    before = views(dbt)
    dbt.execute(
        """
        set role transformer;
        alter table marts.dim_building add column gone integer;
        create view layers.no_longer as select gone from marts.dim_building
        """
    )
    dbt("run", "--full-refresh", "--select", "dim_building")
    assert views(dbt) == before


def test_a_view_of_another_form_is_made_anew_and_what_reads_it_stays(dbt: Dbt) -> None:
    before = views(dbt)
    dbt.execute(
        """
        set role transformer;
        drop view layers.load_runs;
        create view layers.load_runs as select load_id, 1 as odd from raw.load_run;
        create view features.load_numbers as select load_id from layers.load_runs
        """
    )
    dbt("run", "--select", "load_runs")
    assert views(dbt) == before
    assert dbt.rows("select load_id from features.load_numbers") == [(1,)]
    dbt.execute("drop view features.load_numbers")


@pytest.mark.parametrize(
    ("table", "model"),
    [
        ("marts.dim_time", "dim_time"),
        ("marts.fact_chip_observation", "fact_chip_observation"),
    ],
)
def test_a_table_of_another_form_is_refused_with_what_to_do(
    dbt: Dbt, table: str, model: str
) -> None:
    dbt.execute(f"alter table {table} add column odd integer")
    with pytest.raises(DbtFailedError, match=r"(?s)has not the columns.*dbt build --full-refresh"):
        dbt("run", "--select", model)
    dbt.execute(f"alter table {table} drop column odd")
    dbt("run", "--select", model)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.SERVICE, Role.TRAINER])
def test_readers_read_marts_and_features_and_write_nothing(dbt: Dbt, role: Role) -> None:
    tables = dbt.rows(
        "select schemaname, tablename from pg_tables where schemaname in ('marts', 'features')"
    )
    with connect(role=role, autocommit=True) as connection:
        for schema, table in tables:
            name = psycopg.sql.Identifier(schema, table)
            read = psycopg.sql.SQL("select from {} limit 1").format(name)
            connection.execute(read)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(psycopg.sql.SQL("delete from {}").format(name))


LINTER = Path(sys.executable).with_name("sqlfluff")


@pytest.mark.parametrize("arguments", [["run"], ["run", "--full-refresh"]])
def test_what_macros_expand_to_passes_the_linter(dbt: Dbt, arguments: list[str]) -> None:
    dbt(*arguments)
    models = dbt.target / "run" / "sn7" / "models"
    # Tests lie in folders named after their .yml.
    ran = [str(path) for path in models.rglob("*.sql") if ".yml" not in str(path.parent)]
    assert len(ran) > 30
    rules = ["--config", str(PROJECT_ROOT / "scripts" / "rendered.sqlfluff")]
    # It does not know `attach partition`.
    lint = [str(LINTER), "lint", *rules, "--templater", "raw", "--ignore", "parsing", *ran]
    done = subprocess.run(lint, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_raw_column_is_described_in_the_sources(dbt: Dbt) -> None:
    described = {
        (source["name"], name)
        for source in dbt.manifest()["sources"].values()
        if source["schema"] == "raw"
        for name, column in source["columns"].items()
        if source["description"] and column["description"]
    }
    columns = dbt.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'raw'"
    )
    assert described == set(columns)


def test_descriptions_reach_the_catalogue(dbt: Dbt) -> None:
    [(count,)] = dbt.rows(
        """
        select count(*)
        from pg_attribute
        inner join pg_class on attrelid = pg_class.oid and not relispartition
        where
            attnum > 0 and not attisdropped and relkind in ('r', 'p', 'v')
            and relnamespace::regnamespace::text in ('marts', 'features')
            and (
                col_description(attrelid, attnum) is null
                or obj_description(attrelid, 'pg_class') is null
            )
        """
    )
    assert count == 0


FAULTS: list[tuple[str, str]] = [
    (
        "assert_images_keep_their_rows",
        "delete from marts.fact_chip_observation where building_id = 1 and time_key = 201901",
    ),
    (
        "assert_loads_account_for_every_row",
        "update raw.load_run set rows_loaded = rows_loaded - 1",
    ),
    (
        "assert_areas_are_ground_areas",
        "update marts.dim_footprint set area_m2 = area_m2 * 1.001 where building_id = 3",
    ),
    (
        "assert_counts_follow_comings_and_goings",
        "update marts.fact_chip_month set appeared = appeared + 1 where time_key = 201903",
    ),
    (
        "assert_cells_add_up_to_their_chip",
        "delete from marts.fact_cell_month where cell_no between 0 and 500",
    ),
    (
        "assert_buildings_live_as_observed",
        "update marts.dim_building set months_observed = 99 where building_id = 0",
    ),
]


def test_each_claim_fails_on_the_fault_that_it_is_about(
    dbt: Dbt, tmp_path: Path, failing_tests: Callable[[Dbt], set[str]]
) -> None:
    for _, fault in FAULTS:
        dbt.execute(fault)
    assert failing_tests(dbt) >= {name for name, _ in FAULTS}
