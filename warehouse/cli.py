"""How every command line of the project ends: a user's error in one sentence, a bug in full."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import typer

from warehouse.connection.errors import PortInUseError, UserError
from warehouse.running.loss import as_loss

EXIT_USER_ERROR = 1
EXIT_INTERRUPTED = 130
INTERRUPTED = "interrupted; run the same command again to go on\n"

PASS_ON: Final[dict[str, Any]] = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Context settings of a command that hands its arguments over to another program."""


def command_line(help_text: str | None) -> typer.Typer:
    """Return an app with the settings that all command lines of the project share."""
    return typer.Typer(
        help=help_text, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )


def run_cli(app: Callable[[], object]) -> None:
    """Run a typer app and end the process as the project's commands do.

    Args:
        app: The typer application.

    Raises:
        SystemExit: With 1 after a ``UserError`` or a lost database (one sentence goes to standard
            error, without a traceback), with 130 after Ctrl-C or SIGTERM, else with the code that
            the app chose. Other exceptions are bugs and keep their traceback.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        with _terminated_as_interrupted():
            app()
    except UserError as error:
        _end(error)
    except KeyboardInterrupt:
        sys.stderr.write(INTERRUPTED)
        raise SystemExit(EXIT_INTERRUPTED) from None
    except SystemExit as end:
        if (
            end.code == EXIT_INTERRUPTED
        ):  # typer's own end of an interrupted command, without a word
            sys.stderr.write(INTERRUPTED)
        raise
    except Exception as error:
        loss = as_loss(error)
        if loss is None:
            raise
        _end(loss)


def _end(error: UserError) -> NoReturn:
    sys.stderr.write(f"error: {error}\n")
    raise SystemExit(EXIT_USER_ERROR) from None


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does: end in order, children included."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def require_free_port(port: int, *, host: str = "127.0.0.1", option: str = "--port") -> None:
    """Refuse to go on when another process listens on ``host:port``.

    Raises:
        PortInUseError: The port is taken; the message names the option that chooses another one.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = (
                f"port {port} of {host} cannot be used ({error.strerror}); stop what listens there "
                f"or choose another port with {option}"
            )
            raise PortInUseError(message) from error


def hand_over(module: str, arguments: Sequence[str]) -> NoReturn:
    """Become ``python -m MODULE``: a command of an upper folder that is offered here as well.

    A process and no import, since folders import downwards only (docs/architecture.md).
    """
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606
