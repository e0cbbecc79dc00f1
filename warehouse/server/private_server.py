"""Where a private server lives, and whether it runs; nothing here starts or stops one."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo

from warehouse.connection.settings import Settings

SUPERUSER: Final = "sn7"
DATABASE: Final = "sn7"
SOCKET_NUMBER: Final = 5432
SOCKET_PATH_LIMIT: Final = 107 - len("/.s.PGSQL.65535.lock")
_LIST_SIGNS: Final = set(',"\\\n')
"""libpq and ``postgresql.conf`` take lists of folders: these signs mean something to them."""


@dataclass(frozen=True, slots=True)
class PrivateServer:
    """Where one private server lives and who runs it.

    Attributes:
        base: Folder of the cluster, its socket and its log; ``SN7_HOME`` or below ``STATE_ROOT``.
        port: Number of the socket, and the port of 127.0.0.1 where ``listens`` is true.
        listens: Whether the server listens on that port as well.
    """

    base: Path
    port: int
    listens: bool

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory."""
        return self.base / "postgres"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.base / "postgres.log"

    @property
    def socket(self) -> Path:
        """Folder of the socket: its path short enough (107 bytes) and nothing that is a list."""
        inside = self.base / "run"
        if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT and not _LIST_SIGNS & set(str(inside)):
            return inside
        digest = hashlib.sha256(os.fsencode(self.base)).hexdigest()[:16]
        return Path(f"/tmp/sn7-{os.geteuid()}-{digest}")  # noqa: S108 (owner and mode are checked)

    def conninfo(self, database: str = DATABASE) -> str:
        """The libpq connection string of one of the server's databases."""
        return make_conninfo(
            "", host=str(self.socket), port=self.port, dbname=database, user=SUPERUSER
        )

    def answers(self, database: str = DATABASE) -> bool:
        """Whether one can connect to one of the server's databases now."""
        try:
            psycopg.connect(self.conninfo(database), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True


def described(base: Path, settings: Settings) -> PrivateServer:
    """Return a server at ``base`` that is to listen as the settings say."""
    return PrivateServer(base, settings.port or SOCKET_NUMBER, settings.port is not None)


def port_in_use(server: PrivateServer) -> tuple[int, bool] | None:
    """Return the running server's port and whether TCP is open on it; None if unknown."""
    if not postmaster_runs(server):
        return None
    try:
        # pid, cluster, start time, port, socket's folder, TCP address ("" for none), memory, state
        lines = (server.cluster / "postmaster.pid").read_text().splitlines()
        return int(lines[3]), lines[5].strip() != ""
    except (OSError, ValueError, IndexError):  # it is only just starting, or stopping
        return None


def postmaster_runs(server: PrivateServer) -> bool:
    """Tell whether the process that ``postmaster.pid`` names is this cluster's server."""
    return postmaster_of(server) is not None


def postmaster_of(server: PrivateServer) -> int | None:
    """Return the process of this cluster's server; None where none runs."""
    try:
        pid = int((server.cluster / "postmaster.pid").read_text().splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, IndexError):
        return None
    return (
        pid if Path(os.fsdecode(command[0])).name == "postgres" and _works_in(pid, server) else None
    )


def _works_in(pid: int, server: PrivateServer) -> bool:
    try:
        # The server's working directory is its cluster, also after the home was moved under it.
        return Path(f"/proc/{pid}/cwd").samefile(server.cluster)
    except PermissionError:
        return os.fsencode(server.cluster) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
