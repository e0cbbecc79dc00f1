"""A user's error inside a step ends in one sentence, whatever stands between."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from orchestration.__main__ import app
from orchestration.assets.source import SourceConfig
from orchestration.automation.jobs import MAIN
from orchestration.instance import STORAGE_URL, persistent_instance
from orchestration.terminal.run import run_main
from warehouse.cli import run_cli

Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run ``python -m orchestration`` in this process and return its exit code."""
    for name in ("DAGSTER_HOME", STORAGE_URL, "DAGSTER_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "")

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["orchestration", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run_cli(app)
        return int(str(end.value.code))

    return run


def only_line(text: str) -> str:
    [line] = text.splitlines()
    return line


def test_missing_file_is_one_sentence_and_nothing_is_loaded(
    database: str, command: Command, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "no-such.csv"

    assert command("run", "--data", missing) == 1

    error = only_line(capfd.readouterr().err)
    assert error.startswith(f"error: {missing} does not exist")
    with persistent_instance() as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]
    with psycopg.connect(database) as connection:
        assert connection.execute("select to_regclass('raw.load_run')").fetchone() == (None,)


def test_file_of_another_form_fails_in_the_raw_step(
    database: str, command: Command, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")

    assert command("run", "--data", other) == 1

    captured = capfd.readouterr()
    assert only_line(captured.err).startswith("error: ")
    assert [line.split()[0] for line in captured.out.splitlines()] == ["done", "failed"]


def test_database_that_is_not_there_is_one_sentence(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SN7_HOME", str(tmp_path))
    monkeypatch.setenv("SN7_DSN", f"host={tmp_path} dbname=sn7 user=sn7")

    assert command("run") == 1

    assert only_line(capfd.readouterr().err).startswith("error: cannot connect to PostgreSQL")


def test_port_in_use_is_one_sentence(
    database: str, command: Command, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert command("ui", "--port", port) == 1

    assert only_line(capfd.readouterr().err).startswith(f"error: port {port} of 127.0.0.1")


def test_a_bug_keeps_its_traceback(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    @dg.asset
    def source_data(config: SourceConfig) -> None:
        raise ZeroDivisionError

    for name in ("DAGSTER_HOME", STORAGE_URL, "DAGSTER_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "")
    graph = dg.Definitions([source_data], jobs=[MAIN])
    monkeypatch.setattr("orchestration.terminal.run.build_defs", lambda: graph)

    with pytest.raises(ZeroDivisionError):
        run_main(SourceConfig(), listener=lambda entry: None)
