"""Limits of memory end in one sentence, and a thread that fails hands its failure on."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from loaders.background import Background, read_ahead
from loaders.errors import MemoryLimitError
from loaders.limits import out_of_memory, require_memory
from loaders.load import load
from tests.fixtures.sources import Raw, csv_text, row
from warehouse.connection.settings import PROJECT_ROOT


def run_limited(kind: int, limit: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loaders", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT_ROOT,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)),
    )


@pytest.mark.parametrize(
    ("kind", "megabytes"),
    [
        (resource.RLIMIT_DATA, 128),
        (resource.RLIMIT_DATA, 256),
        (resource.RLIMIT_DATA, 512),
        (resource.RLIMIT_AS, 256),
        (resource.RLIMIT_AS, 512),
        (resource.RLIMIT_AS, 1000),
    ],
)
def test_too_little_memory_is_one_sentence(
    raw: Raw, tmp_path: Path, kind: int, megabytes: int
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(csv_text(row(n) for n in range(5000)), encoding="utf-8")
    done = run_limited(kind, megabytes * 10**6, "load", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert f"limited to {megabytes:,} MB" in done.stderr


@pytest.mark.parametrize(
    ("kind", "megabytes"),
    [
        (resource.RLIMIT_DATA, 1000),
        (resource.RLIMIT_AS, 2000 + 300 * (os.cpu_count() or 1)),
    ],
)
def test_a_load_goes_through_within_the_limits_that_it_asks_for(
    raw: Raw, tmp_path: Path, kind: int, megabytes: int
) -> None:
    path = tmp_path / "labels.csv"
    months = [f"20{year}_{month:02}" for year in (18, 19) for month in range(1, 13)]
    path.write_text(csv_text(row(n, m) for m in months for n in range(4000)), encoding="utf-8")
    done = run_limited(kind, megabytes * 10**6, "load", str(path))
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert raw.query("select sum(row_count) from raw.image") == [(24 * 4000,)]


def test_no_limit_is_no_matter() -> None:
    require_memory()


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (pl.exceptions.ComputeError("out of memory"), True),
        (RuntimeError("can't start new thread"), True),
        (RuntimeError("another bug"), False),
        (KeyError("x"), False),
    ],
)
def test_errors_of_memory_are_told_from_bugs(error: Exception, is_memory: bool) -> None:
    assert (out_of_memory(error) is not None) == is_memory


def test_memory_that_runs_out_while_loading_is_one_sentence(
    raw: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(csv_text([row(1)]), encoding="utf-8")

    def run_out(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("loaders.forms.reading.read_lines", run_out)
    with pytest.raises(MemoryLimitError, match="no memory left") as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert raw.states() == ["failed"]


@pytest.mark.parametrize("error", [MemoryError(), BaseException("panicked"), KeyError("x")])
def test_a_reading_thread_hands_its_failure_on(error: BaseException) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise error

    with pytest.raises(type(error)), read_ahead(items()) as inner, read_ahead(inner) as ahead:
        list(ahead)


@pytest.mark.parametrize("error", [MemoryError(), BaseException("panicked"), KeyError("x")])
def test_the_writing_thread_hands_its_failure_on(error: BaseException) -> None:
    def fail() -> None:
        raise error

    def put_many() -> None:
        with Background() as writer:
            for _ in range(100):
                writer.put(fail)

    with pytest.raises(type(error)):
        put_many()
