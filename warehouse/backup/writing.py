"""Writing a backup: whole or not at all, and of one moment between two runs."""

import secrets
import shutil
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from warehouse.access import connect, dsn
from warehouse.backup.contents import DUMP, FORM, HOME, KEPT, Record, digest
from warehouse.backup.programs import run
from warehouse.connection.errors import BackupError
from warehouse.connection.roles import SCHEMA_OWNERS
from warehouse.connection.settings import get_settings
from warehouse.running.lock import hold


def write_backup(parent: Path) -> Path:
    """Write database and home into a new folder below ``parent``, and return it.

    It waits for a run that is on, and runs wait for it.

    Raises:
        BackupError: The folder cannot be written, or PostgreSQL's program failed.
    """
    now = datetime.now(UTC)
    folder = parent / f"sn7-{now:%Y%m%dT%H%M%SZ}"
    draft = parent / f".{folder.name}.{secrets.token_hex(4)}"
    try:
        draft.mkdir(parents=True)
        draft.chmod(0o700)
        with hold(dsn(), "sn7 backup"):
            _dump(draft / DUMP)
            _pack(draft / HOME)
        Record(
            form=FORM,
            written=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            home=str(get_settings().home_path),
            server=_server_version(),
            digests={name: digest(draft / name) for name in (DUMP, HOME)},
        ).save(draft)
        draft.rename(folder)
    except OSError as error:
        raise BackupError(
            f"{parent} cannot take a backup ({error.strerror}); name a folder that this user may "
            "write to, on a disk with room"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _dump(path: Path) -> None:
    # By schema: PostGIS belongs to the database that is restored into, not to the backup.
    schemas = [f"--schema={name}" for name in SCHEMA_OWNERS]
    run(["pg_dump", "--format=custom", "--no-password", *schemas, f"--file={path}"])


def _pack(path: Path) -> None:
    home = get_settings().home_path
    with tarfile.open(path, "x") as archive:
        for name in KEPT:
            if (home / name).is_dir():
                archive.add(home / name, arcname=name)


def _server_version() -> str:
    with connect() as connection:
        return connection.info.parameter_status("server_version") or "unknown"
