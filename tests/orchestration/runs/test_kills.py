"""A run that is interrupted, killed or loses its database: real signals, in the middle of dbt."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from orchestration.instance import STORAGE_URL, persistent_instance
from orchestration.runs.marks import GONE, close_dead_runs, mark
from tests.fixtures.databases import private_home
from tests.fixtures.sources import csv_text, row
from warehouse.access import dsn
from warehouse.connection.settings import PROJECT_ROOT, Settings, get_settings
from warehouse.running.lock import live_sessions
from warehouse.server import lifecycle

pytestmark = pytest.mark.slow

PATIENCE = 240.0
SOON = 120.0


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months of one chip."""
    path = tmp_path_factory.mktemp("tiny") / "labels.csv"
    months = ("2018_01", "2018_02", "2018_03")
    path.write_text(csv_text(row(number, month) for month in months for number in range(5)))
    return path


@contextmanager
def running(source: Path) -> Iterator[subprocess.Popen[str]]:
    """`make run DATA=...` in a process of its own; what is left of it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "run", "--data", str(source)],
        cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def backends(conninfo: str, name: str) -> list[int]:
    """Backends of a database by the start of their application's name."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        found = connection.execute(
            "select pid from pg_stat_activity where datname = current_database() "
            "and application_name like %s || '%%' and pid <> pg_backend_pid()",
            (name,),
        )
        return [pid for (pid,) in found.fetchall()]


def dbt_of(process: subprocess.Popen[str]) -> list[int]:
    """Children of a run that are `dbt build`."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [child for child, command in commands.items() if b"\0build\0" in command]


def until(holds: Callable[[], object], *, within: float = PATIENCE) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_dbt(process: subprocess.Popen[str], conninfo: str) -> int:
    until(lambda: backends(conninfo, "dbt") or process.poll() is not None)
    [child] = dbt_of(process)
    return child


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def only_line(text: str) -> str:
    [line] = text.splitlines()
    return line


@contextmanager
def instance() -> Iterator[dg.DagsterInstance]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("DAGSTER_HOME", STORAGE_URL, "DAGSTER_DISABLE_TELEMETRY", "PYTHONPATH"):
            environment.setenv(name, "")
        with persistent_instance() as opened:
            yield opened


def statuses() -> list[dg.DagsterRunStatus]:
    with instance() as opened:
        return [run.status for run in opened.get_runs()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_canceled_with_its_dbt_in_one_sentence(
    database: str, tiny: Path, number: signal.Signals
) -> None:
    with running(tiny) as process:
        child = wait_for_dbt(process, database)

        process.send_signal(number)
        _, told = process.communicate(timeout=2 * SOON)

        assert (process.returncode, only_line(told)) == (
            130, "interrupted; run the same command again to go on",
        )  # fmt: skip
        assert not is_there(child)
    assert statuses() == [dg.DagsterRunStatus.CANCELED]
    until(lambda: not backends(database, "dbt"), within=SOON)


def test_a_killed_run_takes_dbt_along_and_is_closed_at_the_next_start(
    database: str, tiny: Path
) -> None:
    with running(tiny) as process:
        child = wait_for_dbt(process, database)

        process.kill()

        until(lambda: not is_there(child), within=SOON)
        until(lambda: not backends(database, "dbt"), within=SOON)
    assert statuses() == [dg.DagsterRunStatus.STARTED]
    with instance() as opened:
        [closed] = close_dead_runs(opened, live_sessions(database))
        run = opened.get_run_by_id(closed)
        assert run is not None
        assert run.status is dg.DagsterRunStatus.FAILURE
        assert GONE in [entry.message for entry in opened.all_logs(closed)]


@pytest.mark.parametrize("application", ["sn7: make run", "sn7"])
def test_a_run_that_loses_its_backends_ends_in_one_sentence(
    database: str, tiny: Path, application: str
) -> None:
    with running(tiny) as process:
        child = wait_for_dbt(process, database)

        with psycopg.connect(database, autocommit=True) as connection:
            for pid in backends(database, application):
                connection.execute("select pg_terminate_backend(%s)", (pid,))
        _, told = process.communicate(timeout=SOON)

        assert process.returncode == 1
        assert only_line(told).startswith("error: the connection to the database broke (")
        assert not is_there(child)


def test_a_run_whose_server_is_killed_ends_in_one_sentence(tiny: Path) -> None:
    with private_home() as home:
        conninfo = dsn()
        with running(tiny) as process:
            child = wait_for_dbt(process, conninfo)
            server = lifecycle.locate(Settings(home=home))
            assert server is not None

            os.kill(int((server.cluster / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            _, told = process.communicate(timeout=2 * SOON)

            assert process.returncode == 1
            assert only_line(told).startswith("error: the connection to the database broke (")
            assert not is_there(child)
        restarted = dsn()
        with instance() as opened:
            [closed] = close_dead_runs(opened, live_sessions(restarted))
            assert [run.run_id for run in opened.get_runs()] == [closed]


def test_of_two_runs_at_once_the_second_waits_and_says_for_whom(database: str, tiny: Path) -> None:
    with running(tiny) as first:
        until(lambda: backends(database, "sn7: make run"))
        with running(tiny) as second:
            assert second.stdout is not None
            waiting = second.stdout.readline()
            assert f"waiting for `make run` (process {first.pid} of " in waiting
            assert first.poll() is None

            first.send_signal(signal.SIGINT)
            assert second.stdout.readline().startswith("done source data")
            assert first.wait(SOON) == 130
    assert sorted(status.value for status in statuses()) == ["CANCELED", "STARTED"]


def test_a_run_of_an_inherited_mark_is_left_alone(database: str) -> None:
    """A re-executed run has its parent's tags until its own process has said who it is."""
    job = dg.JobDefinition(graph_def=dg.GraphDefinition(name="nothing"))
    with instance() as opened:
        run = opened.create_run_for_job(
            job, status=dg.DagsterRunStatus.STARTED, tags=mark("another-run", "1@2")
        )
        own = opened.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        opened.add_run_tags(own.run_id, mark(own.run_id, "1@2"))

        assert close_dead_runs(opened, live_sessions(database)) == [own.run_id]
        assert get_settings().dagster.is_dir()
        left = opened.get_run_by_id(run.run_id)
    assert left is not None
    assert left.status is dg.DagsterRunStatus.STARTED


def test_a_run_that_waits_for_a_lock_of_another_says_for_whom(database: str, tiny: Path) -> None:
    with running(tiny) as process, psycopg.connect(database) as other:
        wait_for_dbt(process, database)
        other.execute("lock table raw.image, raw.image_rows in access exclusive mode")

        assert process.stdout is not None
        told = next(line for line in process.stdout if not line.startswith("done "))
        assert told.startswith("waiting for ")
        assert f"server process {other.info.backend_pid}" in told
