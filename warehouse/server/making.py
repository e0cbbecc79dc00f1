"""Making a cluster: where root's lies when the server's user cannot enter the home, too."""

import json
import logging
import secrets
import shutil
from pathlib import Path
from typing import Final

from warehouse.connection.errors import ServerUnavailableError
from warehouse.connection.settings import Settings
from warehouse.server.install import PostgresInstallation, find_postgres
from warehouse.server.owner import as_server_user, control, private_folder, server_user_enters
from warehouse.server.private_server import (
    SOCKET_NUMBER,
    SUPERUSER,
    PrivateServer,
    described,
    home_of,
    postmaster_runs,
)

logger = logging.getLogger(__name__)

STATE_ROOT: Final = Path("/var/lib/sn7-warehouse")


def make(settings: Settings, installation: PostgresInstallation) -> PrivateServer:
    """Make the cluster of ``SN7_HOME``.

    Raises:
        ServerUnavailableError: ``initdb`` failed.
    """
    home = settings.home_path
    base = home if server_user_enters(home) else _state_folder(home)
    server = described(base, settings)
    logger.info("making a PostgreSQL %s cluster in %s", installation.version, server.cluster)
    fresh = base / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(server.cluster, ignore_errors=True)  # without server.json it was never finished
    private_folder(fresh)
    outcome = as_server_user(
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
    write_whole(home / "server.json", json.dumps({"base": str(base)}))
    return server


def _state_folder(home: Path) -> Path:
    for base in STATE_ROOT.glob("*"):
        if home_of(base) == str(home):  # left by a home that was deleted: its data go with it
            _stop_leftover(base)
            shutil.rmtree(base, ignore_errors=True)
    base = STATE_ROOT / secrets.token_hex(4)
    base.mkdir(parents=True)
    base.chmod(0o711)
    write_whole(base / "home", str(home))
    return base


def _stop_leftover(base: Path) -> None:
    installation = find_postgres()
    server = PrivateServer(base, SOCKET_NUMBER, listens=False)
    if installation is not None and postmaster_runs(server):
        control(installation, server, "stop", "--mode=immediate", "--timeout=60")


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.rename(path)
