"""The workflow does what `.ci/run` does, with actions that cannot be changed under it."""

import re
from typing import Any

import yaml

from warehouse.connection.settings import PROJECT_ROOT

WORKFLOW: dict[str, Any] = yaml.safe_load(
    (PROJECT_ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
)
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def test_actions_are_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]

    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)


def test_workflow_may_only_read() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_workflow_runs_what_everybody_runs() -> None:
    script = PROJECT_ROOT / ".ci" / "run"

    assert STEPS[-1]["run"] == ".ci/run"
    assert script.stat().st_mode & 0o111
    assert {"make lint", "make test"} <= set(script.read_text(encoding="utf-8").splitlines())


def test_nothing_that_a_test_needs_is_left_to_chance() -> None:
    [job] = WORKFLOW["jobs"].values()
    installed = " ".join(step["run"] for step in STEPS[:-1] if "run" in step).split()

    assert {"postgresql-postgis", "gdal-bin", "pgbouncer"} <= set(installed)
    assert "container" not in job, "only the runner itself may mount a disk"


def test_tests_find_a_postgis() -> None:
    [job] = WORKFLOW["jobs"].values()

    assert job["services"]["postgis"]["image"].startswith("postgis/postgis:")
    assert "host=127.0.0.1" in job["env"]["SN7_DSN"]
