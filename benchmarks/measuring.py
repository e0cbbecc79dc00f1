"""One program, run and measured: seconds, CPU of it and of the server, peak memory."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil
from pydantic import BaseModel, ConfigDict

from benchmarks.errors import StepFailedError

SAMPLING_SECONDS: Final = 0.1
REAPING_SECONDS: Final = 0.05
"""Time that the server gets to reap the backends of a program that ended."""


class Measurement(BaseModel):
    """One run of one program.

    Attributes:
        seconds: From its start to its end, interpreter and imports included.
        cpu_seconds: User and system time of the program and its children.
        server_cpu_seconds: The same of the server's backends meanwhile; None where the server is
            not on this machine.
        peak_bytes: Peak of the resident memory of the program and its children, each with the
            pages that they share; the server is not in it.
        layer_seconds: Of a build by dbt, the time of its threads by schema of the models.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float
    cpu_seconds: float
    server_cpu_seconds: float | None
    peak_bytes: int
    layer_seconds: dict[str, float] = {}


def measure(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    folder: Path | None = None,
    postmaster: int | None = None,
) -> Measurement:
    """Run a program to its end and measure it.

    Args:
        command: Program and arguments.
        environment: Its environment.
        log: File that gets what it prints.
        folder: Its working folder.
        postmaster: Process id of the server, if it runs on this machine.

    Raises:
        StepFailedError: The program failed; the message ends with its last words.
    """
    server_before = _server_cpu(postmaster)
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        with _PeakMemory(process.pid) as peak:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise StepFailedError(_failure(command, process.returncode, log))
    time.sleep(REAPING_SECONDS)
    server_after = _server_cpu(postmaster)
    return Measurement(
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        server_cpu_seconds=(
            None if server_before is None or server_after is None else server_after - server_before
        ),
        peak_bytes=peak.bytes,
    )


class _PeakMemory:
    """Watches the memory of a process and its children while the ``with`` block runs.

    ``ru_maxrss`` would not do: it starts at the size of the process that forked.
    """

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._root = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.is_set():
            self.bytes = max(self.bytes, sum(_high_water(pid) for pid in self._living()))
            self._ended.wait(SAMPLING_SECONDS)

    def _living(self) -> list[int]:
        try:
            return [self._root.pid, *(child.pid for child in self._root.children(recursive=True))]
        except psutil.Error:
            return []


def _high_water(pid: int) -> int:
    # Each process's own peak so far (VmHWM), so that nothing between two looks is missed.
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    kilobytes = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return 1024 * int(next(kilobytes, 0))


def _server_cpu(postmaster: int | None) -> float | None:
    # The postmaster's "children" are the backends that ended: one per connection.
    if postmaster is None:
        return None
    try:
        times = psutil.Process(postmaster).cpu_times()
    except psutil.Error:
        return None
    return float(times.children_user + times.children_system)


def _failure(command: Sequence[str], code: int, log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()[-5:]
    words = " / ".join(lines) or "it printed nothing"
    return f"`{' '.join(command)[:200]}` ended with code {code}: {words}; all of it is in {log}"
