"""Whether the database gives the file back: sorted export and sorted CSV, byte for byte."""

import filecmp
import os
import subprocess
from pathlib import Path
from typing import IO, Final

from benchmarks.arena import Arena
from benchmarks.errors import StepFailedError

_EXPORT: Final = (
    "copy (select filename, id, geometry from raw.pixel_row) "
    "to stdout with (format csv, force_quote (geometry))"
)
_SORT_MEMORY: Final = "512M"


def gives_back(arena: Arena, csv: Path, *, work: Path) -> bool:
    """Tell whether the rows of ``raw.pixel_row`` are those of the CSV, in whatever order.

    Args:
        arena: The server, with the CSV loaded.
        csv: The file.
        work: Folder with room for both, sorted.

    Raises:
        StepFailedError: Export or sort failed.
    """
    expected, found = work / "expected.csv", work / "found.csv"
    export = ["psql", "--no-psqlrc", "--quiet", "--command", _EXPORT]
    try:
        sort_lines(["tail", "--lines=+2", str(csv)], expected, environment=dict(os.environ))
        sort_lines(export, found, environment=os.environ | arena.environment())
        return filecmp.cmp(expected, found, shallow=False)
    finally:
        expected.unlink(missing_ok=True)
        found.unlink(missing_ok=True)


def sort_lines(command: list[str], out: Path, *, environment: dict[str, str]) -> None:
    """Sort by bytes what a program prints, on disk where memory ends.

    Raises:
        StepFailedError: The program or the sort failed.
    """
    sort = ["sort", f"--buffer-size={_SORT_MEMORY}", f"--temporary-directory={out.parent}"]
    with (
        out.open("wb") as target,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as source,
    ):
        printed: IO[bytes] | None = source.stdout
        sorting = subprocess.run(
            sort, stdin=printed, stdout=target, env=os.environ | {"LC_ALL": "C"}, check=False
        )
    if source.returncode != 0 or sorting.returncode != 0:
        raise StepFailedError(f"`{command[0]}` or `sort` failed while writing {out}")
