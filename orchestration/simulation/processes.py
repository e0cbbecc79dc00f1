"""The programs of the year: Dagster with its daemon, the service; started and ended here."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from warehouse.connection.settings import PROJECT_ROOT, get_settings
from warehouse.running.child import bound, parent_variable

_PATIENCE_SECONDS: Final = 30


@contextmanager
def program(name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of the project's commands beside this one while the body runs.

    Its words go to a log of its name. It ends with this process, however that ends.

    Args:
        name: Of the log.
        *arguments: For Python, such as ``-m serving serve``.
    """
    log: Path = get_settings().logs / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            bound([sys.executable, *arguments]),
            cwd=PROJECT_ROOT,
            env=os.environ | parent_variable(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
