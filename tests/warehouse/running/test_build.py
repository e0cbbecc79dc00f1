"""dbt started by the project: one build at a time, and none that outlives who started it.

A program called ``dbt`` stands in for the real one, which takes seconds to start: it does what
dbt does in the middle of a build, a long statement. ``tests/orchestration`` runs the real one.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.databases import private_home
from warehouse.access import dsn
from warehouse.connection.settings import PROJECT_ROOT, Settings
from warehouse.running.build import writes
from warehouse.server import lifecycle

SOON = 5.0
DBT = """\
#!{python}
import os, sys
import psycopg
if sys.argv[1] == "build":
    with psycopg.connect("application_name=dbt", autocommit=True) as connection:
        connection.execute("select pg_sleep(60)")
else:
    print(sys.argv[1:], os.environ.get("SN7_RUN_SESSION"))
"""

Running = Callable[[], list[int]]


@pytest.fixture
def dbt(tmp_path: Path) -> Path:
    program = tmp_path / "dbt"
    program.write_text(DBT.format(python=sys.executable))
    program.chmod(0o755)
    return program


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def build(dbt: Path, started: list[subprocess.Popen[str]]) -> Callable[..., subprocess.Popen[str]]:
    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "warehouse", "exec", "--", str(dbt), *arguments],
            cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    return start


def backends(dsn: str) -> list[int]:
    """Backends of dbt that are at work on the database."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute(
            "select pid from pg_stat_activity where datname = current_database() "
            "and application_name = 'dbt' and state = 'active'"
        )
        return [pid for (pid,) in found.fetchall()]


def children_of(process: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(word) for word in children.split()]


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(holds: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def only_line(text: str) -> str:
    [line] = text.splitlines()
    return line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_ends_with_its_dbt(
    database: str, build: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = build("build")
    wait_until(lambda: backends(database))
    [child] = children_of(process)

    process.send_signal(number)
    _, told = process.communicate(timeout=SOON)

    assert process.returncode == 130
    assert told.splitlines()[-1].startswith("interrupted; ")
    assert not is_there(child)
    wait_until(lambda: not backends(database), SOON)


def test_a_killed_build_leaves_no_dbt_and_no_statement(
    database: str, build: Callable[..., subprocess.Popen[str]]
) -> None:
    process = build("build")
    wait_until(lambda: backends(database))
    [child] = children_of(process)

    process.kill()

    wait_until(lambda: not is_there(child), SOON)
    wait_until(lambda: not backends(database), SOON)


def test_a_build_whose_lock_is_lost_ends_in_one_sentence(
    database: str, build: Callable[..., subprocess.Popen[str]]
) -> None:
    process = build("build")
    wait_until(lambda: backends(database))
    [child] = children_of(process)

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name like 'sn7: dbt build%' and datname = current_database()"
        )
    _, told = process.communicate(timeout=SOON)

    assert process.returncode == 1
    assert told.splitlines()[-1].startswith("error: the connection to the database broke")
    assert not is_there(child)


def test_the_second_build_waits_and_a_reading_command_does_not(
    database: str, build: Callable[..., subprocess.Popen[str]]
) -> None:
    first = build("build")
    wait_until(lambda: backends(database))

    listed, _ = build("ls", "--output", "json").communicate(timeout=30)
    assert listed == "['ls', '--output', 'json'] None\n"
    second = build("run")
    assert second.stderr is not None
    assert second.stderr.readline().startswith(f"waiting for `dbt build` (process {first.pid} of ")
    assert len(backends(database)) == 1

    first.send_signal(signal.SIGINT)
    done, _ = second.communicate(timeout=30)
    assert done.startswith("['run']")
    assert second.returncode == 0


def test_a_child_knows_for_whom_the_lock_is_held(
    database: str, build: Callable[..., subprocess.Popen[str]]
) -> None:
    told, _ = build("run").communicate(timeout=30)
    assert "@" in told


@pytest.mark.slow
def test_a_killed_server_ends_the_build_in_one_sentence(
    build: Callable[..., subprocess.Popen[str]],
) -> None:
    with private_home() as home:
        conninfo = dsn()
        process = build("build")
        wait_until(lambda: backends(conninfo))
        server = lifecycle.locate(Settings(home=home))
        assert server is not None
        postmaster = int((server.cluster / "postmaster.pid").read_text().split()[0])

        os.kill(postmaster, signal.SIGKILL)
        _, told = process.communicate(timeout=SOON)

        assert process.returncode == 1
        assert told.splitlines()[-1].startswith("error: the connection to the database broke")


@pytest.mark.parametrize(
    ("command", "does"),
    [
        (["/x/dbt", "build", "--select", "dim_chip+"], True),
        (["dbt", "--quiet", "test"], True),
        (["dbt", "ls"], False),
        (["dbt", "docs", "generate"], False),
        (["psql", "-c", "run"], False),
    ],
)
def test_what_writes_takes_the_lock(command: list[str], does: bool) -> None:
    assert writes(command) is does
