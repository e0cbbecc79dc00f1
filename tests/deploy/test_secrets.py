"""Passwords of a deployment are made up, kept, and changed only where the database took them."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from warehouse.connection.settings import PROJECT_ROOT

NAMES = ("SN7_PASSWORD", "SN7_PIPELINE_PASSWORD", "SN7_TRAINER_PASSWORD", "SN7_SERVICE_PASSWORD",
         "SN7_ANALYST_PASSWORD", "SN7_GRAFANA_PASSWORD")  # fmt: skip

COMPOSE = """\
#!/bin/sh
echo "$*|$PGPASSWORD|$SN7_OWNER_PASSWORD" >>"{log}"
case "$*" in run*) exit {code} ;; esac
"""
"""Stands for Docker's compose; says how it was called."""


def secrets(
    file: Path, *arguments: str, compose: str = "false"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROJECT_ROOT / "deploy" / "secrets.sh", *arguments],
        env=os.environ | {"SN7_ENV_FILE": str(file), "SN7_COMPOSE": compose},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def values(file: Path) -> dict[str, str]:
    pairs = [line.split("=", 1) for line in file.read_text().splitlines() if "=" in line]
    return {name: value for name, value in pairs if not name.startswith("#")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    assert secrets(path).returncode == 0
    return path


def compose(folder: Path, code: int) -> str:
    program = folder / "compose"
    program.write_text(COMPOSE.format(log=folder / "log", code=code))
    program.chmod(0o755)
    return str(program)


def test_every_password_is_made_up_and_no_two_are_equal(file: Path) -> None:
    made = [values(file)[name] for name in NAMES]
    assert all(len(password) == 48 for password in made)
    assert len(set(made)) == len(NAMES)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert values(file)["SN7_DATABASE"] == "host=postgis dbname=sn7"


def test_passwords_that_are_there_stay(file: Path) -> None:
    before = values(file)
    done = secrets(file)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert values(file) == before


def test_rotation_hands_over_old_and_new_and_starts_anew(file: Path, tmp_path: Path) -> None:
    before = values(file)
    done = secrets(file, "--rotate", compose=compose(tmp_path, 0))

    after = values(file)
    assert done.returncode == 0, done.stderr
    assert all(after[name] != before[name] for name in NAMES)
    run, up = (tmp_path / "log").read_text().splitlines()
    assert run.startswith("run --rm --no-deps -e PGPASSWORD -e SN7_OWNER_PASSWORD prepare|")
    assert run.endswith(f"|{before['SN7_PASSWORD']}|{after['SN7_PASSWORD']}")
    assert up.startswith("up --detach")
    assert not any(after[name] in done.stdout + done.stderr for name in NAMES)


def test_a_database_that_refuses_leaves_the_old_passwords(file: Path, tmp_path: Path) -> None:
    before = values(file)
    done = secrets(file, "--rotate", compose=compose(tmp_path, 1))

    assert done.returncode == 1
    assert "the old ones are in force" in done.stderr
    assert values(file) == before
