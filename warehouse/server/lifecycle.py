"""The private PostGIS server: made, started and stopped below ``SN7_HOME``.

It listens on a socket in a folder that only its user may enter, and on no port unless
``SN7_PORT`` asks for one on 127.0.0.1. PostgreSQL refuses to run as root, so root hands it to the
system's ``postgres`` user; where that user cannot enter ``SN7_HOME`` (a parent folder closed to
others), the database lies below ``STATE_ROOT`` instead.
"""

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from warehouse.connection.errors import ServerUnavailableError
from warehouse.connection.settings import Settings
from warehouse.server.install import ensure_postgres, find_postgres
from warehouse.server.making import STATE_ROOT, make
from warehouse.server.owner import control
from warehouse.server.private_server import (
    PrivateServer,
    described,
    home_of,
    port_in_use,
    postmaster_runs,
)
from warehouse.server.starting import create_database, start


def ensure_running(settings: Settings) -> str:
    """Return the connection string of the private server, starting or making it if need be.

    Safe under parallel calls (one makes it, the others wait) and after a crash of the server.

    Raises:
        ServerUnavailableError: There is no PostgreSQL with PostGIS, it does not start, or it runs
            without the port that ``SN7_PORT`` asks for.
        PortInUseError: Another program listens on that port.
    """
    running = _running(settings)
    if running is None:
        with _one_at_a_time(settings.home_path):
            running = _running(settings) or _launch(settings)
    return running.conninfo()


def locate(settings: Settings) -> PrivateServer | None:
    """Return the private server of ``SN7_HOME``, or None where none was made yet.

    Its port is the one that it runs with; that of the settings where it is stopped.
    """
    home = settings.home_path
    try:
        base = Path(json.loads((home / "server.json").read_text())["base"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
    if STATE_ROOT not in base.parents:
        base = home  # the home may have been moved since
    server = described(base, settings)
    if not (server.cluster / "PG_VERSION").exists() or home_of(base) not in {None, str(home)}:
        return None
    port, listens = port_in_use(server) or (server.port, server.listens)
    return PrivateServer(base, port, listens)


def stop(settings: Settings) -> bool:
    """Stop the private server; return whether one was running.

    Raises:
        ServerUnavailableError: It did not stop.
    """
    with _one_at_a_time(settings.home_path):
        server = locate(settings)
        installation = find_postgres()
        if server is None or installation is None or not postmaster_runs(server):
            return False
        outcome = control(installation, server, "stop", "--mode=fast", "--timeout=120")
    if outcome.returncode != 0:
        raise ServerUnavailableError(f"the private server did not stop; see {server.log}")
    return True


def delete(settings: Settings) -> None:
    """Stop the private server and delete ``SN7_HOME`` with all that it keeps elsewhere.

    Raises:
        ServerUnavailableError: The server did not stop; nothing was deleted.
    """
    stop(settings)
    server = locate(settings)
    if server is not None:
        shutil.rmtree(server.base)
    shutil.rmtree(settings.home_path)


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
    installation = ensure_postgres()
    known = locate(settings)
    server = described(known.base, settings) if known else make(settings, installation)
    start(server, installation)
    create_database(server)
    return server


@contextlib.contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    # Files opened by Python are not inherited, so the server never holds this lock.
    with (home / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
