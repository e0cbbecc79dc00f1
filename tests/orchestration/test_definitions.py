"""The graph: its assets, their order and their checks cannot change unseen."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from orchestration.assets.raw import RAW_TABLES
from orchestration.assets.trackers import SCORE_TABLES
from orchestration.automation.jobs import MAIN
from orchestration.dbt.months import Stage
from orchestration.dbt.project import manifest
from orchestration.definitions import build_defs
from warehouse.connection.settings import PROJECT_ROOT

SNAPSHOT = Path(__file__).with_name("graph.txt")

pytestmark = pytest.mark.usefixtures("module_database")


@pytest.fixture(scope="module")
def definitions(module_database: str) -> dg.Definitions:
    return build_defs()


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> AssetGraph:
    return definitions.resolve_asset_graph()


def described(graph: AssetGraph) -> str:
    """Write the graph as text: each asset, what it is made of, and its checks."""
    checks: dict[dg.AssetKey, list[str]] = {}
    for check in graph.asset_check_keys:
        checks.setdefault(check.asset_key, []).append(check.name)
    lines = []
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        lines.append(f"{key.to_user_string()} ({node.group_name})")
        lines += sorted(f"    from {parent.to_user_string()}" for parent in node.parent_keys)
        lines += sorted(f"    check {name}" for name in checks.get(key, []))
    return "\n".join(lines) + "\n"


def test_graph_is_as_the_snapshot_says(graph: AssetGraph) -> None:
    """After a wanted change: SN7_UPDATE_SNAPSHOT=1 make test ARGS=tests/orchestration."""
    if os.environ.get("SN7_UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(described(graph), encoding="utf-8")

    assert described(graph) == SNAPSHOT.read_text(encoding="utf-8")


def test_every_arrow_of_the_chain_is_in_the_graph(graph: AssetGraph) -> None:
    chain = ["source_data", "raw/observation", "marts/fact_chip_month", "features/chip_month"]
    chain += ["ml/trained_model", "ml/chip_forecast", "serving/bento"]
    for earlier, later in itertools.pairwise(chain):
        ancestors = graph.get_ancestor_asset_keys(dg.AssetKey.from_user_string(later))
        assert dg.AssetKey.from_user_string(earlier) in ancestors


def test_every_source_of_dbt_is_loaded_by_the_graph() -> None:
    sources = json.loads(manifest().read_bytes())["sources"].values()

    loaded = {
        (source["schema"], source["identifier"])
        for source in sources
        if "for_people" not in source["tags"]
    }
    made = {("raw", name) for name in RAW_TABLES} | {("scores", name) for name in SCORE_TABLES}
    assert loaded == made


def test_only_the_months_that_runs_tell_of_are_computed_by_no_step(graph: AssetGraph) -> None:
    assert graph.external_asset_keys == {stage.key for stage in Stage}


def test_every_data_test_of_dbt_is_an_asset_check(graph: AssetGraph) -> None:
    nodes = json.loads(manifest().read_bytes())["nodes"].values()
    tests = {node["name"] for node in nodes if node["resource_type"] == "test"}

    assert tests - {check.name for check in graph.asset_check_keys} == set()


def test_groups_are_the_layers(graph: AssetGraph) -> None:
    for key in graph.get_all_asset_keys():
        if len(key.path) > 1:
            assert graph.get(key).group_name == key.path[0]


def test_job_main_is_everything(definitions: dg.Definitions, graph: AssetGraph) -> None:
    job = definitions.resolve_job_def(MAIN.name)

    beside = {key for key in graph.get_all_asset_keys() if key.path[0] in {"months", "monitoring"}}
    assert job.asset_layer.executable_asset_keys == graph.get_all_asset_keys() - beside


def test_a_resource_can_be_replaced() -> None:
    other = dg.InMemoryIOManager()

    resources = build_defs(resource_overrides={"io_manager": other}).resources
    assert resources is not None
    assert resources["io_manager"] is other


@pytest.mark.slow
def test_code_location_loads_in_production(module_database: str, tmp_path: Path) -> None:
    manifest()
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dagster"),
            "definitions",
            "validate",  # of what pyproject.toml names, as `dagster dev` takes it
        ],
        cwd=PROJECT_ROOT,
        env=os.environ | {"DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
