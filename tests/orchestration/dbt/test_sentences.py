"""Checks speak: each has its sentence and severity, and a broken one shows the rows at fault."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from orchestration.dbt.project import manifest
from orchestration.dbt.sentences import broken_by, claim, compiled_path
from orchestration.definitions import build_defs


@pytest.fixture(scope="module")
def specs(module_database: str) -> dict[str, dg.AssetCheckSpec]:
    """By name; of a check that several tables have, one."""
    found: dict[str, dg.AssetCheckSpec] = {}
    for made in [*(build_defs().assets or []), *(build_defs().asset_checks or [])]:
        assert isinstance(made, dg.AssetsDefinition | dg.AssetSpec)
        if isinstance(made, dg.AssetsDefinition):
            found |= {spec.name: spec for spec in made.check_specs}
    return found


@pytest.fixture(scope="module")
def tests(module_database: str) -> dict[str, dict[str, Any]]:
    nodes = json.loads(manifest().read_bytes())["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "test"}


def test_every_check_says_what_it_claims(specs: dict[str, dg.AssetCheckSpec]) -> None:
    for name, spec in specs.items():
        assert spec.description, name
        assert " " in spec.description, name
        assert spec.description.endswith("."), name


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("not_null_int_aois_aoi_key", "aoi_key of int_aois is never null."),
        ("unique_dim_aoi_name", "No two rows of dim_aoi have the same name."),
        ("keys_are_held_dim_time_", "The database holds every key that dim_time declares."),
        ("assert_time_has_no_holes", "Time has no holes."),
        (
            "unique_key_int_footprints_chip_key__building_id__footprint_no",
            "int_footprints has one row per chip_key, building_id and footprint_no.",
        ),
        (
            "chip_target_relates_to_fact_chip_month",
            (
                "Every chip_key and as_of of chip_target is a chip_key and time_key of "
                "fact_chip_month."
            ),
        ),
        (
            "accepted_values_int_building_absences_kind__occluded__demolished__open",
            "kind of int_building_absences is one of: occluded, demolished, open.",
        ),
    ],
)
def test_generic_and_singular_tests_read_as_sentences(
    tests: dict[str, dict[str, Any]], name: str, sentence: str
) -> None:
    assert claim(tests[name]) == sentence


def test_checks_that_are_errors_stop_what_depends_on_them(
    specs: dict[str, dg.AssetCheckSpec], tests: dict[str, dict[str, Any]]
) -> None:
    for name, node in tests.items():
        severity = node["config"]["severity"].lower()
        assert specs[name].metadata["severity"] == severity
        assert specs[name].blocking == (severity == "error")


def test_a_broken_test_shows_the_rows_at_fault(
    tests: dict[str, dict[str, Any]], tmp_path: Path, database: str
) -> None:
    node = tests["assert_time_has_no_holes"]
    path = compiled_path(node, tmp_path)
    assert path == tmp_path / "compiled/sn7/tests/assert_time_has_no_holes.sql"
    path.parent.mkdir(parents=True)
    path.write_text("select 201803 as missing, n from generate_series(1, 9) as n -- a remark")

    with psycopg.connect(database, autocommit=True) as connection:
        table = broken_by(node, tmp_path, connection)
        assert table is not None
        assert [record.data for record in table.records][:2] == [
            {"missing": "201803", "n": "1"},
            {"missing": "201803", "n": "2"},
        ]
        assert len(table.records) == 5
        path.write_text("select from nowhere")
        assert broken_by(node, tmp_path, connection) is None


def test_every_asset_of_the_graph_has_an_owner_and_a_description(module_database: str) -> None:
    graph = build_defs().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.owners, key
        assert all(owner.startswith("team:") for owner in node.owners), key
        assert node.description, key
