"""The private server: made on first use, safe under parallel starts and after a crash."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.databases import free_port, private_home
from warehouse.cli import require_free_port
from warehouse.connection.errors import PortInUseError, ServerUnavailableError
from warehouse.connection.settings import PROJECT_ROOT, Settings
from warehouse.server import lifecycle

COMMAND = [sys.executable, "-m", "warehouse"]


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that other users can reach, so that root's server lies inside it."""
    with private_home() as folder:
        yield folder


@pytest.fixture
def closed_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home below a folder that no other user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="sn7-closed-"))
    monkeypatch.delenv("SN7_DSN", raising=False)
    monkeypatch.setenv("SN7_HOME", str(folder / "home"))
    yield folder / "home"
    _remove(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture
def port_in_use() -> Iterator[int]:
    """A port of 127.0.0.1 on which another process listens."""
    listener = subprocess.Popen(
        [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert listener.stdout is not None
    yield int(listener.stdout.readline().split(" port ")[1].split()[0])
    listener.terminate()
    listener.communicate(timeout=10)


def _remove(home: Path) -> None:
    known = lifecycle.locate(Settings(home=home))
    lifecycle.stop(Settings(home=home))
    if known is not None:
        shutil.rmtree(known.base, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, cwd=PROJECT_ROOT
    )


def _postmaster(home: Path) -> int:
    known = lifecycle.locate(Settings(home=home))
    assert known is not None
    return int((known.cluster / "postmaster.pid").read_text().splitlines()[0])


def test_parallel_first_starts_make_one_server_and_a_crash_is_survived(home: Path) -> None:
    runs = [subprocess.Popen([*COMMAND, "dsn"], stdout=subprocess.PIPE, text=True) for _ in "123"]
    answers = {run.communicate()[0].strip() for run in runs}
    assert len(answers) == 1
    conninfo = answers.pop()
    with psycopg.connect(conninfo) as connection:
        connection.execute("create table kept (n integer)")
    os.kill(_postmaster(home), signal.SIGKILL)
    assert _run("dsn").stdout.strip() == conninfo
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)
    assert _run("stop").stdout.strip() == "stopped"
    assert _run("stop").stdout.strip() == "no private server is running"
    assert "is stopped" in _run("status").stdout


def test_the_server_listens_on_a_private_socket_and_no_port(home: Path) -> None:
    with psycopg.connect(lifecycle.ensure_running(Settings(home=home))) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("show fsync").fetchone() == ("on",)
        folder = Path(connection.info.host)
    assert folder.stat().st_mode & 0o077 == 0


def test_a_running_server_is_found_whatever_port_it_was_given(
    home: Path,
) -> None:
    port, other = free_port(), free_port()
    conninfo = lifecycle.ensure_running(Settings(home=home, port=port))
    assert _run("dsn").stdout.strip() == conninfo
    with pytest.raises(ServerUnavailableError, match=f"listens on port {port}, but SN7_PORT"):
        lifecycle.ensure_running(Settings(home=home, port=other))
    assert _run("stop").stdout.strip() == "stopped"
    lifecycle.ensure_running(Settings(home=home))
    with pytest.raises(ServerUnavailableError, match="listens on no port, but SN7_PORT"):
        lifecycle.ensure_running(Settings(home=home, port=port))


def test_a_port_that_another_program_has_is_said_at_once(home: Path, port_in_use: int) -> None:
    lifecycle.ensure_running(Settings(home=home))
    lifecycle.stop(Settings(home=home))
    started = time.monotonic()
    with pytest.raises(PortInUseError, match="choose another port with SN7_PORT"):
        lifecycle.ensure_running(Settings(home=home, port=port_in_use))
    assert time.monotonic() - started < 5


def test_an_interrupted_first_start_is_made_good(home: Path) -> None:
    assert Settings(home=home).home_path == home  # marked before anything is made in it
    (home / "postgres.new").mkdir()
    (home / "postgres.new" / "half").write_text("half a cluster")
    (home / "postgres").mkdir()
    assert _run("start").returncode == 0


def test_a_home_that_its_server_user_cannot_enter_still_works(closed_home: Path) -> None:
    conninfo = lifecycle.ensure_running(Settings(home=closed_home))
    with psycopg.connect(conninfo) as connection:
        connection.execute("create table old_data (n integer)")
    lifecycle.stop(Settings(home=closed_home))
    assert lifecycle.ensure_running(Settings(home=closed_home)) == conninfo


def test_deleting_the_home_deletes_its_data(closed_home: Path) -> None:
    with psycopg.connect(lifecycle.ensure_running(Settings(home=closed_home))) as connection:
        connection.execute("create table old_data (n integer)")
    before = lifecycle.locate(Settings(home=closed_home))
    if before is not None and before.base == closed_home:
        lifecycle.stop(Settings(home=closed_home))  # inside the home: the user stops it first
    shutil.rmtree(closed_home)
    with psycopg.connect(lifecycle.ensure_running(Settings(home=closed_home))) as connection:
        found = connection.execute("select to_regclass('old_data')").fetchone()
    assert found == (None,)


@pytest.mark.parametrize("where", ["home", "closed_home"])
def test_cleaning_leaves_nothing_of_a_home(where: str, request: pytest.FixtureRequest) -> None:
    home = request.getfixturevalue(where)
    conninfo = lifecycle.ensure_running(Settings(home=home))
    known = lifecycle.locate(Settings(home=home))
    assert known is not None
    assert _run("clean").returncode == 0
    assert not known.base.exists()
    assert not home.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo)


def test_a_long_home_has_a_socket_all_the_same(home: Path) -> None:
    long_home = home / ("long" * 30)
    try:
        with psycopg.connect(lifecycle.ensure_running(Settings(home=long_home))) as connection:
            assert len(connection.info.host) < 80
    finally:
        _remove(long_home)


def test_without_any_postgres_the_ways_to_one_are_listed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    monkeypatch.setattr("warehouse.server.install.DEBIAN_SERVERS", nothing)
    monkeypatch.setenv("PATH", str(nothing))
    with pytest.raises(ServerUnavailableError) as raised:
        lifecycle.ensure_running(Settings(home=home))
    for way in ("apt-get install postgresql-postgis", "docker compose", "SN7_DSN"):
        assert way in str(raised.value)


def test_a_cluster_of_another_version_is_refused_with_what_to_do(home: Path) -> None:
    lifecycle.ensure_running(Settings(home=home))
    lifecycle.stop(Settings(home=home))
    known = lifecycle.locate(Settings(home=home))
    assert known is not None
    (known.cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServerUnavailableError, match="choose another SN7_HOME"):
        lifecycle.ensure_running(Settings(home=home))


def test_a_user_error_is_one_sentence_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SN7_DSN", "host=/nowhere dbname=none")
    outcome = _run("status")
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("error: cannot connect to PostgreSQL")
    assert len(outcome.stderr.splitlines()) == 1


def test_a_port_in_use_is_said_with_the_option_for_another(port_in_use: int) -> None:
    with pytest.raises(PortInUseError, match=r"choose another port with --port"):
        require_free_port(port_in_use)
