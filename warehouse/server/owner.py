"""The user that the server runs as: PostgreSQL refuses root, who hands it to another user."""

import contextlib
import functools
import os
import pwd
import subprocess
from pathlib import Path
from typing import Final

from warehouse.connection.errors import ServerUnavailableError

_DETACH: Final = 'umask 077; "$@" >>"$0" 2>&1 & echo $!'
"""Shell: run the arguments in the background, their output in the file of the first one."""


@functools.cache
def server_user() -> pwd.struct_passwd | None:
    """Return the user that root hands the server to; None for all others, who run it themselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    message = "PostgreSQL refuses to run as root and this system has no user postgres or nobody"
    raise ServerUnavailableError(message)


def as_server_user(command: list[str], *, apart: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user, without the caller's environment.

    Args:
        command: The program and its arguments.
        apart: In a session of its own, which the terminal's Ctrl-C does not reach.
    """
    user = server_user()
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(
        command,
        check=False,
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        start_new_session=apart,
    )


def server_user_enters(folder: Path) -> bool:
    """Tell whether the server's user may enter a folder."""
    return as_server_user(["test", "-x", str(folder)]).returncode == 0


def give_to_server_user(path: Path) -> None:
    """Make a file or folder the server's user's own."""
    user = server_user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def private_folder(path: Path) -> None:
    """Make a folder that only the server's user enters.

    Raises:
        ServerUnavailableError: It is there and belongs to somebody else.
    """
    path.mkdir(parents=True, exist_ok=True)
    user = server_user()
    owner = path.stat().st_uid
    if owner not in {os.geteuid(), user.pw_uid if user else os.geteuid()}:
        raise ServerUnavailableError(f"{path} belongs to another user; remove it or set SN7_HOME")
    path.chmod(0o700)
    give_to_server_user(path)


def start_as_server_user(command: list[str], *, log: Path) -> int:
    """Start a program that goes on by itself, in a session of its own, and return its process.

    Args:
        command: The program and its arguments, which no shell reads as text of its own.
        log: The file to which its output is added.
    """
    started = as_server_user(["sh", "-c", _DETACH, str(log), *command], apart=True)
    if not started.stdout.strip().isdigit():
        reason = (started.stderr.strip().splitlines() or ["no message"])[-1]
        raise ServerUnavailableError(f"{command[0]} cannot be started ({reason})")
    return int(started.stdout)
