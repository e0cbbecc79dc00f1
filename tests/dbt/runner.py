"""Run dbt on a database as a user does: its command line, in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from warehouse.access import libpq_environment
from warehouse.connection.settings import PROJECT_ROOT

PROJECT = PROJECT_ROOT / "dbt_project"
DBT = Path(sys.executable).with_name("dbt")


class DbtFailedError(AssertionError):
    """dbt ended with an error; its output is the message."""


@dataclass(frozen=True, slots=True)
class Dbt:
    """dbt on one database; keeps its artefacts, and so its parsing, in ``target``."""

    conninfo: str
    target: Path

    def __call__(self, *arguments: str) -> str:
        """Run a dbt command and return its output."""
        project, target = str(PROJECT), str(self.target)
        command = [
            *(str(DBT), "--no-use-colors", "--log-level-file", "none", *arguments),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", target, "--log-path", target),
        ]
        completed = subprocess.run(
            command,
            env=os.environ | libpq_environment() | {"DO_NOT_TRACK": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        if completed.returncode != 0:
            raise DbtFailedError(completed.stdout + completed.stderr)
        return completed.stdout

    def manifest(self) -> dict[str, Any]:
        """Return what dbt knows of the project."""
        manifest: dict[str, Any] = json.loads((self.target / "manifest.json").read_text())
        return manifest

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with psycopg.connect(self.conninfo) as connection:
            return connection.execute(query).fetchall()

    def execute(self, statement: str) -> None:
        """Execute a statement as the database's owner."""
        with psycopg.connect(self.conninfo) as connection:
            connection.execute(statement)
