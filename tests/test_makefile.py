"""What a user gives to make reaches programs letter by letter, and nothing of it is run."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from warehouse.connection.settings import PROJECT_ROOT

PROGRAM = """\
#!{python}
import json, os, sys
words = sys.argv[1:]
if words[:1] == ["scripts/given.py"]:
    os.execv("{python}", ["{python}", *words])
print(json.dumps([words, os.environ.get("SN7_HOME")]))
"""
"""Stands for .venv/bin/python: says what it was called with, once given.py has split ARGS."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project's Makefile in a folder where programs only say how they were called."""
    shutil.copy(PROJECT_ROOT / "Makefile", tmp_path)
    for folder in ("scripts", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(PROJECT_ROOT / "scripts/given.py", tmp_path / "scripts")
    for name, text in ((".venv/bin/python", PROGRAM.format(python=shutil.which("python3"))),
                       ("scripts/setup.sh", "#!/bin/sh\n")):  # fmt: skip
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def make(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a shell, also where the tests themselves were started by a make."""
    of_a_make = {"ARGS", "DATA", "FOLDER", "PAGE", "ROLE", "SIZE", "TESTS"}
    of_a_shell = {
        name: value
        for name, value in os.environ.items()
        if "MAKE" not in name and name not in of_a_make
    }
    return subprocess.run(
        ["make", *arguments], cwd=clone, env=of_a_shell | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def words(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout)[0])


@pytest.mark.parametrize(
    "value",
    ['x";touch pwn;"', "/d/$(touch pwn)", "/d/$$(touch pwn)", "$(shell touch pwn)", "`touch pwn`",
     "a b'c", "-x", "x\ty", "ü", "*", "${HOME}", "a#b", "a\\b"],
)  # fmt: skip
def test_data_arrives_letter_by_letter(clone: Path, value: str) -> None:
    done = make(clone, "run", f"DATA={value}")

    assert words(done) == ["-m", "orchestration", "run", f"--data={value}"]
    assert not (clone / "pwn").exists()


def test_size_and_role_are_no_shell_text(clone: Path) -> None:
    assert words(make(clone, "run", "SIZE=sample; touch pwn"))[-1] == "--size=sample; touch pwn"
    asked = words(make(clone, "psql", "ROLE=analyst $(touch pwn)", "ARGS=-c 'select 1'"))
    assert asked[2:] == ["psql", "--role=analyst $(touch pwn)", "--", "-c", "select 1"]
    assert not (clone / "pwn").exists()


def test_without_data_and_size_none_is_given(clone: Path) -> None:
    assert words(make(clone, "run")) == ["-m", "orchestration", "run"]


def test_args_are_split_as_a_shell_does_and_not_run(clone: Path) -> None:
    done = make(
        clone, "dbt", """ARGS=build --select "dim_chip+ x" 'a b' ; touch pwn $(touch pwn) *"""
    )

    assert words(done)[5:] == [
        "build", "--select", "dim_chip+ x", "a b", ";", "touch", "pwn", "$(touch", "pwn)", "*",
    ]  # fmt: skip
    assert not (clone / "pwn").exists()


def test_args_without_balance_are_one_sentence(clone: Path) -> None:
    done = make(clone, "psql", "ARGS=-c 'select 1")

    assert done.returncode != 0
    assert done.stderr.startswith("error: ARGS cannot be split into words (No closing quotation)")


def test_data_of_the_environment_is_not_taken_and_not_silently(clone: Path) -> None:
    done = make(clone, "run", DATA="/somewhere", SIZE="full")

    assert words(done) == ["-m", "orchestration", "run"]
    assert "DATA of the environment is left aside" in done.stderr
    assert "SIZE of the environment is left aside" in done.stderr


def test_the_home_is_no_shell_text(clone: Path) -> None:
    for home in ("/a b$c", "/x/$(touch pwn)", "/$(shell touch pwn)"):
        assert json.loads(make(clone, "run", f"SN7_HOME={home}").stdout)[1] == home
        assert json.loads(make(clone, "run", SN7_HOME=home).stdout)[1] == home
    assert not (clone / "pwn").exists()
