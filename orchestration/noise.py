"""Keeping a run's terminal clean: what Dagster, dbt and other libraries write goes to a log."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def quiet(log: Path) -> Iterator[TextIO]:
    """Send standard output and error to a file, those of child processes and C code included.

    Args:
        log: The file; what it held before is gone.

    Yields:
        A stream to where standard output went before.
    """
    with ExitStack() as stack:
        target = stack.enter_context(log.open("wb"))
        before = [
            stack.enter_context(os.fdopen(os.dup(fd), "w", encoding="utf-8")) for fd in (1, 2)
        ]
        _flush()
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
        try:
            yield before[0]
        finally:
            _flush()
            for fd, stream in zip((1, 2), before, strict=True):
                stream.flush()
                os.dup2(stream.fileno(), fd)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
