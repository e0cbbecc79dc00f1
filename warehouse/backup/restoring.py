"""Bringing a backup back: the database in one transaction, then the home's folders."""

import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

from psycopg import sql

from warehouse.access import connect, dsn
from warehouse.backup.contents import DUMP, HOME, KEPT, Record, read_record
from warehouse.backup.programs import run
from warehouse.connection.errors import BackupError
from warehouse.connection.roles import SCHEMA_OWNERS
from warehouse.connection.settings import get_settings
from warehouse.running.lock import hold

_TABLES: Final = """
    select count(*)
    from pg_class
    where relkind in ('r', 'p') and relnamespace::regnamespace::text = any(%s)
"""


def restore_backup(folder: Path, *, force: bool) -> None:
    """Put a backup in place of what the warehouse and its home hold.

    Args:
        folder: What ``write_backup`` returned.
        force: Even where the warehouse has tables, or the home is another one.

    Raises:
        BackupError: The backup is not whole, something would be lost, or PostgreSQL refused; the
            database is then as it was.
    """
    record = read_record(folder)
    with hold(dsn(), "sn7 restore"):
        if not force:
            _check_nothing_is_lost()
            _check_home(record)
        with tempfile.TemporaryDirectory() as outside:
            script = Path(outside) / "restore.sql"
            run(["pg_restore", f"--file={script}", folder / DUMP])
            _run_whole(script)
        _unpack(folder / HOME)


def _check_nothing_is_lost() -> None:
    with connect() as connection:
        row = connection.execute(_TABLES, (list(SCHEMA_OWNERS),)).fetchone()
    if row != (0,):
        raise BackupError(
            f"the warehouse has {row[0] if row else 'some'} tables, which a restore replaces; say "
            "--force to have it so, or restore into an empty database"
        )


def _check_home(record: Record) -> None:
    home = str(get_settings().home_path)
    if record.home != home:
        raise BackupError(
            f"the backup is of the home {record.home}, and MLflow's records name files there; "
            f"restore with SN7_HOME={record.home}, or say --force to do without these files"
        )


def _run_whole(script: Path) -> None:
    drops = [sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name))
             for name in SCHEMA_OWNERS]  # fmt: skip
    with script.open("rb") as statements:
        run(
            [
                "psql", "--quiet", "--no-psqlrc", "--no-password", "--single-transaction",
                "--set=ON_ERROR_STOP=1", f"--command={sql.SQL('; ').join(drops).as_string()}",
                "--file=-", "--command=set search_path to default", "--command=analyze",
            ],
            stdin=statements,
        )  # fmt: skip


def _unpack(archive: Path) -> None:
    home = get_settings().home_path
    with tempfile.TemporaryDirectory(dir=get_settings().logs) as aside:
        with tarfile.open(archive) as packed:
            # Python 3.11.2, which Debian 12 has, knows no filters; the digest says that it is ours.
            safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            packed.extractall(aside, **safely)  # noqa: S202 (our own archive)
        for name in KEPT:
            shutil.rmtree(home / name, ignore_errors=True)
            if (Path(aside) / name).is_dir():
                (Path(aside) / name).rename(home / name)
