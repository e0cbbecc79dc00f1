"""The home: the folder that bears our marker. What does not bear it is not ours to use or delete.

The marker is written before anything else, so a folder with files but without it is somebody's.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from warehouse.connection.errors import SettingsError

MARKER: Final = ".sn7-home"

FOLDERS: Final = ("artifacts", "benchmark", "bentoml", "dagster", "data", "logs", "mlflow")
"""What the parts of the project keep in a home."""

SERVER_FILES: Final = (
    "postgres",
    "postgres.log",
    "postgres.new",
    "run",
    "server.json",
    "server.lock",
)
"""What the private server keeps there; ``server.json`` is of homes without a marker."""

_TEXT: Final = (
    "This folder is a home of the SpaceNet 7 building warehouse. `make clean` deletes what the\n"
    "project put here, and nothing where this file is missing.\n"
)
_RECORD: Final = "database: "
NONE: Final = "none"
"""What a user writes there to begin with an empty database."""
UNKNOWN: Final = "unknown"
"""What is known of the database of a home that has files and was marked later, or anew."""

_OTHERS: Final = {"lost+found"}  # of the file system, where a home is a disk of its own


def claim(home: Path) -> Path:
    """Return a home after making and marking it if need be.

    Raises:
        SettingsError: The folder holds files and bears no marker, or cannot be made.
    """
    if _is_marked(home):
        return home
    try:
        home.mkdir(parents=True, exist_ok=True)
        strangers = sorted(_strangers(home))
        # Looked for after the listing: another process may have made the home meanwhile.
        if _is_marked(home):
            return home
        if strangers and not _is_older_home(home):
            raise SettingsError(not_a_home(home, strangers))
        if strangers:
            record_database(home, UNKNOWN)
        else:
            write_whole(home / MARKER, _TEXT)
    except OSError as error:
        raise SettingsError(
            f"the folder {home} cannot be used as home ({error.strerror}); set SN7_HOME to one "
            "that this user may write, or that is not there yet"
        ) from error
    return home


def is_home(home: Path) -> bool:
    """Tell whether a folder bears our marker, or is a home from before there was one."""
    return _is_marked(home) or _is_older_home(home)


def not_a_home(home: Path, strangers: list[str]) -> str:
    """Return the sentence that refuses a folder of somebody else's."""
    names = ", ".join(strangers[:3]) + (" ..." if len(strangers) > 3 else "")
    return (
        f"{home} holds files ({names}) and no {MARKER}, so it is no home of this project and is "
        "left alone; set SN7_HOME to an empty folder or one that is not there yet, or, if it is a "
        f"home all the same, mark it with `touch {home / MARKER}`"
    )


def recorded_database(home: Path) -> str | None:
    """Return what the marker says of the home's database; None where none was made yet."""
    try:
        text = (home / MARKER).read_text("utf-8", errors="replace")
    except OSError:
        return UNKNOWN if _is_older_home(home) else None
    lines = [line for line in text.splitlines() if line.startswith(_RECORD)]
    if lines:
        record = lines[-1].removeprefix(_RECORD).strip()
        return None if record == NONE else record
    return None if text.startswith(_TEXT) else UNKNOWN


def record_database(home: Path, database: str) -> None:
    """Write into the marker where the home's database lies."""
    write_whole(home / MARKER, f"{_TEXT}{_RECORD}{database}\n")


def entries_of_ours(home: Path) -> list[Path]:
    """Return what the project put into a home, the marker last; whatever else lies there stays."""
    names = [*FOLDERS, *SERVER_FILES]
    drafts = [path for path in home.iterdir() if path.name.startswith(f"{MARKER}.")]
    return (
        [home / name for name in names if os.path.lexists(home / name)] + drafts + [home / MARKER]
    )


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all, whatever stops the machine."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _strangers(home: Path) -> set[str]:
    names = {path.name for path in home.iterdir()} - _OTHERS
    return {name for name in names if not name.startswith(f"{MARKER}.")}


def _is_marked(home: Path) -> bool:
    return os.path.isfile(home / MARKER)  # noqa: PTH113 (no error where it may not be entered)


def _is_older_home(home: Path) -> bool:
    # Homes were not marked once; these two files are written by this project alone.
    try:
        configuration = (home / "dagster" / "dagster.yaml").read_text("utf-8", errors="replace")
    except OSError:
        configuration = ""
    is_ours = configuration.startswith("# Written by `python -m orchestration`")
    return is_ours or os.path.isfile(home / "server.lock")  # noqa: PTH113
