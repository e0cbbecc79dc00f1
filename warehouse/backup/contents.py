"""What a backup's folder holds, and whether it is whole."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from warehouse.connection.errors import BackupError

DUMP: Final = "warehouse.dump"
HOME: Final = "home.tar"
RECORD: Final = "backup.json"

FORM: Final = 1
"""Of the folder; another one is not read."""

KEPT: Final = ("artifacts", "bentoml", "dagster", "mlflow")
"""Folders of the home that no command makes again."""


@dataclass(frozen=True, slots=True)
class Record:
    """What stands in ``backup.json``.

    Attributes:
        form: ``FORM`` when it was written.
        written: When, in UTC, as 2026-01-31T12:00:00Z.
        home: The home it is of; MLflow's records name files below it.
        server: Version of the PostgreSQL it is of, such as 15.18.
        digests: SHA-256 of each file of the folder.
    """

    form: int
    written: str
    home: str
    server: str
    digests: dict[str, str]

    def save(self, folder: Path) -> None:
        """Write it, last of all: a folder without it is no backup."""
        (folder / RECORD).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def read_record(folder: Path) -> Record:
    """Read what a backup says of itself and look whether its files are what they were.

    Raises:
        BackupError: It is no backup, of another form, or a file of it is damaged.
    """
    path = folder / RECORD
    if not path.is_file():
        raise BackupError(
            f"{folder} holds no {RECORD}, so it is no whole backup; expected a folder that "
            "`sn7 backup` made"
        )
    told = json.loads(path.read_text("utf-8"))
    if told.get("form") != FORM:
        raise BackupError(
            f"{path} is of form {told.get('form')}, and this version reads form {FORM}; restore "
            "it with the version that wrote it, and upgrade then"
        )
    record = Record(**told)
    for name, expected in record.digests.items():
        if not (folder / name).is_file() or digest(folder / name) != expected:
            raise BackupError(
                f"{folder / name} is missing or not what was written; take another backup"
            )
    return record


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
