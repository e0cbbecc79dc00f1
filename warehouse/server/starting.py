"""Starting a cluster that is there, and making its database."""

import logging
import time
from typing import Final

import psycopg
from psycopg import sql

from warehouse.cli import require_free_port
from warehouse.connection.errors import ServerUnavailableError
from warehouse.server.config import access_rules, server_settings
from warehouse.server.install import PostgresInstallation
from warehouse.server.making import write_whole
from warehouse.server.owner import control, give_to_server_user, private_folder
from warehouse.server.private_server import DATABASE, PrivateServer

logger = logging.getLogger(__name__)

START_ATTEMPTS: Final = 30


def start(server: PrivateServer, installation: PostgresInstallation) -> None:
    """Start a server and wait until it answers.

    Raises:
        ServerUnavailableError: It does not start.
    """
    _check_version(server, installation)
    if server.listens:
        require_free_port(server.port, option="SN7_PORT")
    private_folder(server.socket)
    _configure(server)
    logger.info("starting the private PostGIS server in %s", server.base)
    for _attempt in range(START_ATTEMPTS):
        control(installation, server, "start", "--wait", "--timeout=60", f"--log={server.log}")
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
        write_whole(server.cluster / name, text)
        give_to_server_user(server.cluster / name)
    server.log.touch()
    give_to_server_user(server.log)


def create_database(server: PrivateServer) -> None:
    """Make the warehouse's database on a server that runs, if it is not there."""
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
        there = connection.execute("select 1 from pg_database where datname = %s", (DATABASE,))
        if there.fetchone() is None:
            create = sql.SQL("create database {}").format(sql.Identifier(DATABASE))
            connection.execute(create)
