"""PostgreSQL's own programs for dumps, run on the warehouse."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from warehouse.access import program_environment
from warehouse.connection.errors import BackupError, CommandMissingError
from warehouse.server.install import find_postgres


def run(command: Sequence[str | Path], *, stdin: IO[bytes] | None = None) -> None:
    """Run a program of PostgreSQL's to its end.

    Args:
        command: ``pg_dump``, ``pg_restore`` or ``psql`` and its arguments.
        stdin: What it reads.

    Raises:
        CommandMissingError: It is not installed.
        BackupError: It failed; the message has its own first error.
    """
    done = subprocess.run(
        [program(str(command[0])), *map(str, command[1:])],
        env=program_environment(),
        stdin=stdin if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        errors = [line for line in said if "error" in line.lower()] or said
        raise BackupError(f"{command[0]} failed: {errors[0] if errors else 'it did not say why'}")


def program(name: str) -> str:
    """Return where a program of PostgreSQL's is.

    Raises:
        CommandMissingError: Nowhere.
    """
    found = shutil.which(name)
    if found is None and (server := find_postgres()) is not None:
        found = shutil.which(name, path=str(server.programs))
    if found is None:
        raise CommandMissingError(f"{name} is not installed; install the package postgresql-client")
    return found
