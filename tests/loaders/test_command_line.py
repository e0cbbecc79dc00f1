"""What a person sees of a load."""

import contextlib
import io
import logging
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from loaders import progress
from loaders.load import load
from loaders.report import show
from tests.fixtures.sources import Raw, filename, line, row, square
from warehouse.connection.settings import PROJECT_ROOT

WriteCsv = Callable[..., Path]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loaders", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT)


def test_a_load_ends_in_a_summary(raw: Raw, write_csv: WriteCsv) -> None:
    path = write_csv([row(1), row(2), (filename("2018_13"), 3, square())])
    done = run("load", str(path), "--source", "labels")
    assert done.returncode == 0
    lines = [" ".join(text.split()) for text in done.stdout.splitlines()]
    assert lines[0].startswith("labels loaded in ")
    assert {"rows read 3", "rows loaded 2", "rows rejected 1", "images changed 1"} <= set(lines)
    assert "1 filename names no month" in lines


def test_an_error_is_one_sentence_and_no_traceback(raw: Raw, tmp_path: Path) -> None:
    done = run("load", str(tmp_path / "nothing.csv"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_an_unreachable_database_is_one_sentence(
    write_csv: WriteCsv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SN7_DSN", "host=/nowhere dbname=none")
    done = run("load", str(write_csv([row(1)])))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot connect to PostgreSQL" in done.stderr


def test_the_summary_of_an_unchanged_source_says_so(raw: Raw, write_csv: WriteCsv) -> None:
    path = write_csv([row(1)])
    load(path)
    buffer = io.StringIO()
    show(load(path), Console(file=buffer, width=200))
    assert f"{path} was loaded before as it is; nothing changed" in buffer.getvalue()


def test_a_long_list_of_reasons_is_cut(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    bad = ["x", "", "a,b,c,d", f"{filename()},x,y", f"{filename()},-1,y", f"{filename()},1,POINT"]
    bad += [f'{filename("2018_13")},1,"{square()}"', f"{filename()},99999999999,y"]
    path.write_text(
        "\n".join(["filename,id,geometry", line(row(7)), *bad]) + "\n", encoding="utf-8"
    )
    buffer = io.StringIO()
    report = load(path)
    show(report, Console(file=buffer, width=200))
    assert len(report.rejected_reasons) > 5
    assert "for other reasons" in buffer.getvalue()


def _until_closed(terminal: int) -> Iterator[bytes]:
    with os.fdopen(terminal, "rb", buffering=0) as reader, contextlib.suppress(OSError):
        while read := reader.read(4096):
            yield read


def test_a_terminal_gets_a_bar_with_rows_and_rate(raw: Raw, write_csv: WriteCsv) -> None:
    path = write_csv([row(n) for n in range(50)])
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120"}
    command = [sys.executable, "-m", "loaders", "load", str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment, cwd=PROJECT_ROOT
    ) as process:
        os.close(theirs)
        seen = b"".join(_until_closed(ours)).decode()
    assert process.returncode == 0
    assert "rows/s" in seen
    assert "50 rows" in seen


def test_a_log_gets_plain_lines(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with (
        caplog.at_level(logging.INFO, "loaders"),
        progress.tracking(total_bytes=200, enabled=True) as advance,
    ):
        advance(100, 1_000)
    assert "1,000 rows, 50 %" in caplog.text
    assert "rows/s" in caplog.text


def test_no_progress_is_shown_unless_asked_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with (
        caplog.at_level(logging.INFO, "loaders"),
        progress.tracking(total_bytes=200, enabled=False) as advance,
    ):
        advance(100, 1_000)
    assert caplog.text == ""
