"""The console command leads to every command of every folder, and is quick about it."""

import importlib
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest
import typer
from typer.core import TyperGroup

from sn7.commands import COMMANDS, Command
from warehouse.connection.settings import PROJECT_ROOT

HANDED_OVER = {
    ("loaders.__main__", "synthesize"),
    ("loaders.__main__", "figures"),
    ("warehouse.__main__", "export"),
}
"""Commands that a folder offers a second time, for another folder."""

MODULES = sorted({entry.module for entry in COMMANDS})


def commands_of(module: str) -> Mapping[str, object]:
    command = typer.main.get_command(importlib.import_module(module).app)
    return command.commands if isinstance(command, TyperGroup) else {str(command.name): command}


def sn7(
    *arguments: str, code: str = "pass", **environment: str
) -> subprocess.CompletedProcess[str]:
    program = f"import sys; {code}; from sn7.__main__ import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | {"COLUMNS": "120", "TERM": "dumb"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_folder_with_a_command_line_is_reached() -> None:
    folders = {path.parent.name for path in PROJECT_ROOT.glob("*/__main__.py")}
    assert folders - {"benchmarks", "sn7"} == {module.partition(".")[0] for module in MODULES}


@pytest.mark.parametrize("module", MODULES)
def test_every_command_of_a_folder_has_its_line(module: str) -> None:
    offered = {(module, name) for name in commands_of(module)} - HANDED_OVER
    assert offered == {(entry.module, entry.target) for entry in COMMANDS if entry.module == module}


def test_names_are_given_once() -> None:
    names = [entry.name for entry in COMMANDS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", [e for e in COMMANDS if not e.command], ids=lambda e: e.name)
def test_help_says_what_the_folder_says(entry: Command) -> None:
    there = commands_of(entry.module)[entry.target]
    first = str(getattr(there, "help", "")).split("\n\n")[0]
    assert " ".join(first.split()) == entry.help


def test_help_imports_no_folder() -> None:
    loaded = "import atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    done = sn7("--help", code=loaded)

    assert done.returncode == 0, done.stderr
    assert all(entry.name in done.stdout for entry in COMMANDS)
    modules = set(done.stderr.split())
    assert "sn7.commands" in modules
    assert not modules & {*MODULES, "polars", "numpy", "dagster", "mlflow", "bentoml"}


def test_a_command_speaks_of_itself_by_its_name_here() -> None:
    done = sn7("load", "--help")
    assert "Usage: sn7 load [OPTIONS]" in done.stdout

    done = sn7("load")
    assert done.returncode == 2
    assert "sn7 load --help" in done.stderr


def test_names_and_options_complete() -> None:
    def completed(words: str) -> list[str]:
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        done = sn7(_SN7_COMPLETE="complete_bash", **asked)
        return done.stdout.split()

    assert {"score", "serve"} <= set(completed("sn7 s"))
    assert completed("sn7 load --rej") == ["--reject-limit"]
    assert completed("sn7 psql --ro") == ["--role"]


def test_a_package_that_is_not_installed_is_named_with_its_extra() -> None:
    done = sn7("load", "nothing.csv", code="sys.modules['polars'] = None")

    assert done.returncode == 1
    assert done.stderr == (
        "error: sn7 load needs the package polars, which is not installed; install all that it "
        "needs with: pip install 'sn7-warehouse[load]'\n"
    )


def test_an_error_of_a_user_is_one_sentence_here_too() -> None:
    done = sn7("exec")

    assert done.returncode == 1
    assert done.stderr == "error: expected a program to run, such as `exec ogrinfo PG:`\n"
