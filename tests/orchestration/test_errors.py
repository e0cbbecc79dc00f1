"""A user's error inside a step ends in one sentence, whatever stands between."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from orchestration.assets.source import SourceConfig
from orchestration.commands import app
from orchestration.instance import STORAGE_URL, persistent_instance
from orchestration.runs.here import run_main
from warehouse.cli import run_cli
from warehouse.running.lock import hold

Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run ``python -m orchestration`` in this process and return its exit code."""
    for name in ("DAGSTER_HOME", STORAGE_URL, "DAGSTER_DISABLE_TELEMETRY", "PYTHONPATH"):
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


def test_missing_file_is_one_sentence_and_no_run(
    database: str, command: Command, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "no-such.csv"

    assert command("run", "--data", missing) == 1

    error = only_line(capfd.readouterr().err)
    assert error.startswith(f"error: {missing} does not exist")
    with persistent_instance() as instance:
        assert list(instance.get_runs()) == []
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


@pytest.mark.parametrize("program", ["nosuch", "../bin/dagster", "sh"])
def test_a_program_that_is_not_of_the_environment_is_one_sentence(
    database: str, command: Command, capfd: pytest.CaptureFixture[str], program: str
) -> None:
    assert command("exec", program) == 1

    assert only_line(capfd.readouterr().err).startswith(f"error: {program} is no program of")


def test_data_and_size_at_once_are_refused(
    database: str, command: Command, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert command("run", "--data", tmp_path, "--size", "full") == 2

    assert "expected --data or --size, not both" in capfd.readouterr().err


def test_port_in_use_is_one_sentence(
    database: str, command: Command, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert command("ui", "--port", port) == 1

    assert only_line(capfd.readouterr().err).startswith(f"error: port {port} of 127.0.0.1")


def test_a_bug_keeps_its_traceback(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    for name in ("DAGSTER_HOME", STORAGE_URL, "DAGSTER_DISABLE_TELEMETRY", "PYTHONPATH"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr("orchestration.assets.source.synthesize", broken)

    with hold(database, "make run") as session, pytest.raises(ZeroDivisionError):
        run_main(SourceConfig(), session=session, listener=lambda entry: None)
