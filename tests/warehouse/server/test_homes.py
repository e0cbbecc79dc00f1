"""Nothing of the user's is deleted: what bears our marker is ours, and a database is never lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.databases import private_home
from warehouse.connection.settings import PROJECT_ROOT

COMMAND = [sys.executable, "-m", "warehouse"]
STATE_ROOT = Path("/var/lib/sn7-warehouse")
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="for others a home holds its database")


def run(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one of the warehouse's commands on a home."""
    environment = {name: value for name, value in os.environ.items() if name != "SN7_DSN"}
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, cwd=PROJECT_ROOT,
        env=environment | {"SN7_HOME": str(home)} | variables,
    )  # fmt: skip


def said(answer: subprocess.CompletedProcess[str]) -> str:
    """The one sentence with which a command was refused."""
    assert answer.returncode == 1, answer
    lines = [line for line in answer.stderr.splitlines() if not line.startswith("INFO")]
    assert len(lines) == 1, answer.stderr
    return lines[0]


def dsn_of(home: Path, **variables: str) -> str:
    answer = run(home, "dsn", **variables)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def keep(home: Path, **variables: str) -> None:
    """Load something that must not be lost."""
    with psycopg.connect(dsn_of(home, **variables)) as connection:
        connection.execute("create table kept (n integer)")


def is_kept(home: Path) -> bool:
    with psycopg.connect(dsn_of(home)) as connection:
        return connection.execute("select to_regclass('kept') is not null").fetchone() == (True,)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter; the servers of the homes in it end with it."""
    made = Path(tempfile.mkdtemp(prefix="sn7-homes-"))
    made.chmod(0o755)
    before = set(STATE_ROOT.glob("*"))
    yield made
    for home in made.iterdir():
        run(home, "clean", "--force")
    left = [base for base in set(STATE_ROOT.glob("*")) - before if str(made) in _owner(base)]
    for base in left:
        _kill(base)
        shutil.rmtree(base)
    shutil.rmtree(made)


def _owner(base: Path) -> str:
    return (base / "home").read_text() if (base / "home").exists() else ""


def _kill(base: Path) -> None:
    pid = base / "postgres" / "postmaster.pid"
    if pid.exists():
        os.kill(int(pid.read_text().splitlines()[0]), signal.SIGKILL)


@pytest.fixture
def closed(folder: Path) -> Path:
    """A folder that nobody but this user may enter, in which root's homes keep no database."""
    made = folder / "closed"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def precious(folder: Path) -> Path:
    made = folder / "precious"
    made.mkdir()
    (made / "thesis.txt").write_text("years of work")
    return made


def test_a_folder_that_sn7_home_merely_names_is_neither_used_nor_deleted(precious: Path) -> None:
    for command in ("clean", "start", "dsn", "status", "stop"):
        answer = run(precious, command)
        if command in {"status", "stop"}:
            assert answer.returncode == 0
        else:
            assert "thesis.txt" in said(answer)
            assert f"touch {precious}/.sn7-home" in said(answer)
    assert [path.name for path in precious.iterdir()] == ["thesis.txt"]
    assert (precious / "thesis.txt").read_text() == "years of work"


def test_a_foreign_cluster_is_not_taken_for_ours(precious: Path) -> None:
    (precious / "postgres").mkdir()
    (precious / "postgres" / "PG_VERSION").write_text("15\n")
    (precious / "postgres" / "pg_hba.conf").write_text("theirs")
    for command in ("clean", "start", "dsn"):
        assert "is no home of this project" in said(run(precious, command))
    assert (precious / "postgres" / "pg_hba.conf").read_text() == "theirs"


def test_cleaning_a_home_keeps_what_the_project_did_not_put_there(folder: Path) -> None:
    home, elsewhere = folder / "home", folder / "elsewhere"
    keep(home)
    elsewhere.mkdir()
    (elsewhere / "labels.csv").write_text("image_id")
    (home / "data").symlink_to(elsewhere)
    (home / "logs").mkdir()
    (home / "thesis.txt").write_text("years of work")
    answer = run(home, "clean")
    assert answer.returncode == 0
    assert f"kept, as the project did not put it there: {home}/thesis.txt" in answer.stdout
    assert [path.name for path in home.iterdir()] == ["thesis.txt"]
    assert (elsewhere / "labels.csv").exists()


def test_cleaning_what_is_not_there_makes_nothing(folder: Path) -> None:
    answer = run(folder / "home", "clean")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "nothing to delete" in answer.stdout
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("where", ["folder", "closed"])
@pytest.mark.parametrize("harm", ["empty", "lost", "both lost"])
def test_a_database_outlives_the_loss_of_the_file_that_leads_to_it(
    where: str, harm: str, request: pytest.FixtureRequest
) -> None:
    home = request.getfixturevalue(where) / "home"
    keep(home)
    for name in ("server.json", ".sn7-home"):
        if harm == "empty":
            (home / name).write_text("")
        elif (harm == "lost" and name == "server.json") or harm == "both lost":
            (home / name).unlink(missing_ok=True)
    assert is_kept(home)
    assert "running" in run(home, "status").stdout


@AS_ROOT
@pytest.mark.parametrize("running", [True, False])
def test_a_home_that_was_moved_finds_its_database_again(closed: Path, *, running: bool) -> None:
    keep(closed / "home")
    if not running:
        assert run(closed / "home", "stop").stdout == "stopped\n"
    (closed / "home").rename(closed / "moved")
    assert is_kept(closed / "moved")
    # A new home at the old place begins anew and takes nothing of the one that moved away.
    assert not is_kept(closed / "home")
    assert is_kept(closed / "moved")
    assert run(closed / "home", "clean").returncode == 0
    assert is_kept(closed / "moved")
    base = next(base for base in STATE_ROOT.glob("*") if _owner(base) == str(closed / "moved"))
    assert str(base) in run(closed / "moved", "status").stdout
    assert run(closed / "moved", "clean").returncode == 0
    assert not base.exists()


def test_a_home_that_was_moved_while_its_server_runs_goes_on(folder: Path) -> None:
    keep(folder / "home")
    (folder / "home").rename(folder / "moved")
    assert is_kept(folder / "moved")
    assert run(folder / "moved", "stop").stdout == "stopped\n"
    assert is_kept(folder / "moved")


@AS_ROOT
def test_a_copy_of_a_home_does_not_take_the_database_of_the_original(closed: Path) -> None:
    keep(closed / "home")
    shutil.copytree(closed / "home", closed / "copy")
    for command in ("dsn", "status"):
        refusal = said(run(closed / "copy", command))
        assert f"{closed}/copy is a copy of {closed}/home" in refusal
    assert run(closed / "copy", "clean").returncode == 0
    assert is_kept(closed / "home")


@pytest.mark.parametrize("where", ["folder", "closed"])
def test_a_database_that_is_gone_is_missed(where: str, request: pytest.FixtureRequest) -> None:
    home = request.getfixturevalue(where) / "home"
    keep(home)
    run(home, "stop")
    base = next((base for base in STATE_ROOT.glob("*") if _owner(base) == str(home)), home)
    (base / "postgres").rename(folder_beside := base.parent / f"{base.name}-elsewhere")
    for command in ("dsn", "status"):
        assert f"the database of {home} is gone from {base}" in said(run(home, command))
    folder_beside.rename(base / "postgres")
    assert is_kept(home)
    marker = home / ".sn7-home"
    marker.write_text(marker.read_text() + "database: none\n")
    assert is_kept(home) is (base == home)  # inside, it is there; outside, nothing leads to it


def test_a_marker_leads_to_no_folder_of_somebody_elses(folder: Path, precious: Path) -> None:
    home = folder / "home"
    home.mkdir()
    (precious / "postgres").mkdir()
    (precious / "postgres" / "PG_VERSION").write_text("15\n")
    way = os.path.relpath(precious, STATE_ROOT)
    (home / ".sn7-home").write_text(f"database: {way}\n")
    assert "is gone from" in said(run(home, "dsn"))
    assert run(home, "clean").returncode == 0
    assert (precious / "thesis.txt").exists()
    assert (precious / "postgres" / "PG_VERSION").exists()


def test_a_cluster_that_cannot_be_one_is_left_alone(folder: Path) -> None:
    home = folder / "home"
    keep(home)
    run(home, "stop")
    (home / "postgres" / "PG_VERSION").unlink()
    assert "holds files but no PG_VERSION" in said(run(home, "dsn"))
    (home / "postgres" / "PG_VERSION").write_text("")
    assert "instead of a version of PostgreSQL" in said(run(home, "dsn"))
    (home / "postgres" / "PG_VERSION").write_text("15\n")
    assert is_kept(home)


@AS_ROOT
def test_a_home_from_before_there_was_a_marker_keeps_its_database(closed: Path) -> None:
    home = closed / "home"
    keep(home)
    base = next(base for base in STATE_ROOT.glob("*") if _owner(base) == str(home))
    (home / ".sn7-home").unlink()
    (home / "server.json").write_text(json.dumps({"base": str(base)}))
    home.rename(closed / "moved")
    assert "running" in run(closed / "moved", "status").stdout
    assert is_kept(closed / "moved")


@AS_ROOT
def test_root_with_a_narrow_umask_has_a_server_all_the_same(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = STATE_ROOT.stat().st_mode if STATE_ROOT.exists() else 0o711
    before = os.umask(0o077)
    try:
        if STATE_ROOT.exists():
            STATE_ROOT.chmod(0o700)  # as an earlier attempt left it
        keep(closed / "home")
    finally:
        os.umask(before)
        STATE_ROOT.chmod(mode | 0o711)
    assert is_kept(closed / "home")


@pytest.mark.parametrize("name", ["$HOME", "a $(touch pwn) `touch pwn`", "x\"y'z", "comma, here"])
def test_the_path_of_a_home_is_never_shell_text(folder: Path, name: str) -> None:
    home = folder / name
    keep(home)
    assert run(home, "stop").stdout == "stopped\n"
    assert is_kept(home)
    assert not list(PROJECT_ROOT.glob("pwn"))
    assert not list(folder.rglob("pwn"))


def test_first_commands_wait_until_the_server_has_its_database(folder: Path) -> None:
    home = folder / "home"
    server = psycopg.connect(dsn_of(home).replace("dbname=sn7", "dbname=postgres"), autocommit=True)
    # As in the moment in which another command has started it and made no database yet.
    server.execute("drop database sn7")
    server.close()
    environment = {name: value for name, value in os.environ.items() if name != "SN7_DSN"}
    code = "from warehouse.access import connect\nconnect().execute('select postgis_version()')"
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment | {"SN7_HOME": str(home)},
            cwd=PROJECT_ROOT, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    errors = [command.communicate()[1] for command in commands]
    assert [command.returncode for command in commands] == [0, 0, 0], errors


def test_a_newer_postgresql_beside_the_old_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private_home() as home:
        keep(home)
        run(home, "stop")
        newer = tmp_path / "pgsql"
        (newer / "extension").mkdir(parents=True)
        (newer / "extension" / "postgis.control").write_text("")
        for name in ("initdb", "postgres"):
            (newer / name).write_text("#!/bin/sh\nexit 1\n")
            (newer / name).chmod(0o755)
        answer = f"#!/bin/sh\nprintf '%s\\n' {newer} {newer} 'PostgreSQL 99.1'\n"
        (newer / "pg_config").write_text(answer)
        (newer / "pg_config").chmod(0o755)
        assert run(home, "start", PATH=f"{newer}:{os.environ['PATH']}").returncode == 0
        assert is_kept(home)
