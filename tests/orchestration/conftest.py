"""Running the command line as a user does, in a process of its own."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from warehouse.connection.settings import PROJECT_ROOT

with warnings.catch_warnings():
    # sqlglot, which dagster-dbt imports, warns of its own deprecated companion.
    warnings.simplefilter("ignore")
    import dagster_dbt  # noqa: F401


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left: its exit code and what it wrote."""

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.stdout.splitlines()]


def orchestrate(*arguments: str | Path, dsn: str, home: Path) -> Outcome:
    """Run ``python -m orchestration`` on a database, with a home of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestration", *map(str, arguments)],
        cwd=PROJECT_ROOT,
        env=os.environ | {"SN7_DSN": dsn, "SN7_HOME": str(home), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def run_here(database: str, tmp_path: Path) -> Callable[..., Outcome]:
    """Run the command on the test's own database and home."""

    def run(*arguments: str | Path) -> Outcome:
        return orchestrate(*arguments, dsn=database, home=tmp_path / "home")

    return run


@pytest.fixture(scope="module")
def module_database(
    create_database: Callable[[str | None], str],
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A database and a home that the tests of one module share."""
    dsn = create_database(template_database)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SN7_DSN", dsn)
        environment.setenv("SN7_HOME", str(tmp_path_factory.mktemp("home")))
        yield dsn
