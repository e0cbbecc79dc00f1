"""The whole chain on a Citus cluster; runs where ``SN7_CITUS_DSN`` names one.

It writes to the database of that name: use one made for it (``docs/scale-out.md``).
"""

import os
from pathlib import Path

import psycopg
import pytest

from loaders.load import load
from synthetic import Size, synthesize
from tests.fixtures.dbt import Dbt
from warehouse.setup.bootstrap import bootstrap

DSN = os.environ.get("SN7_CITUS_DSN", "")

REFERENCE_TABLES = {"marts.dim_aoi", "marts.dim_time"}
DISTRIBUTED_TABLES = {
    "marts.dim_chip",
    "marts.dim_building",
    "marts.dim_footprint",
    "marts.fact_chip_observation",
    "marts.fact_chip_month",
    "marts.fact_cell_month",
    "features.cell_month",
    "features.cell_surroundings",
    "features.chip_month",
    "features.chip_target",
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """A cluster with the generated sample loaded and built."""
    data = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN7_DSN", DSN)
        patch.setenv("SN7_HOME", str(tmp_path_factory.mktemp("home")))
        with psycopg.connect(DSN, autocommit=True) as connection:
            bootstrap(connection)
        synthesize(data, size=Size.SAMPLE)
        load(data)
        dbt = Dbt(DSN, tmp_path_factory.mktemp("dbt"))
        dbt("build", "--target", "citus")
    return dbt


def test_tables_with_a_chip_are_distributed_and_the_rest_copied(cluster: Dbt) -> None:
    rows = cluster.rows(
        "select table_name::text, citus_table_type, distribution_column from citus_tables"
    )
    kinds = {name: (kind, column) for name, kind, column in rows}
    for name in DISTRIBUTED_TABLES:
        assert kinds[name] == ("distributed", "chip_key")
    for name in REFERENCE_TABLES:
        assert kinds[name][0] == "reference"


def test_distributed_tables_are_co_located(cluster: Dbt) -> None:
    groups = cluster.rows(
        "select distinct colocation_id from citus_tables where citus_table_type = 'distributed'"
    )
    assert len(groups) == 1


def test_chips_are_spread_over_the_workers(cluster: Dbt) -> None:
    rows = cluster.rows(
        "select nodename, count(*) from citus_shards "
        "where table_name = 'marts.fact_chip_month'::regclass group by nodename"
    )
    assert len(rows) >= 2


def test_keys_are_held(cluster: Dbt) -> None:
    rows = cluster.rows(
        "select conrelid::regclass::text from pg_constraint "
        "where contype = 'p' and connamespace = any('{marts, features}'::regnamespace[])"
    )
    assert {name for (name,) in rows} >= DISTRIBUTED_TABLES | REFERENCE_TABLES


def test_counts_are_those_of_raw(cluster: Dbt) -> None:
    ((raw, fact, by_month),) = cluster.rows(
        """
        select
            (select count(*) from raw.observation),
            (select count(*) from marts.fact_chip_observation),
            (select sum(building_count) from marts.fact_chip_month)
        """
    )
    assert raw == fact == by_month > 0


def test_a_second_build_changes_nothing(
    cluster: Dbt, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SN7_DSN", DSN)
    monkeypatch.setenv("SN7_HOME", str(tmp_path))
    before = cluster.rows("select * from marts.fact_chip_month order by chip_key, time_key")
    cluster("build", "--target", "citus")
    after = cluster.rows("select * from marts.fact_chip_month order by chip_key, time_key")
    assert after == before
