"""The user that the server runs as: PostgreSQL refuses root, who hands it to another user."""

import contextlib
import functools
import os
import pwd
import subprocess
from pathlib import Path

from warehouse.connection.errors import ServerUnavailableError
from warehouse.server.install import PostgresInstallation
from warehouse.server.private_server import PrivateServer


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


def as_server_user(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user, without the caller's environment."""
    user = server_user()
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    # Output goes to files, since a pipe would stay open as long as the server lives.
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


def control(
    installation: PostgresInstallation, server: PrivateServer, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run ``pg_ctl`` on a server's cluster."""
    program = str(installation.programs / "pg_ctl")
    return as_server_user([program, *arguments, f"--pgdata={server.cluster}", "--silent"])
