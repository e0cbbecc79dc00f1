"""A backup brings back the same answers, rights and keys; half a backup is none."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from loaders.load import load
from tests.fixtures.sources import row
from warehouse.access import connect, program_environment
from warehouse.backup.contents import DUMP, RECORD
from warehouse.backup.programs import program
from warehouse.backup.restoring import restore_backup
from warehouse.backup.writing import write_backup
from warehouse.connection.errors import BackupError
from warehouse.connection.roles import SCHEMA_OWNERS, Role
from warehouse.connection.settings import get_settings

Answers = tuple[str, list[tuple[str, object]]]

MODEL = Path("mlflow", "1", "model.txt")


def answers() -> Answers:
    """All definitions (columns, keys, comments, rights), and a digest of each table's rows."""
    schemas = [f"--schema={name}" for name in SCHEMA_OWNERS]
    done = subprocess.run(
        [program("pg_dump"), "--schema-only", *schemas],
        env=program_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if "restrict" not in line]
    return "\n".join(lines), rows()


def rows() -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    with connect() as connection:
        names = connection.execute(
            "select format('%%I.%%I', schemaname, tablename) from pg_tables "
            "where schemaname = any(%s) order by 1",
            (list(SCHEMA_OWNERS),),
        ).fetchall()
        for (name,) in names:
            query = f"select coalesce(sum(hashtext(t::text)::bigint), 0), count(*) from {name} as t"
            found.append((name, connection.execute(query.encode()).fetchone()))
    return found


@pytest.fixture
def filled(database: str, write_csv: Callable[..., Path]) -> str:
    """A warehouse with something in it, and a model in its home."""
    load(write_csv([row(1), row(2), row(1, "2018_02")]))
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(
            "create table marts.chip (chip_key integer primary key, geom geometry(Point, 3857))"
        )
        connection.execute("comment on table marts.chip is 'One row per chip.'")
        connection.execute("insert into marts.chip values (1, st_point(1, 2, 3857))")
    model = get_settings().home_path / MODEL
    model.parent.mkdir(parents=True)
    model.write_text("a tree")
    return database


def wipe() -> None:
    with connect() as connection:
        for name in SCHEMA_OWNERS:
            connection.execute(f"drop schema {name} cascade".encode())
    (get_settings().home_path / MODEL).unlink()


def test_what_was_wiped_comes_back_to_the_row_and_the_right(filled: str, tmp_path: Path) -> None:
    before = answers()
    folder = write_backup(tmp_path / "backups")
    wipe()

    restore_backup(folder, force=False)

    assert answers() == before
    assert (get_settings().home_path / MODEL).read_text() == "a tree"
    with connect(role=Role.ANALYST) as connection:
        assert connection.execute("select count(*) from marts.chip").fetchone() == (1,)
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("create table marts.later (n integer)")
    with connect(role=Role.ANALYST) as connection:
        assert connection.execute("select count(*) from marts.later").fetchone() == (0,)


def test_a_warehouse_with_tables_is_replaced_only_if_said(filled: str, tmp_path: Path) -> None:
    folder = write_backup(tmp_path)
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("insert into marts.chip values (2, null)")

    with pytest.raises(BackupError, match=r"has \d+ tables, which a restore replaces; say --force"):
        restore_backup(folder, force=False)
    restore_backup(folder, force=True)

    with connect() as connection:
        assert connection.execute("select count(*) from marts.chip").fetchone() == (1,)


def test_a_restore_that_fails_leaves_all_as_it_was(filled: str, tmp_path: Path) -> None:
    somebody = f"somebody_{os.getpid()}"
    with connect() as connection:
        connection.execute(f"create role {somebody}".encode())
        connection.execute("create table marts.zone (n integer)")
        connection.execute(f"alter table marts.zone owner to {somebody}".encode())
    folder = write_backup(tmp_path)
    with connect() as connection:
        connection.execute(f"drop table marts.zone; drop role {somebody}".encode())
    before = answers()

    with pytest.raises(BackupError, match=rf'psql failed: .*role "{somebody}" does not exist'):
        restore_backup(folder, force=True)

    assert answers() == before


def test_a_damaged_or_half_written_backup_is_refused(filled: str, tmp_path: Path) -> None:
    folder = write_backup(tmp_path)
    with (folder / DUMP).open("ab") as file:
        file.write(b"x")
    with pytest.raises(BackupError, match=r"warehouse\.dump is missing or not what was written"):
        restore_backup(folder, force=True)

    (folder / RECORD).unlink()
    with pytest.raises(BackupError, match=r"holds no backup\.json"):
        restore_backup(folder, force=True)


def test_a_backup_that_cannot_be_written_leaves_nothing(filled: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupError, match="cannot take a backup"):
        write_backup(tmp_path / "file")


def test_a_backup_of_another_home_is_not_taken_for_ours(
    filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_backup(tmp_path / "backups")
    wipe()
    monkeypatch.setenv("SN7_HOME", str(tmp_path / "another"))
    with pytest.raises(BackupError, match="restore with SN7_HOME="):
        restore_backup(folder, force=False)
    with psycopg.connect(filled) as connection:
        assert connection.execute("select to_regclass('marts.chip')").fetchone() == (None,)
