import os
import sys
from pathlib import Path

import pytest

from benchmarks.errors import StepFailedError
from benchmarks.lossless import sort_lines
from benchmarks.measuring import measure

MEGABYTE = 1_000_000
CHILD = "import time; held = bytearray({size}); time.sleep(0.5)"
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"


def test_time_and_memory_are_those_of_the_children_too(tmp_path: Path) -> None:
    child = CHILD.format(size=150 * MEGABYTE)

    found = measure(
        [sys.executable, "-c", PARENT, child], environment=os.environ, log=tmp_path / "log"
    )

    assert 0.5 <= found.seconds < 20
    assert 150 * MEGABYTE < found.peak_bytes < 300 * MEGABYTE
    assert found.server_cpu_seconds is None


def test_the_memory_of_the_measuring_process_does_not_count(tmp_path: Path) -> None:
    held = bytearray(300 * MEGABYTE)
    held[::4096] = b"x" * len(held[::4096])

    found = measure(
        [sys.executable, "-c", CHILD.format(size=0)], environment=os.environ, log=tmp_path / "log"
    )

    assert found.peak_bytes < 100 * MEGABYTE


def test_a_program_that_fails_ends_the_benchmark_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such table')"]

    with pytest.raises(StepFailedError, match=r"ended with code 1: no such table"):
        measure(command, environment=os.environ, log=tmp_path / "log")


def test_lines_are_sorted_by_their_bytes(tmp_path: Path) -> None:
    program = "print('b', 'B', 'a', '10', '9', sep='\\n')"

    sort_lines([sys.executable, "-c", program], tmp_path / "out", environment=dict(os.environ))

    assert (tmp_path / "out").read_text().split() == ["10", "9", "B", "a", "b"]


def test_an_export_that_fails_is_no_empty_export(tmp_path: Path) -> None:
    with pytest.raises(StepFailedError):
        sort_lines(
            [sys.executable, "-c", "raise SystemExit(3)"],
            tmp_path / "out",
            environment=dict(os.environ),
        )
