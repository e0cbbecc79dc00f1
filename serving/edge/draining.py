"""The end of the process without losing a request, under ``bentoml serve`` and under uvicorn alone.

At SIGTERM the process says that it is not ready, and goes on answering for some seconds, each
answer with ``Connection: close``. Then the listening socket stops taking connections, what has
been taken is answered, and only then does uvicorn stop.

Closing the socket would not do: the kernel completes connections on its own and resets those that
nobody accepted, and BentoML's arbiter holds the same socket open until its worker is gone. So a
filter on the socket drops the first packet (SYN) of every new connection. To the client that is a
slow connection, refused as soon as the socket is closed; never one that breaks.
"""

import asyncio
import ctypes
import logging
import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

logger = logging.getLogger(__name__)

SETTLING_SECONDS: Final = 0.3
"""Between the filter and uvicorn's stop: connections made just before arrive and are answered."""

_SO_ATTACH_FILTER: Final = 26


class _Instruction(ctypes.Structure):
    """``struct sock_filter`` of Linux (linux/filter.h)."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


_DROP_SYN = (_Instruction * 4)(
    _Instruction(0x30, 0, 0, 13),  # load byte 13 of the TCP header: its flags
    _Instruction(0x45, 0, 1, 0x02),  # is SYN among them?
    _Instruction(0x06, 0, 0, 0),  # yes: drop
    _Instruction(0x06, 0, 0, 0xFFFFFFFF),  # no: keep whole
)


class Drain:
    """Whether the process is ending, and what makes it end.

    Args:
        seconds: How long it goes on accepting after SIGTERM.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.has_begun = False
        self._task: asyncio.Task[None] | None = None

    def take_over(self) -> None:
        """Let SIGTERM drain first and then do what it did before; call it in the event loop."""
        stop = signal.getsignal(signal.SIGTERM)
        if not callable(stop):
            return
        loop = asyncio.get_running_loop()

        def at_signal(number: int, frame: FrameType | None) -> None:
            if self.has_begun:
                stop(number, frame)
            else:
                self.has_begun = True
                loop.call_soon_threadsafe(self._begin, stop)

        signal.signal(signal.SIGTERM, at_signal)

    def _begin(self, stop: Any) -> None:
        logger.info("ending: accepting requests for %g more seconds", self._seconds)
        self._task = asyncio.get_running_loop().create_task(self._end(stop))

    async def _end(self, stop: Any) -> None:
        await asyncio.sleep(self._seconds)
        for listener in _listeners():
            _take_no_more(listener)
        await asyncio.sleep(SETTLING_SECONDS)
        stop(signal.SIGTERM, None)


def _take_no_more(listener: socket.socket) -> None:
    program = struct.pack("HP", len(_DROP_SYN), ctypes.addressof(_DROP_SYN))
    try:
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    except OSError as error:
        logger.warning("connections of the last moment may be reset (%s)", error)


def _listeners() -> Iterator[socket.socket]:
    """Yield the process's listening TCP sockets; each is open until the next."""
    for entry in Path("/proc/self/fd").iterdir():
        with _as_socket(int(entry.name)) as found:
            if found is not None and _listens(found):
                yield found


def _listens(found: socket.socket) -> bool:
    is_tcp = found.family in {socket.AF_INET, socket.AF_INET6}
    return is_tcp and bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


@contextmanager
def _as_socket(descriptor: int) -> Iterator[socket.socket | None]:
    try:
        found = socket.socket(fileno=os.dup(descriptor))
    except OSError:  # a file, or gone since
        yield None
        return
    with found:
        yield found
