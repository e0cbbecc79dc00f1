"""An interrupted run ends within a bounded time, even where its body does not."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from warehouse.connection.settings import PROJECT_ROOT

HANGS = """
import sys, time
from orchestration.terminal.stopping import bounded_end
with bounded_end(sys.stderr, sys.stdout, patience=float(sys.argv[1])):
    while True:
        try:
            print("at work", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            pass  # as a library that computes on
"""
ENDS = """
import sys, time
from orchestration.terminal.stopping import bounded_end
try:
    with bounded_end(sys.stderr, sys.stdout, patience=0.5):
        print("at work", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1.5)
    print("ended in order")
"""


@pytest.fixture
def hanging(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    script, *arguments = request.param
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("hanging", [(HANGS, "1")], indirect=True)
def test_when_patience_ends_the_process_does(hanging: subprocess.Popen[str]) -> None:
    hanging.send_signal(signal.SIGINT)
    _, told = hanging.communicate(timeout=10)

    assert (hanging.returncode, told) == (
        130, "interrupted; run the same command again to go on\n",
    )  # fmt: skip


@pytest.mark.parametrize("hanging", [(HANGS, "600")], indirect=True)
def test_a_second_interrupt_ends_it_at_once(hanging: subprocess.Popen[str]) -> None:
    hanging.send_signal(signal.SIGINT)
    hanging.send_signal(signal.SIGINT)  # of the terminal and of make: the same one
    time.sleep(1.5)
    assert hanging.poll() is None

    hanging.send_signal(signal.SIGINT)
    hanging.communicate(timeout=10)
    assert hanging.returncode == 130


@pytest.mark.parametrize("hanging", [(ENDS,)], indirect=True)
def test_a_body_that_ends_is_left_to_end_in_order(hanging: subprocess.Popen[str]) -> None:
    hanging.send_signal(signal.SIGINT)
    said, _ = hanging.communicate(timeout=10)

    assert (hanging.returncode, said) == (0, "ended in order\n")
