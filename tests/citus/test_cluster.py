"""The whole chain on a Citus cluster beside the same chain on one node, row by row.

It takes the database that ``SN7_CITUS_DSN`` names as its own and empties it: use one made for it
(``docs/scale-out.md``). Nodes may share a host.
"""

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from docs.cookbook.__main__ import ask, read_questions
from tests.citus.deliveries import STEPS, deliver
from tests.citus.side import Side
from tests.fixtures.commands import orchestrate
from warehouse.access import connect
from warehouse.connection.roles import Role

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(3600)]

REFERENCE_TABLES = {"marts.dim_aoi", "marts.dim_time"}
LOCAL_TABLES = {
    "raw.image",
    "raw.image_source",
    "raw.image_mask",
    "raw.unusable_area",
    "raw.town",
}
"""Ledgers with a chip, a row for each image at most."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Side:
    """The cluster, emptied and prepared."""
    conninfo = os.environ.get("SN7_CITUS_DSN")
    if not conninfo:
        pytest.skip("no Citus cluster is named: start one (docs/scale-out.md), set SN7_CITUS_DSN")
    side = Side(conninfo, "citus", tmp_path_factory.mktemp("cluster"))
    side.empty()
    return side


@pytest.fixture(scope="module")
def one_node(
    create_database: Callable[[str | None], str], tmp_path_factory: pytest.TempPathFactory
) -> Side:
    """One node, prepared."""
    side = Side(create_database(None), "private", tmp_path_factory.mktemp("one_node"))
    side.prepare()
    return side


@pytest.mark.parametrize("step", STEPS)
def test_the_cluster_holds_what_one_node_holds(
    cluster: Side, one_node: Side, generated_data: Path, tmp_path: Path, step: str
) -> None:
    arguments = ("--full-refresh",) if step == "a full refresh" else ()
    folder = deliver(generated_data, cluster.home / "world", step)
    rows = []
    for side in (cluster, one_node):
        with side.named(home=tmp_path / side.target):
            side.load(folder)
            side.dbt("build", "--target", side.target, *arguments)
        rows.append(side.contents())
    assert rows[0].keys() == rows[1].keys()
    for table, expected in rows[1].items():
        assert rows[0][table] == expected, table


def test_a_build_with_nothing_to_do_changes_nothing(cluster: Side) -> None:
    before = cluster.contents()
    with cluster.named(home=cluster.home):
        cluster.dbt("build", "--target", "citus")
    assert cluster.contents() == before


def test_tables_with_a_chip_are_distributed_and_the_rest_copied_or_local(cluster: Side) -> None:
    kinds = {
        name: (kind, column)
        for name, kind, column in cluster.dbt.rows(
            "select table_name::text, citus_table_type, distribution_column from citus_tables"
        )
    }
    tables = cluster.dbt.rows(
        """
        select attrelid::regclass::text
        from pg_attribute
        inner join pg_class on attrelid = pg_class.oid
        where
            attname = 'chip_key'
            and relkind in ('r', 'p')
            and relnamespace::regnamespace::text
                in ('raw', 'intermediate', 'marts', 'features', 'partitions', 'ml')
        """
    )
    for (name,) in tables:
        assert (name in LOCAL_TABLES) or kinds[name] == ("distributed", "chip_key"), name
    assert {name for name, (kind, _) in kinds.items() if kind == "reference"} == REFERENCE_TABLES


def test_distributed_tables_are_co_located(cluster: Side) -> None:
    groups = cluster.dbt.rows(
        "select distinct colocation_id from citus_tables where citus_table_type = 'distributed'"
    )
    assert len(groups) == 1


def test_chips_are_spread_over_the_workers(cluster: Side) -> None:
    nodes = cluster.dbt.rows(
        "select nodename, nodeport, count(*) from citus_shards "
        "where table_name = 'marts.fact_chip_month'::regclass group by nodename, nodeport"
    )
    assert len(nodes) >= 2


def test_keys_are_held_on_every_shard(cluster: Side) -> None:
    (declared,) = cluster.dbt.rows(
        "select count(*) from pg_constraint where conrelid = 'marts.fact_chip_month'::regclass"
    )
    shards = cluster.dbt.rows(
        """
        select distinct result::bigint
        from run_command_on_shards(
            'marts.fact_chip_month',
            $$select count(*) from pg_constraint where conrelid = '%s'::regclass and convalidated$$
        )
        """
    )
    assert shards == [declared]


def test_the_fact_is_filled_where_its_rows_lie(cluster: Side) -> None:
    """The plan reads shards of raw and of months side by side, and gathers nothing."""
    plan = "\n".join(
        line
        for (line,) in cluster.dbt.rows(
            """
            explain (costs off)
            insert into marts.fact_chip_observation
            select chip_key, time_key, observation.building_id, months.aoi_key, footprint_no
            from raw.observation
            inner join intermediate.int_chip_months as months using (chip_key, time_key)
            """
        )
    )
    assert "Task Count: " in plan
    assert "Distributed Subplan" not in plan


def test_make_run_goes_from_data_to_forecasts_and_every_question_has_an_answer(
    cluster: Side, generated_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET", "citus")
    outcome = orchestrate(
        "run", "--data", generated_data, dsn=cluster.dbt.conninfo, home=tmp_path / "home"
    )
    assert outcome.code == 0, outcome.stdout + outcome.stderr
    ((forecasts,),) = cluster.dbt.rows("select count(*) from ml.chip_forecast")
    assert forecasts > 0
    kinds = cluster.dbt.rows(
        "select citus_table_type from citus_tables where table_name::text = 'ml.chip_forecast'"
    )
    assert kinds == [("distributed",)]
    with cluster.named(home=tmp_path / "home"), connect(role=Role.ANALYST) as connection:
        for question in read_questions():
            assert ask(connection, question).columns, question.path.stem


def test_the_cookbook_gets_the_answers_of_one_node(cluster: Side, one_node: Side) -> None:
    for question in read_questions():
        if "ml." not in question.sql:
            answers = []
            for side in (cluster, one_node):
                with psycopg.connect(side.dbt.conninfo) as connection:
                    answers.append(connection.execute(question.sql).fetchall())
            assert answers[0] == answers[1], question.path.stem
