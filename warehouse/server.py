"""The private PostGIS server: made, started and stopped below ``SN7_HOME``.

It listens on a socket in a folder that only its user may enter, and on no port unless
``SN7_PORT`` asks for one on 127.0.0.1. PostgreSQL refuses to run as root, so root hands it to the
system's ``postgres`` user; where that user cannot enter ``SN7_HOME`` (a parent folder closed to
others), the database lies below ``STATE_ROOT`` instead.
"""

import contextlib
import fcntl
import functools
import hashlib
import json
import logging
import os
import pwd
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from warehouse.cli import require_free_port
from warehouse.errors import ServerUnavailableError
from warehouse.install import PostgresInstallation, ensure_postgres, find_postgres
from warehouse.server_config import access_rules, server_settings
from warehouse.settings import Settings

logger = logging.getLogger(__name__)

SUPERUSER: Final = "sn7"
DATABASE: Final = "sn7"
SOCKET_NUMBER: Final = 5432
STATE_ROOT: Final = Path("/var/lib/sn7-warehouse")
SOCKET_PATH_LIMIT: Final = 107 - len("/.s.PGSQL.65535.lock")
START_ATTEMPTS: Final = 30


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
        """Folder of the socket, short enough for the operating system (107 bytes)."""
        inside = self.base / "run"
        if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT:
            return inside
        digest = hashlib.sha256(os.fsencode(self.base)).hexdigest()[:16]
        return Path(f"/tmp/sn7-{os.geteuid()}-{digest}")  # noqa: S108 (owner and mode are checked)

    def conninfo(self, database: str = DATABASE) -> str:
        """The libpq connection string of one of the server's databases."""
        return make_conninfo(
            "", host=str(self.socket), port=self.port, dbname=database, user=SUPERUSER
        )

    def answers(self) -> bool:
        """Whether the server accepts connections now."""
        try:
            psycopg.connect(self.conninfo("postgres"), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True


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
    server = _server(base, settings)
    if not (server.cluster / "PG_VERSION").exists() or _home_of(base) not in {None, str(home)}:
        return None
    port, listens = _port_in_use(server) or (server.port, server.listens)
    return PrivateServer(base, port, listens)


def stop(settings: Settings) -> bool:
    """Stop the private server; return whether one was running.

    Raises:
        ServerUnavailableError: It did not stop.
    """
    with _one_at_a_time(settings.home_path):
        server = locate(settings)
        installation = find_postgres()
        if server is None or installation is None or not _postmaster_runs(server):
            return False
        outcome = _control(installation, server, "stop", "--mode=fast", "--timeout=120")
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
    server = _server(known.base, settings) if known else _make(settings, installation)
    _start(server, installation)
    _create_database(server)
    return server


def _server(base: Path, settings: Settings) -> PrivateServer:
    return PrivateServer(base, settings.port or SOCKET_NUMBER, settings.port is not None)


def _port_in_use(server: PrivateServer) -> tuple[int, bool] | None:
    """The port that the running server has, and whether TCP is open on it; None if unknown."""
    if not _postmaster_runs(server):
        return None
    try:
        # pid, cluster, start time, port, socket's folder, TCP address ("" for none), memory, state
        lines = (server.cluster / "postmaster.pid").read_text().splitlines()
        return int(lines[3]), lines[5].strip() != ""
    except (OSError, ValueError, IndexError):  # it is only just starting, or stopping
        return None


def _home_of(base: Path) -> str | None:
    pointer = base / "home"
    return pointer.read_text() if pointer.is_file() else None


@contextlib.contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    # Files opened by Python are not inherited, so the server never holds this lock.
    with (home / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- making -----------------------------------------------------------------------------------


def _make(settings: Settings, installation: PostgresInstallation) -> PrivateServer:
    home = settings.home_path
    base = home if _server_user_enters(home) else _state_folder(home)
    server = _server(base, settings)
    logger.info("making a PostgreSQL %s cluster in %s", installation.version, server.cluster)
    fresh = base / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(server.cluster, ignore_errors=True)  # without server.json it was never finished
    _private_folder(fresh)
    outcome = _as_server_user(
        [
            str(installation.programs / "initdb"),
            f"--pgdata={fresh}",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
            "--locale=C",
            "--auth=trust",
            "--no-instructions",
        ]
    )
    if outcome.returncode != 0:
        reason = (outcome.stderr.strip().splitlines() or ["no message"])[-1]
        raise ServerUnavailableError(f"initdb could not make a cluster in {fresh} ({reason})")
    fresh.rename(server.cluster)
    _write_whole(home / "server.json", json.dumps({"base": str(base)}))
    return server


def _state_folder(home: Path) -> Path:
    for base in STATE_ROOT.glob("*"):
        if _home_of(base) == str(home):  # left by a home that was deleted: its data go with it
            _stop_leftover(base)
            shutil.rmtree(base, ignore_errors=True)
    base = STATE_ROOT / secrets.token_hex(4)
    base.mkdir(parents=True)
    base.chmod(0o711)
    _write_whole(base / "home", str(home))
    return base


def _stop_leftover(base: Path) -> None:
    installation = find_postgres()
    server = PrivateServer(base, SOCKET_NUMBER, listens=False)
    if installation is not None and _postmaster_runs(server):
        _control(installation, server, "stop", "--mode=immediate", "--timeout=60")


def _server_user_enters(folder: Path) -> bool:
    return _as_server_user(["test", "-x", str(folder)]).returncode == 0


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.rename(path)


# --- starting ---------------------------------------------------------------------------------


def _start(server: PrivateServer, installation: PostgresInstallation) -> None:
    _check_version(server, installation)
    if server.listens:
        require_free_port(server.port, option="SN7_PORT")
    _private_folder(server.socket)
    _configure(server)
    logger.info("starting the private PostGIS server in %s", server.base)
    for _attempt in range(START_ATTEMPTS):
        _control(installation, server, "start", "--wait", "--timeout=60", f"--log={server.log}")
        if server.answers():
            return
        # After a killed postmaster the next one is refused until the last child is gone.
        time.sleep(0.5)
    lines = server.log.read_text(errors="replace").strip().splitlines()
    reason = next((line for line in reversed(lines) if "FATAL" in line), "no message")
    raise ServerUnavailableError(
        f"the private server in {server.base} does not start ({reason}); its log is {server.log}"
    )


def _check_version(server: PrivateServer, installation: PostgresInstallation) -> None:
    made_with = int((server.cluster / "PG_VERSION").read_text())
    if made_with != installation.version:
        raise ServerUnavailableError(
            f"the database in {server.cluster} was made by PostgreSQL {made_with}, this machine "
            f"has {installation.version}; choose another SN7_HOME, or delete {server.base} and "
            "load again"
        )


def _configure(server: PrivateServer) -> None:
    port = server.port if server.listens else None
    settings = server_settings(socket=server.socket, number=server.port, port=port)
    for name, text in (
        ("postgresql.conf", settings),
        ("pg_hba.conf", access_rules(port=port, database=DATABASE)),
    ):
        _write_whole(server.cluster / name, text)
        _give_to_server_user(server.cluster / name)
    server.log.touch()
    _give_to_server_user(server.log)


def _create_database(server: PrivateServer) -> None:
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
        there = connection.execute("select 1 from pg_database where datname = %s", (DATABASE,))
        if there.fetchone() is None:
            create = sql.SQL("create database {}").format(sql.Identifier(DATABASE))
            connection.execute(create)


def _postmaster_runs(server: PrivateServer) -> bool:
    try:
        pid = int((server.cluster / "postmaster.pid").read_text().splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return False
    return os.fsencode(server.cluster) in command


def _control(
    installation: PostgresInstallation, server: PrivateServer, *arguments: str
) -> subprocess.CompletedProcess[str]:
    program = str(installation.programs / "pg_ctl")
    return _as_server_user([program, *arguments, f"--pgdata={server.cluster}", "--silent"])


# --- the server's user ------------------------------------------------------------------------


@functools.cache
def _server_user() -> pwd.struct_passwd | None:
    """The user that root hands the server to; None for everybody else, who runs it himself."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    message = "PostgreSQL refuses to run as root and this system has no user postgres or nobody"
    raise ServerUnavailableError(message)


def _as_server_user(command: list[str]) -> subprocess.CompletedProcess[str]:
    user = _server_user()
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


def _give_to_server_user(path: Path) -> None:
    user = _server_user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _private_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    user = _server_user()
    owner = path.stat().st_uid
    if owner not in {os.geteuid(), user.pw_uid if user else os.geteuid()}:
        raise ServerUnavailableError(f"{path} belongs to another user; remove it or set SN7_HOME")
    path.chmod(0o700)
    _give_to_server_user(path)
