"""Rules of Citus, held on the SQL that dbt sends with ``--target citus``; no cluster needed.

A first build, one after a month more, a correction and a chip that leaves, and a full refresh, on
a server where two functions stand in for Citus (``recording``). What they leave must be right,
too: the way of a cluster is another way through the same macros.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest

from docs.cookbook.__main__ import Question, read_questions
from ml.lifecycle.schema import ensure_schema
from scoring.kept.tables import ensure_tables
from tests.dbt_project.on_citus import rules
from tests.dbt_project.on_citus.recording import (
    Cluster,
    Sent,
    cluster_of,
    run_on_citus,
    stand_in_for_citus,
)
from tests.dbt_project.test_arrivals import (
    CHIPS,
    MONTHS,
    contents,
    expect,
    first_months,
    observe,
    write,
)
from tests.fixtures.dbt import PROJECT, Dbt, MakeDbt
from tests.fixtures.raw_world import RawWorld
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT

pytestmark = pytest.mark.slow

REFERENCE = {"marts.dim_aoi", "marts.dim_time", "marts.dim_tracker"}
STAYS_LOCAL = {
    "raw.image",
    "raw.image_source",
    "raw.image_mask",
    "raw.prediction_image",
    "raw.unusable_area",
    "raw.town",
}
"""Tables with a chip that are ledgers: a row for each image at most."""
SEQUENTIAL = "set local citus.multi_shard_modify_mode = 'sequential'"
DOUBLES_ASIDE = {"q10", "q50", "q90", "baseline", "metres", "chip_area_m2"}
"""Doubles that no contract names."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Three builds on a server with the stand-in for Citus.

    Attributes:
        dbt: On its database, as the last build left it.
        runs: What each build sent.
        cluster: How its tables lie.
        rows: What marts and features held before the full refresh.
    """

    dbt: Dbt
    runs: tuple[list[Sent], list[Sent], list[Sent]]
    cluster: Cluster
    rows: dict[str, list[tuple[object, ...]]]

    def offences(self, rule: Callable[[str], Iterator[str]]) -> set[str]:
        """Return what a rule finds in whatever was sent; unit tests read no table."""
        return {
            f"{sent.node or 'dbt'}: {offence}"
            for run in self.runs
            for sent in run
            if sent.kind != "unit_test"
            for offence in rule(sent.text)
        }


def models(layer: str) -> set[str]:
    return {path.stem for path in (PROJECT / "models" / layer).rglob("*.sql")}


@pytest.fixture(scope="module")
def recorded(make_dbt: MakeDbt) -> Recorded:
    dbt, world, rng = make_dbt(), RawWorld(), random.Random(7)
    stand_in_for_citus(dbt)
    with connect(role=Role.SCORER) as connection:
        ensure_tables(connection)
    first_months(rng, world)
    observe(rng, world, CHIPS[2], MONTHS[3])
    write(dbt, world)
    first = run_on_citus(dbt, "run")
    expect(dbt, world, "a first build")
    observe(rng, world, CHIPS[0], MONTHS[-2])
    observe(rng, world, *sorted(world.images)[0])
    for key in [key for key in world.images if key[0] == CHIPS[2]]:
        del world.images[key]
    write(dbt, world)
    second = run_on_citus(dbt, "build", "--exclude-resource-type", "unit_test")
    expect(dbt, world, "a month more, a correction and a chip that left")
    rows = contents(dbt)
    refresh = run_on_citus(dbt, "run", "--full-refresh")
    with connect(role=Role.TRAINER) as connection:
        ensure_schema(connection)
    return Recorded(dbt, (first, second, refresh), cluster_of(dbt), rows)


def test_a_full_refresh_gives_the_rows_of_what_was_built_bit_by_bit(recorded: Recorded) -> None:
    assert contents(recorded.dbt) == recorded.rows


def test_a_definition_stands_alone_in_its_string_or_in_a_block(recorded: Recorded) -> None:
    assert recorded.offences(rules.several_definitions_in_one_string) == set()


def test_no_constraint_is_renamed(recorded: Recorded) -> None:
    assert recorded.offences(rules.renamed_constraints) == set()


def test_writes_join_tables_that_lie_alike_and_none_that_is_temporary(recorded: Recorded) -> None:
    assert recorded.offences(lambda text: rules.mixed_writes(text, recorded.cluster)) == set()


def test_who_asks_for_a_row_at_all_selects_something(recorded: Recorded) -> None:
    assert recorded.offences(rules.bare_exists) == set()


def test_no_limit_or_outer_join_hangs_on_gathered_rows(recorded: Recorded) -> None:
    found = recorded.offences(lambda text: rules.limited_joins(text, REFERENCE))
    assert found == set()


def test_transactions_of_marts_and_features_have_one_connection_to_each_node(
    recorded: Recorded,
) -> None:
    for run in recorded.runs:
        for node in models("marts") | models("features"):
            texts = [sent.text for sent in run if sent.node == node and sent.kind == "model"]
            first_write = next(
                place for place, text in enumerate(texts) if re.search(r"create table|insert", text)
            )
            said = "".join(texts[:first_write])
            assert SEQUENTIAL in said, node
        hooks = [sent.text for sent in run if sent.node.startswith("sn7-on-run-")]
        change = re.compile(r'(delete from|alter table) "\w+"\."(marts|features)"')
        changing = [text for text in hooks if change.search(text)]
        assert all(SEQUENTIAL in text for text in changing)


def test_where_a_table_is_made_anew_and_only_there_nothing_runs_on_the_coordinator_itself(
    recorded: Recorded,
) -> None:
    nodes = recorded.dbt.manifest()["nodes"].values()
    kinds = {node["name"]: node["config"]["materialized"] for node in nodes}
    for run in recorded.runs:
        for node in models("intermediate") | models("marts") | models("features"):
            if kinds[node] == "standing_view":
                continue
            said = "".join(sent.text for sent in run if sent.node == node)
            mode = re.search(r"citus\.enable_local_execution = (\w+)", said)
            made = rf'create table "\w+"\."\w+"\."{node}(__dbt_tmp)?"'
            is_new = re.search(made, said) is not None
            assert mode is not None, node
            assert mode[1] == ("off" if is_new else "on"), node


def test_every_table_with_a_chip_is_distributed_but_for_the_ledgers(recorded: Recorded) -> None:
    tables = recorded.dbt.rows(
        """
        select attrelid::regclass::text
        from pg_attribute
        inner join pg_class on attrelid = pg_class.oid
        where
            attname = 'chip_key'
            and relkind in ('r', 'p')
            and relnamespace::regnamespace::text
                in ('raw', 'intermediate', 'marts', 'features', 'partitions', 'ml', 'scores')
        """
    )
    local = {name for (name,) in tables if recorded.cluster.kind(name) != "h"}
    assert local == STAYS_LOCAL
    assert {name for name, kind in recorded.cluster.kinds.items() if kind == "n"} == REFERENCE
    forecasts = {"ml.chip_forecast", "ml.cell_forecast"}
    assert {"raw.image_rows", "raw.footprint", *forecasts} <= recorded.cluster.kinds.keys()


def test_every_key_of_a_distributed_table_has_the_chip(recorded: Recorded) -> None:
    keys = recorded.dbt.rows(
        """
        select indrelid::regclass::text, pg_get_indexdef(indexrelid)
        from pg_index
        where indisunique
        """
    )
    assert [
        definition
        for table, definition in keys
        if recorded.cluster.kind(table) == "h" and "chip_key" not in definition
    ] == []


def test_rows_of_large_tables_are_never_gathered(recorded: Recorded) -> None:
    def rule(text: str) -> Iterator[str]:
        yield from rules.gathered_rows(text, recorded.cluster)
        yield from rules.local_sources(text, recorded.cluster)

    # What is gone at the end of a run is few rows, found where they lie.
    found = {offence for offence in recorded.offences(rule) if not offence.startswith("sn7-on-run")}
    assert found == set()


def test_the_columns_of_a_query_are_asked_for_without_running_it(recorded: Recorded) -> None:
    asked = {
        sent.node
        for run in recorded.runs
        for sent in run
        if sent.kind == "model" and re.search(r"where false\s+limit 0", sent.text)
    }
    assert asked == set()


def test_the_view_of_observations_is_one_that_citus_sends_to_its_nodes(recorded: Recorded) -> None:
    ((text,),) = recorded.dbt.rows("select pg_get_viewdef('raw.observation'::regclass)")
    assert "no_number" not in text


@pytest.mark.parametrize("question", read_questions(), ids=lambda question: question.path.stem)
def test_questions_of_the_cookbook_hang_no_limit_on_gathered_rows(question: Question) -> None:
    assert list(rules.limited_joins(question.sql, REFERENCE)) == []
    assert list(rules.bare_exists(question.sql)) == []


def test_programs_ask_for_a_row_at_all_by_selecting_something() -> None:
    found = {
        f"{path.relative_to(PROJECT_ROOT)}: {offence}"
        for folder in ("loaders", "ml", "orchestration", "serving", "warehouse")
        for path in sorted((PROJECT_ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".sql"}
        for offence in rules.bare_exists(path.read_text("utf-8"))
        if "exists (select from pg_" not in offence
    }
    assert found == set()


def test_sums_that_any_order_of_rows_must_give_are_of_whole_numbers(recorded: Recorded) -> None:
    doubles = DOUBLES_ASIDE | {
        column["name"]
        for node in recorded.dbt.manifest()["nodes"].values()
        for column in node.get("columns", {}).values()
        if column.get("data_type") in {"double precision", "real"}
    }
    texts = {path.name: path.read_text("utf-8") for path in (PROJECT / "models").rglob("*.sql")}
    texts |= {question.path.name: question.sql for question in read_questions()}
    assert [
        f"{name}: {summed}"
        for name, text in texts.items()
        for match in re.finditer(r"\b(?:sum|avg)\(", text)
        if (summed := text[match.end() : rules.closing(text, match.end())])
        and doubles & set(re.findall(r"\w+", summed))
        and "in_mm2" not in summed
        and "::numeric" not in summed
    ] == []


def test_the_stand_in_remembers_what_is_distributed_twice(recorded: Recorded) -> None:
    with (
        psycopg.connect(recorded.dbt.conninfo) as connection,
        pytest.raises(psycopg.errors.UniqueViolation),
    ):
        connection.execute("select create_distributed_table('raw.footprint', 'chip_key')")
