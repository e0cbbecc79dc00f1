"""Starting and stopping a cluster that is there, and making its database.

Without ``pg_ctl``, which hands the cluster's path to a shell as a piece of its text.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from warehouse.cli import require_free_port
from warehouse.connection.errors import ServerUnavailableError
from warehouse.connection.home import write_whole
from warehouse.server.config import access_rules, server_settings
from warehouse.server.install import PostgresInstallation, find_postgres
from warehouse.server.owner import give_to_server_user, private_folder, start_as_server_user
from warehouse.server.private_server import (
    DATABASE,
    PrivateServer,
    postmaster_of,
    postmaster_runs,
)

logger = logging.getLogger(__name__)

START_ATTEMPTS: Final = 30
START_SECONDS: Final = 600
"""A server that was killed during a large load reads its log again before it answers."""
STOP_SECONDS: Final = 120


def start(server: PrivateServer) -> None:
    """Start a server, if it does not run, and wait until it answers.

    Raises:
        ServerUnavailableError: It does not start, or its version of PostgreSQL is not here.
    """
    if not postmaster_runs(server):
        installation = _installation_of(server)
        if server.listens:
            require_free_port(server.port, option="SN7_PORT")
        private_folder(server.socket)
        _configure(server)
        logger.info("starting the private PostGIS server in %s", server.base)
        for _attempt in range(START_ATTEMPTS):
            if _starts(server, installation):
                return
            # After a killed postmaster the next one is refused until the last child is gone.
            time.sleep(0.5)
    elif _answers_while(server, lambda: postmaster_runs(server)):
        return
    lines = server.log.read_text(errors="replace").strip().splitlines()
    reason = next((line for line in reversed(lines) if "FATAL" in line), "no message")
    raise ServerUnavailableError(
        f"the private server in {server.base} does not start ({reason}); its log is {server.log}"
    )


def halt(server: PrivateServer) -> None:
    """Stop a server that runs: its sessions are ended, what they committed stays.

    Raises:
        ServerUnavailableError: It did not stop.
    """
    postmaster = postmaster_of(server)
    if postmaster is None:
        return
    try:
        os.kill(postmaster, signal.SIGINT)  # "fast shutdown" in the PostgreSQL manual
    except ProcessLookupError:
        return
    except PermissionError as error:
        message = f"the private server in {server.base} is another user's; let that user stop it"
        raise ServerUnavailableError(message) from error
    deadline = time.monotonic() + STOP_SECONDS
    while postmaster_runs(server):
        if time.monotonic() > deadline:
            raise ServerUnavailableError(f"the private server did not stop; see {server.log}")
        time.sleep(0.05)


def create_database(server: PrivateServer) -> None:
    """Make the warehouse's database on a server that runs, if it is not there."""
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
        there = connection.execute("select 1 from pg_database where datname = %s", (DATABASE,))
        if there.fetchone() is None:
            create = sql.SQL("create database {}").format(sql.Identifier(DATABASE))
            connection.execute(create)


def _installation_of(server: PrivateServer) -> PostgresInstallation:
    text = (server.cluster / "PG_VERSION").read_text("utf-8", errors="replace").strip()
    if not text.isdigit():
        raise ServerUnavailableError(
            f"{server.cluster / 'PG_VERSION'} holds {text!r} instead of a version of PostgreSQL; "
            "restore that file, or choose another SN7_HOME"
        )
    installation = find_postgres(int(text))
    if installation is None:
        newest = find_postgres()
        raise ServerUnavailableError(
            f"the database in {server.cluster} was made by PostgreSQL {text}, this machine has "
            f"{newest.version if newest else 'none'} with PostGIS; install that version, or choose "
            "another SN7_HOME and load again"
        )
    return installation


def _starts(server: PrivateServer, installation: PostgresInstallation) -> bool:
    command = [str(installation.programs / "postgres"), "-D", str(server.cluster)]
    process = Path("/proc", str(start_as_server_user(command, log=server.log)), "cmdline")
    return _answers_while(server, lambda: _is_alive(process))


def _is_alive(command_line: Path) -> bool:
    try:
        return command_line.read_bytes() != b""  # empty once it has ended and nobody has asked
    except OSError:
        return False


def _answers_while(server: PrivateServer, runs: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while runs() and time.monotonic() < deadline:
        if server.answers("postgres"):
            return True
        time.sleep(0.05)
    return False


def _configure(server: PrivateServer) -> None:
    port = server.port if server.listens else None
    settings = server_settings(socket=server.socket, number=server.port, port=port)
    for name, text in (
        ("postgresql.conf", settings),
        ("pg_hba.conf", access_rules(port=port, database=DATABASE)),
    ):
        write_whole(server.cluster / name, text)
        give_to_server_user(server.cluster / name)
    server.log.touch()
    give_to_server_user(server.log)
