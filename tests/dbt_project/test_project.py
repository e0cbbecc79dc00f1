"""What the dbt project promises of itself: layers, keys, descriptions, Citus. No database."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.dbt import DBT, PROJECT, Dbt

Node = dict[str, Any]

MAY_READ = {
    "staging": {"source"},
    "intermediate": {"staging", "intermediate"},
    "marts": {"intermediate", "staging", "marts"},
    "features": {"marts", "features"},
    "layers": {"staging", "intermediate", "marts", "features", "layers"},
}
"""What the models of each layer may read; ``README.md`` says so."""

WHOLE_WORLD = {"dim_aoi", "dim_time", "dim_tracker"}
"""Tables without chips: reference tables on Citus."""


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    target = tmp_path_factory.mktemp("parsed")
    subprocess.run(
        [
            *(DBT, "--quiet", "--log-path", target, "parse", "--target-path", target),
            *("--project-dir", PROJECT, "--profiles-dir", PROJECT),
        ],
        env=os.environ | {"DO_NOT_TRACK": "true"},
        check=True,
    )
    return Dbt("", target).manifest()


@pytest.fixture(scope="session")
def models(manifest: dict[str, Any]) -> dict[str, Node]:
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }


def layer(node: Node) -> str:
    return str(node["fqn"][1])


def contracted(models: dict[str, Node]) -> Iterator[Node]:
    """Yield the tables that users rely on."""
    yield from (node for node in models.values() if layer(node) in {"marts", "features"})


def constraints(node: Node, kind: str) -> list[Node]:
    return [constraint for constraint in node["constraints"] if constraint["type"] == kind]


def read_by(node: Node, manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield layer and name of what a model reads; keys, which order models too, left out."""
    named = set(re.findall(r"""ref\(\s*["'](\w+)["']\s*\)""", node["raw_code"]))
    for unique_id in node["depends_on"]["nodes"]:
        if unique_id.startswith("source."):
            yield "source", unique_id.rsplit(".", maxsplit=1)[-1]
        else:
            parent = manifest["nodes"][unique_id]
            if parent["name"] in named:
                yield layer(parent), parent["name"]


def test_each_layer_reads_the_layers_below_it_alone(
    models: dict[str, Node], manifest: dict[str, Any]
) -> None:
    broken = [
        f"{name} ({layer(node)}) reads {parent} ({parent_layer})"
        for name, node in models.items()
        for parent_layer, parent in read_by(node, manifest)
        if parent_layer not in MAY_READ[layer(node)]
    ]
    assert broken == []


def test_names_tell_the_layer(models: dict[str, Node]) -> None:
    prefixes = {
        "staging": ("stg_",),
        "intermediate": ("int_",),
        "marts": ("dim_", "fact_", "tracker_"),
    }
    assert [
        name
        for name, node in models.items()
        if not name.startswith(prefixes.get(layer(node), ("",)))
    ] == []


def test_every_model_is_described_beside_its_sql_beginning_with_its_grain(
    models: dict[str, Node],
) -> None:
    for name, node in models.items():
        assert node["patch_path"].endswith(node["path"].replace(".sql", ".yml")), name
        assert node["description"].startswith("One row per "), name
        assert node["config"]["persist_docs"] == {"relation": True, "columns": True}, name


def test_every_column_of_every_model_is_described(models: dict[str, Node]) -> None:
    assert [
        f"{name}.{column['name']}"
        for name, node in models.items()
        for column in node["columns"].values()
        if not column["description"]
    ] == []


def test_marts_and_features_have_contracts_with_primary_and_foreign_keys(
    models: dict[str, Node],
) -> None:
    for node in contracted(models):
        name = node["name"]
        assert node["config"]["contract"]["enforced"], name
        [key] = constraints(node, "primary_key")
        assert constraints(node, "foreign_key") or name in WHOLE_WORLD, name
        for column in key["columns"]:
            types = {constraint["type"] for constraint in node["columns"][column]["constraints"]}
            assert "not_null" in types, f"{name}.{column}"


def test_primary_keys_of_what_has_a_chip_contain_the_chip(models: dict[str, Node]) -> None:
    for node in contracted(models):
        if node["name"] not in WHOLE_WORLD:
            for kind in ("primary_key", "unique"):
                for key in constraints(node, kind):
                    assert "chip_key" in key["columns"], node["name"]


def test_foreign_keys_between_distributed_tables_carry_the_chip(models: dict[str, Node]) -> None:
    for node in contracted(models):
        for key in constraints(node, "foreign_key"):
            if not any(f"'{name}'" in key["to"] for name in WHOLE_WORLD):
                assert "chip_key" in key["columns"], (node["name"], key["to"])


def test_nothing_merges_or_uses_grouping_sets(models: dict[str, Node]) -> None:
    macros = "\n".join(path.read_text() for path in (PROJECT / "macros").rglob("*.sql"))
    assert not re.search(r"^\s*merge into", macros, re.MULTILINE)
    for name, node in models.items():
        assert node["config"].get("incremental_strategy") != "merge", name
        assert not re.search(r"grouping sets|\b(cube|rollup)\s*\(", node["raw_code"]), name


def test_joins_between_tables_of_chips_carry_the_chip(models: dict[str, Node]) -> None:
    join = re.compile(
        r"\bjoin\s+(?:\(.*?\)|\{\{.*?\}\}|\S+)(?:\s+as\s+\w+)?\s+"
        r"(using\s*\(.*?\)|on\s.*?(?=\n\s*(?:inner|left|full|cross|where|group|window|order|\)|$)))",
        re.DOTALL,
    )
    for name, node in models.items():
        if layer(node) not in {"marts", "features"}:
            continue
        for condition in join.findall(node["raw_code"]):
            names = ("chip_key", "aoi_key", "tile_key")
            assert any(column in condition for column in names), f"{name}: {condition}"


def test_marts_and_features_call_no_hook_but_to_record_what_they_were_built_from(
    models: dict[str, Node],
) -> None:
    hooks = {
        (name, hook)
        for name, node in models.items()
        if layer(node) in {"marts", "features"}
        for hook in re.findall(r"\w+_hook\s*=\s*(.*?),?\n", node["raw_code"])
    }
    follow = ("fact_cell_month", "cell_surroundings", "cell_month")
    assert hooks == {(model, '"{{ record_built_images() }}"') for model in follow}


def test_our_materializations_have_names_of_their_own(manifest: dict[str, Any]) -> None:
    macros = [macro for macro in manifest["macros"].values() if macro["package_name"] == "sn7"]
    names = [macro["name"] for macro in macros if macro["name"].startswith("materialization_")]
    words = {name.removeprefix("materialization_").removesuffix("_postgres") for name in names}
    assert words == {"image_fact", "standing_view", "synced_table"}


def test_macros_are_the_smaller_part() -> None:
    macros, sql = (
        sum(len(path.read_text().splitlines()) for path in (PROJECT / folder).rglob("*.sql"))
        for folder in ("macros", "models")
    )
    assert macros < 0.4 * sql


def test_each_sql_file_has_its_yml() -> None:
    missing = [
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "models").rglob("*.sql")
        if not path.with_suffix(".yml").exists()
    ]
    assert missing == []


def test_singular_tests_are_claims_that_say_what_a_row_means() -> None:
    tests: list[Path] = sorted((PROJECT / "tests").glob("*.sql"))
    assert tests
    for test in tests:
        assert test.stem.startswith("assert_")
        assert "row is" in test.read_text().replace("\n-- ", " ").lower(), test.stem
