"""Children that end with this process, in order where it can wait, and by force where it cannot."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from warehouse.running.bound import PARENT_VARIABLE

PATIENCE_SECONDS: Final = 15.0
"""How long a child that was told to end may take; dbt cancels its statements in that time."""

_BOUND: Final = Path(__file__).with_name("bound.py")


def bound(command: Sequence[str]) -> list[str]:
    """Return a command line by which a program ends with its parent.

    Args:
        command: Path of the program, and its arguments. ``parent_variable()`` belongs into the
            environment.
    """
    return [sys.executable, "-I", "-S", str(_BOUND), *command]


def parent_variable() -> dict[str, str]:
    """Return what tells a bound child who its parent is."""
    return {PARENT_VARIABLE: str(os.getpid())}


def run_child(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program to its end and return its exit code.

    Args:
        command: Path of the program, and its arguments.
        environment: Its environment.

    Raises:
        KeyboardInterrupt: This process was interrupted; the child has ended.
    """
    process = subprocess.Popen(bound(command), env={**environment, **parent_variable()})
    try:
        return process.wait()
    except BaseException:
        end(process)
        raise


def end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a child and wait for it; kill it when that takes too long."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
