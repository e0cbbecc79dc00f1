"""The dbt project as Dagster sees it: its manifest, its files, its command line.

The SQL belongs to ``dbt_project/``; the assets made of it to ``orchestration.assets.transform``.
"""

import fcntl
import functools
import hashlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster_dbt import DbtProject

from orchestration.errors import DbtProjectError
from warehouse.access import libpq_environment
from warehouse.connection.settings import PROJECT_ROOT, get_settings, is_checkout

logger = logging.getLogger(__name__)

DBT_EXECUTABLE = Path(sys.executable).with_name("dbt")

TARGET = Path("target", "dagster")
"""Beside dbt's own ``target``, so that a ``dbt build`` by hand never rewrites a file that a
running Dagster reads."""

_SOURCES = ("*.sql", "*.yml", "*.yaml", "*.md", "*.csv")


@functools.cache
def dbt_project() -> DbtProject:
    """Return the dbt project; its manifest lies apart from the one that dbt's users make."""
    # An installed package is no place to write to.
    target = TARGET if is_checkout() else get_settings().home_location / "logs" / "dbt-manifest"
    return DbtProject(PROJECT_ROOT / "dbt_project", target_path=target)


def manifest() -> Path:
    """Return the path of an up-to-date manifest, parsing the project only if a file changed.

    Raises:
        DbtProjectError: dbt cannot parse the project.
    """
    project = dbt_project()
    if not is_current(project.manifest_path, project.project_dir):
        with _parse_lock(project):
            if not is_current(project.manifest_path, project.project_dir):
                _parse(project)
    return project.manifest_path


def is_current(manifest_path: Path, project_dir: Path) -> bool:
    """Tell whether a manifest is there and no file of its project is younger."""
    if not manifest_path.exists():
        return False
    parsed = manifest_path.stat().st_mtime_ns
    return all(path.stat().st_mtime_ns <= parsed for path in _source_files(project_dir))


def project_digest() -> str:
    """Return a digest of the names and the contents of the dbt project's files."""
    folder = dbt_project().project_dir
    digest = hashlib.sha256()
    for path in sorted(_source_files(folder)):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _source_files(folder: Path) -> Iterator[Path]:
    for pattern in _SOURCES:
        for path in folder.rglob(pattern):
            if "target" not in path.relative_to(folder).parts:
                yield path


def _parse(project: DbtProject) -> None:
    logger.info("parsing %s", project.project_dir)
    command = [str(DBT_EXECUTABLE), "parse", "--quiet", "--no-use-colors"]
    folders = {
        "DBT_PROJECT_DIR": str(project.project_dir),
        "DBT_PROFILES_DIR": str(project.profiles_dir),
        "DBT_TARGET_PATH": str(project.manifest_path.parent),
        "DBT_LOG_PATH": str(project.manifest_path.parent),
    }
    outcome = subprocess.run(
        command,
        env={**os.environ, **libpq_environment(), **folders},
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode != 0:
        reason = " ".join((outcome.stdout or outcome.stderr).split())
        raise DbtProjectError(f"dbt cannot parse {project.project_dir}: {reason}")


@contextmanager
def _parse_lock(project: DbtProject) -> Iterator[None]:
    folder = project.manifest_path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
