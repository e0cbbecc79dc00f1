"""The private PostGIS server: made, started, stopped and deleted with ``SN7_HOME``.

It listens on a socket in a folder that only its user may enter, and on no port unless
``SN7_PORT`` asks for one on 127.0.0.1. PostgreSQL refuses to run as root, so root hands it to the
system's ``postgres`` user; where that user cannot enter ``SN7_HOME`` (a parent folder closed to
others), the database lies below ``STATE_ROOT`` instead.
"""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

from warehouse.connection.errors import ServerUnavailableError, SettingsError
from warehouse.connection.home import entries_of_ours, is_home, not_a_home
from warehouse.connection.libpq import shut_out_caller
from warehouse.connection.settings import Settings
from warehouse.server.install import ensure_postgres
from warehouse.server.making import make, remember
from warehouse.server.private_server import (
    PrivateServer,
    described,
    port_in_use,
    postmaster_runs,
)
from warehouse.server.starting import create_database, halt, start
from warehouse.server.whereabouts import find_base, home_of
from warehouse.server.work import refuse_while_at_work


def ensure_running(settings: Settings) -> str:
    """Return the connection string of the private server, starting or making it if need be.

    Safe under parallel calls (one makes it, the others wait) and after a crash of the server.

    Raises:
        ServerUnavailableError: There is no PostgreSQL with PostGIS, it does not start, it runs
            without the port that ``SN7_PORT`` asks for, or the home's database is gone.
        PortInUseError: Another program listens on that port.
    """
    running = _running(settings)
    if running is None:
        with _one_at_a_time(settings.home_path):
            running = _running(settings) or _launch(settings)
    elif home_of(running.base) not in {None, str(settings.home_location)}:
        remember(settings.home_location, running.base)  # the home was moved under a running server
    return running.conninfo()


def locate(settings: Settings) -> PrivateServer | None:
    """Return the private server of ``SN7_HOME``, or None where it has none.

    Its port is the one that it runs with; that of the settings where it is stopped.

    Raises:
        ServerUnavailableError: This user may not look.
    """
    shut_out_caller()
    base = find_base(settings.home_location)
    if base is None:
        return None
    server = described(base, settings)
    port, listens = port_in_use(server) or (server.port, server.listens)
    return PrivateServer(base, port, listens)


def stop(settings: Settings, *, force: bool = False) -> bool:
    """Stop the private server; return whether one was running.

    Args:
        settings: Whose server.
        force: Stop it under whatever is at work in it.

    Raises:
        AtWorkError: Something is at work in it; the message names what.
        ServerUnavailableError: It did not stop.
    """
    if not is_home(settings.home_location):
        return False
    with _one_at_a_time(settings.home_location):
        server = locate(settings)
        if server is None or not postmaster_runs(server):
            return False
        if not force:
            refuse_while_at_work(server)
        halt(server)
    return True


def delete(settings: Settings, *, force: bool = False) -> list[Path]:
    """Stop the private server and delete what the project put into ``SN7_HOME`` and elsewhere.

    Args:
        settings: Whose home.
        force: Even while something is at work in the database.

    Returns:
        What is left in the home, as the project did not put it there; empty if the home is gone.

    Raises:
        SettingsError: The folder bears no marker of ours; nothing was deleted.
        AtWorkError: As ``stop`` does; nothing was deleted.
        ServerUnavailableError: The server did not stop, or a file cannot be deleted.
    """
    home = settings.home_location
    if not home.exists():
        return []
    if not is_home(home):
        raise SettingsError(not_a_home(home, sorted(path.name for path in home.iterdir())))
    stop(settings, force=force)
    server = locate(settings)
    try:
        if server is not None and server.base != home:
            shutil.rmtree(server.base)
        for path in entries_of_ours(home):
            _remove(path)
        left = sorted(home.iterdir())
        if not left and not home.is_mount():
            home.rmdir()
    except OSError as error:
        message = f"cannot delete {error.filename} ({error.strerror}); delete {home} as its owner"
        raise ServerUnavailableError(message) from error
    return left


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()  # of a link the link alone: what it leads to lies elsewhere


def _running(settings: Settings) -> PrivateServer | None:
    server = locate(settings)
    if server is None or not server.answers():
        return None
    if settings.port is not None and (server.port, server.listens) != (settings.port, True):
        found = f"on port {server.port}" if server.listens else "on no port"
        raise ServerUnavailableError(
            f"the private server in {server.base} already runs and listens {found}, but SN7_PORT "
            f"is {settings.port}; stop it with `python -m warehouse stop`, then try again"
        )
    return server


def _launch(settings: Settings) -> PrivateServer:
    server = locate(settings)
    if server is None:
        server = make(settings, ensure_postgres())
    else:
        remember(settings.home_location, server.base)
    start(server)
    create_database(server)
    return server


@contextlib.contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    try:
        lock = (home / "server.lock").open("w")
    except OSError as error:
        raise ServerUnavailableError(
            f"{home} cannot be written ({error.strerror}); run this as the user who made it, or "
            "set SN7_HOME to a folder of your own"
        ) from error
    # Files opened by Python are not inherited, so the server never holds this lock.
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
