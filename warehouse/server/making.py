"""Making a cluster: where root's lies when the server's user cannot enter the home, too."""

import logging
import secrets
import shutil
from pathlib import Path

from warehouse.connection.errors import ServerUnavailableError
from warehouse.connection.home import record_database, write_whole
from warehouse.connection.settings import Settings
from warehouse.server.install import PostgresInstallation
from warehouse.server.owner import as_server_user, private_folder, server_user_enters
from warehouse.server.private_server import SUPERUSER, PrivateServer, described
from warehouse.server.whereabouts import (
    INSIDE,
    STATE_ROOT,
    bases_made_for,
    check_nothing_is_lost,
    home_of,
)

logger = logging.getLogger(__name__)


def make(settings: Settings, installation: PostgresInstallation) -> PrivateServer:
    """Make the cluster of ``SN7_HOME``, which has none.

    Raises:
        ServerUnavailableError: It had one, which is gone or another's; or ``initdb`` failed.
    """
    home = settings.home_path
    check_nothing_is_lost(home)
    base = home if server_user_enters(home) else _state_folder(home)
    server = described(base, settings)
    logger.info("making a PostgreSQL %s cluster in %s", installation.version, server.cluster)
    fresh = base / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
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
    fresh.replace(server.cluster)
    remember(home, base)
    return server


def remember(home: Path, base: Path) -> None:
    """Write into the home where its database lies, and into a folder outside whose it is."""
    if base == home:
        record_database(home, INSIDE)
        return
    if home_of(base) != str(home):
        write_whole(base / "home", str(home))
    record_database(home, base.name)


def _state_folder(home: Path) -> Path:
    for left in bases_made_for(home):
        logger.warning(
            "%s holds the database of an earlier home at %s, which stays; delete it if nobody "
            "needs it",
            left, home,
        )  # fmt: skip
    base = STATE_ROOT / secrets.token_hex(4)
    base.mkdir(parents=True)
    # Whatever the umask: the server's user must get through to its cluster.
    STATE_ROOT.chmod(STATE_ROOT.stat().st_mode | 0o711)
    base.chmod(0o711)
    write_whole(base / "home", str(home))
    return base
