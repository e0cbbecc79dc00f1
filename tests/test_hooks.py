"""Hooks before a commit: the project's own linters, on the files of the commit."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse.connection.settings import PROJECT_ROOT

CONFIG = PROJECT_ROOT / ".pre-commit-config.yaml"
HOOKS: list[dict[str, Any]] = yaml.safe_load(CONFIG.read_text("utf-8"))["repos"][0]["hooks"]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_fetches_nothing_and_runs_a_linter_of_make_lint(hook: dict[str, Any]) -> None:
    command = re.fullmatch(r"\.venv/bin/(?P<program>\S+)(?P<options>.*)", hook["entry"])
    assert hook["language"] == "system"
    assert command is not None
    lint = (PROJECT_ROOT / "scripts" / "lint.sh").read_text("utf-8")
    wanted = [command["program"], *command["options"].replace("--force-exclude", "").split()]
    assert f"' {' '.join(wanted)}" in lint


@pytest.fixture
def commit(tmp_path: Path) -> Path:
    """A repository with this project's settings and environment, and nothing else."""
    for name in (CONFIG.name, "pyproject.toml", ".sqlfluff"):
        shutil.copy(PROJECT_ROOT / name, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def run_hook(name: str, repository: Path) -> subprocess.CompletedProcess[str]:
    subprocess.run(["git", "-C", repository, "add", "--all", "--", ":!.venv"], check=True)
    return subprocess.run(
        [Path(sys.prefix) / "bin" / "pre-commit", "run", name],
        cwd=repository, capture_output=True, text=True, check=False,
        env=os.environ | {"PRE_COMMIT_HOME": str(repository / ".cache")},
    )  # fmt: skip


def test_bad_python_and_bad_sql_stop_a_commit(commit: Path) -> None:
    (commit / "bad.py").write_text('"""Imports what it does not use."""\n\nimport os\n')
    model = commit / "dbt_project" / "models" / "bad.sql"
    model.parent.mkdir(parents=True)
    shutil.copytree(PROJECT_ROOT / "dbt_project" / "macros", model.parents[1] / "macros")
    model.write_text("SELECT 1 AS one\n")
    python, sql = run_hook("ruff", commit), run_hook("sqlfluff", commit)
    assert python.returncode == 1
    assert "`os` imported but unused" in python.stdout
    assert sql.returncode == 1
    assert "Keywords must be lower case" in sql.stdout


def test_good_files_and_files_of_others_pass(commit: Path) -> None:
    (commit / "good.py").write_text('"""Does nothing."""\n')
    (commit / "notes.txt").write_text("import os\n")
    assert run_hook("ruff", commit).returncode == 0
    assert "Skipped" in run_hook("sqlfluff", commit).stdout
