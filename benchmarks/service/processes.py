"""Service processes that are measured: their CPU and memory, children included."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.errors import StepFailedError

STARTING_SECONDS: Final = 180
HEADERS: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Way:
    """A way to serve.

    Attributes:
        key: In the results.
        label: On the page.
        command: After the interpreter; ``--port`` is added.
    """

    key: str
    label: str
    command: tuple[str, ...]


class Running:
    """A started process with one connection that is kept open.

    Attributes:
        first_answer_cpu: CPU seconds of the process tree up to its first answer.
    """

    def __init__(self, process: psutil.Process, port: int) -> None:
        self._process = process
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.first_answer_cpu = 0.0

    def cpu(self) -> float:
        """Return user and system seconds of the process and its children so far."""
        times = [one.cpu_times() for one in self._family()]
        return float(sum(one.user + one.system for one in times))

    def resident(self) -> int:
        """Return the bytes in memory now, shared pages counted in each process."""
        return int(sum(one.memory_info().rss for one in self._family()))

    def peak(self) -> int:
        """Return the sum of the processes' peaks so far, bytes."""
        return sum(_peak(one.pid) for one in self._family())

    def ask(
        self, path: str, body: bytes | None = None, *, status: int = 200, accept: str = "identity"
    ) -> bytes:
        """Send one request: POST with a body, else GET; ``accept`` is how it may be packed.

        Raises:
            StepFailedError: Another status was answered.
        """
        try:
            found, text = self._exchange(path, body, accept)
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            # It was idle for longer than the server keeps connections.
            self._connection.close()
            found, text = self._exchange(path, body, accept)
        if found != status:
            raise StepFailedError(f"{path} was answered with {found}: {text[:200]!r}")
        return text

    def _exchange(self, path: str, body: bytes | None, accept: str) -> tuple[int, bytes]:
        method = "GET" if body is None else "POST"
        headers = HEADERS | {"Accept-Encoding": accept}
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def refused(self, path: str, body: bytes) -> None:
        """Send a body that is refused before it is read; the connection may break meanwhile."""
        connection = http.client.HTTPConnection("127.0.0.1", self._connection.port, timeout=120)
        try:
            connection.request("POST", path, body, HEADERS)
            connection.getresponse().read()
        except OSError:
            pass  # it was closed before all was sent
        finally:
            connection.close()

    def _family(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]


@contextmanager
def started(
    way: Way, port: int, *, folder: Path, environment: Mapping[str, str]
) -> Iterator[Running]:
    """Start a process, yield it after its first answer, end it afterwards.

    Raises:
        StepFailedError: It ended, or did not answer in time.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *way.command, "--port", str(port)],
        cwd=folder, env=os.environ | environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield _after_first_answer(way, process, port)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _after_first_answer(way: Way, process: "subprocess.Popen[bytes]", port: int) -> Running:
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        running = Running(psutil.Process(process.pid), port)
        try:
            running.ask("/livez")
        except OSError:
            time.sleep(0.05)
            continue
        running.first_answer_cpu = running.cpu()
        return running
    raise StepFailedError(f"{way.label} did not answer within {STARTING_SECONDS} s")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_body(content: object) -> bytes:
    """Return the body of a request."""
    return json.dumps(content).encode()


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
