"""Keeping a run's terminal clean: what Dagster, dbt and other libraries write goes to a log."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
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
        target = stack.enter_context(log.open("w", encoding="utf-8", buffering=1))
        out, err = (stack.enter_context(_copy(descriptor)) for descriptor in (1, 2))
        _flush()
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
        try:
            with redirect_stdout(target), redirect_stderr(target):
                yield out
        finally:
            _flush()
            out.flush()
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)


@contextmanager
def errors_apart() -> Iterator[TextIO]:
    """Yield a stream to where standard error goes now, whatever ``quiet`` does to it later."""
    with _copy(2) as errors:
        yield errors


def _copy(descriptor: int) -> TextIO:
    return os.fdopen(os.dup(descriptor), "w", encoding="utf-8")


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
