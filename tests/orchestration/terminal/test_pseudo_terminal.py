"""What a person sees on a terminal: one of 80 columns, as wide as the narrowest in use."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.terminal.progress import TITLES
from tests.fixtures.sources import row
from warehouse.connection.settings import PROJECT_ROOT

pytestmark = pytest.mark.slow

COLUMNS = 80
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command wrote to its terminal, and its exit code."""

    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        """Lines that stay: of what was drawn over, the last."""
        whole = ESCAPE.sub("", self.text).replace("\r\n", "\n")
        return [line.rpartition("\r")[2].rstrip() for line in whole.split("\n")]


def on_a_terminal(*command: str) -> Shown:
    """Run a command on a pseudo-terminal."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(PROJECT_ROOT)
        environment = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR"}}
        os.execve(command[0], command, environment | {"TERM": "xterm-256color"})  # noqa: S606
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    read = bytearray()
    while True:
        try:
            some = os.read(terminal, 1 << 16)
        except OSError:  # the way in which Linux says that the other end is closed
            break
        if not some:
            break
        read += some
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    return Shown(os.waitstatus_to_exitcode(status), read.decode())


def test_a_run_is_a_line_a_step_a_bar_and_a_summary(
    database: str, write_csv: Callable[..., Path]
) -> None:
    source = write_csv(row(number, month) for month in ("2018_01", "2018_02") for number in (1, 2))

    shown = on_a_terminal(sys.executable, "-m", "orchestration", "run", "--data", str(source))

    assert shown.code == 0, shown.text
    steps = [line for line in shown.lines if line.startswith("done ")]
    assert len(steps) == len(TITLES)
    assert len(shown.lines) < 70
    assert max(map(len, shown.lines)) <= COLUMNS
    for noise in ("DEBUG", "RUN_START", "STEP_", "Running with dbt", " START ", "dagster - "):
        assert noise not in shown.text
    assert re.search(r"star schema and features .* of \d+ tables and checks \d:\d\d", shown.text)
    assert any(line.startswith("Done in ") for line in shown.lines)
    assert "make psql ARGS=\"-c 'select * from marts.fact_chip_month limit 5'\"" in shown.lines
    assert "\x1b[?25h" in shown.text  # the cursor is back


def test_a_load_is_a_bar_that_goes_and_a_summary(
    database: str, write_csv: Callable[..., Path]
) -> None:
    source = write_csv(row(number) for number in range(50))

    shown = on_a_terminal(sys.executable, "-m", "loaders", "load", str(source))

    assert shown.code == 0, shown.text
    assert "loading" in shown.text
    assert "\x1b[2K" in shown.text.rpartition("loading")[2]  # its line is erased
    assert len(shown.lines) < 15
