"""Workflows do what anybody can do here, with actions that cannot be changed under them."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse.connection.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / ".github" / "workflows"
WORKFLOWS: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yml"))
}
JOBS = {
    f"{name}/{job}": body for name, flow in WORKFLOWS.items() for job, body in flow["jobs"].items()
}
PARTS = ("units", "warehouse", "service", "browser", "notebooks")
WRITERS = {
    "image/image": {"packages", "id-token", "attestations"},
    "release/build": {"id-token", "attestations"},
    "release/publish": {"contents"},
    "docs/publish": {"pages", "id-token"},
    "model/model": {"id-token"},
    "azure/deploy": {"id-token"},
}
"""Jobs that may write something, and what."""

TOOLS = {"gh", "docker", "sudo", "cat", "make", "printf"}
"""What a step may call beside the project's own scripts."""


def steps(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = JOBS[job]["steps"]
    return found


def commands(job: str) -> list[str]:
    lines = [line for step in steps(job) for line in str(step.get("run", "")).splitlines()]
    return [line.strip() for line in lines if line.strip()]


@pytest.mark.parametrize("job", JOBS)
def test_actions_are_pinned_to_a_commit_and_say_their_version(job: str) -> None:
    text = (FOLDER / f"{job.partition('/')[0]}.yml").read_text("utf-8")
    for step in steps(job):
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
            assert re.search(rf"{step['uses']} # v\d+\.\d+\.\d+\n", text), step["uses"]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_may_only_read_unless_a_job_says_what_it_writes(workflow: str) -> None:
    flow = WORKFLOWS[workflow]
    assert flow["permissions"] == {"contents": "read"}
    for name, job in flow["jobs"].items():
        rights = job.get("permissions", {})
        writes = {right for right, level in rights.items() if level == "write"}
        assert writes == WRITERS.get(f"{workflow}/{name}", set())
        assert job["timeout-minutes"] <= 120


@pytest.mark.parametrize("job", JOBS)
def test_what_a_step_runs_is_here(job: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text("utf-8"), re.M))
    for line in commands(job):
        program, *rest = line.split()
        if program == "make":
            assert rest[0] in targets
        elif program not in TOOLS:
            script = PROJECT_ROOT / program
            assert script.is_file(), line
            assert script.stat().st_mode & 0o111, line


@pytest.mark.parametrize("job", JOBS)
def test_what_users_give_is_no_text_of_a_shell(job: str) -> None:
    assert [line for line in commands(job) if "${{" in line] == []


def test_main_runs_what_everybody_runs() -> None:
    matrix = WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]["part"]
    assert '["everything"]' in matrix
    part = (PROJECT_ROOT / "scripts" / "part.sh").read_text("utf-8")
    assert "everything) exec .ci/run ;;" in part
    script = PROJECT_ROOT / ".ci" / "run"
    assert {"make lint", "make test"} <= set(script.read_text("utf-8").splitlines())
    assert all(f'"{name}"' in matrix for name in PARTS)


def test_nothing_that_a_test_needs_is_left_to_chance() -> None:
    job = WORKFLOWS["ci"]["jobs"]["test"]
    installed = " ".join(commands("ci/test")).split()
    assert {"postgresql-postgis", "gdal-bin", "pgbouncer"} <= set(installed)
    assert "container" not in job, "only the runner itself may mount a disk"
    assert job["services"]["postgis"]["image"].startswith("postgis/postgis:")
    assert "host=127.0.0.1" in job["env"]["SN7_DSN"]


def test_every_test_belongs_to_one_part() -> None:
    script = (PROJECT_ROOT / "scripts" / "part.sh").read_text("utf-8")
    known = script[script.index("\n    units)") :]
    folders = {
        path.name for path in (PROJECT_ROOT / "tests").iterdir() if any(path.rglob("test_*"))
    }
    named = re.findall(r"tests/(\w+)(?= |\)|$)", known, re.M)
    assert folders - {"fixtures"} <= set(named)
    assert len(named) == len(set(named))


def test_a_part_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [PROJECT_ROOT / "scripts" / "part.sh", "everyting"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("usage: scripts/part.sh everything|units|warehouse|")
