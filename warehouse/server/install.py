"""Finding PostgreSQL with PostGIS on this machine, or installing it from Debian's packages."""

import logging
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from warehouse.connection.errors import ServerUnavailableError

logger = logging.getLogger(__name__)

DEBIAN_SERVERS = Path("/usr/lib/postgresql")
DEBIAN_EXTENSIONS = "/usr/share/postgresql/{version}/extension/postgis.control"

WAYS = (
    "the ways to a database: (1) install PostgreSQL and PostGIS, on Debian or Ubuntu "
    "`sudo apt-get install postgresql-postgis`; (2) `docker compose up -d postgis` and set SN7_DSN "
    "as docs/architecture.md tells; (3) set SN7_DSN to any PostgreSQL with PostGIS"
)


@dataclass(frozen=True, slots=True)
class PostgresInstallation:
    """Programs of one PostgreSQL version that has PostGIS.

    Attributes:
        version: Major version, such as 15.
        programs: Folder of ``initdb``, ``pg_ctl`` and ``postgres``.
    """

    version: int
    programs: Path


def find_postgres(version: int | None = None) -> PostgresInstallation | None:
    """Return this machine's PostgreSQL of a version, or its newest one, with PostGIS; or None."""
    found = [
        installation
        for installation in (*_debian_installations(), *_installation_on_path())
        if version in {None, installation.version}
    ]
    return max(found, key=lambda installation: installation.version, default=None)


def ensure_postgres() -> PostgresInstallation:
    """Return a PostgreSQL with PostGIS, installing Debian's packages if there is none.

    Raises:
        ServerUnavailableError: None is there and none can be installed; the message lists the
            other ways to a database.
    """
    found = find_postgres()
    if found is None:
        _install_packages()
        found = find_postgres()
    if found is None:
        raise ServerUnavailableError(f"found no PostgreSQL with PostGIS on this machine; {WAYS}")
    return found


def _debian_installations() -> list[PostgresInstallation]:
    versions = [int(path.name) for path in DEBIAN_SERVERS.glob("*") if path.name.isdigit()]
    return [
        PostgresInstallation(version, DEBIAN_SERVERS / str(version) / "bin")
        for version in versions
        if (DEBIAN_SERVERS / str(version) / "bin" / "initdb").exists()
        and Path(DEBIAN_EXTENSIONS.format(version=version)).exists()
    ]


def _installation_on_path() -> list[PostgresInstallation]:
    pg_config = shutil.which("pg_config")
    if pg_config is None:
        return []
    command = [pg_config, "--bindir", "--sharedir", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return []
    programs, shared, version = answer.stdout.splitlines()[:3]
    number = re.search(r"\d+", version)
    has_postgis = (Path(shared) / "extension" / "postgis.control").exists()
    if number is None or not has_postgis or not (Path(programs) / "initdb").exists():
        return []
    return [PostgresInstallation(int(number.group()), Path(programs))]


def _install_packages() -> None:
    prefix = administrator_prefix()
    if shutil.which("apt-get") is None or prefix is None:
        reason = "found no PostgreSQL with PostGIS, and this user cannot install packages here"
        raise ServerUnavailableError(f"{reason}; {WAYS}")
    logger.warning("installing PostgreSQL and PostGIS from the distribution's packages ...")
    _apt(prefix, "update")
    _apt(prefix, "install", "--yes", "--no-install-recommends", _postgis_package())


def administrator_prefix() -> list[str] | None:
    """Return what makes a command run as root: nothing for root, else sudo; None without either."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    command = [sudo, "--non-interactive", "true"]
    allowed = subprocess.run(command, capture_output=True, check=False)
    return [sudo, "--non-interactive"] if allowed.returncode == 0 else None


def _postgis_package() -> str:
    names = subprocess.run(
        ["apt-cache", "search", "--names-only", "^postgresql-[0-9]+-postgis-3$"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    versions = [int(number) for number in re.findall(r"^postgresql-(\d+)-", names, re.MULTILINE)]
    if not versions:
        raise ServerUnavailableError(f"the package lists of this machine have no PostGIS; {WAYS}")
    return f"postgresql-{max(versions)}-postgis-3"


def _apt(prefix: list[str], *arguments: str) -> None:
    command = [
        *prefix,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "--quiet=2",
        "-o",
        "DPkg::Lock::Timeout=600",
        *arguments,
    ]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        lines = (outcome.stderr or outcome.stdout).strip().splitlines()
        reason = lines[-1] if lines else f"exit code {outcome.returncode}"
        message = f"`apt-get {' '.join(arguments)}` failed ({reason}); {WAYS}"
        raise ServerUnavailableError(message)
