"""Noise of libraries goes to the log and nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.terminal.noise import quiet

SCRIPT = """
import os, subprocess, sys
from pathlib import Path
from orchestration.terminal.noise import quiet
with quiet(Path(sys.argv[1])) as terminal:
    print("from python")
    print("to standard error", file=sys.stderr)
    os.write(1, b"from C\\n")
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    print("for the person", file=terminal)
print("after")
"""


def test_only_what_is_meant_for_the_person_reaches_the_terminal(tmp_path: Path) -> None:
    log = tmp_path / "run.log"

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(log)], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == ["for the person", "after"]
    assert done.stderr == ""
    assert set(log.read_text().splitlines()) == {
        "from python",
        "to standard error",
        "from C",
        "from a child",
    }


def test_terminal_comes_back_after_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ZeroDivisionError), quiet(tmp_path / "log"):
        raise ZeroDivisionError
    os.write(1, b"here again")

    assert capfd.readouterr().out == "here again"


def test_log_of_the_run_before_is_replaced(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of an earlier run")

    with quiet(log):
        pass

    assert log.read_text() == ""
