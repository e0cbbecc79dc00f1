"""What the figures depend on: machine, versions, settings of the server."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Final

import psutil
from psycopg import sql

from benchmarks.arena import Arena
from benchmarks.results import Machine
from warehouse.connection.settings import PROJECT_ROOT

PACKAGES: Final = (
    "adbc-driver-postgresql",
    "dbt-core",
    "dbt-postgres",
    "geoalchemy2",
    "geopandas",
    "pandas",
    "polars",
    "psycopg",
    "psycopg2-binary",
    "pyarrow",
    "shapely",
    "sqlalchemy",
)
SERVER_SETTINGS: Final = (
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "max_wal_size",
    "shared_buffers",
    "work_mem",
    "maintenance_work_mem",
    "max_parallel_workers_per_gather",
    "jit",
)


def describe_machine(arena: Arena) -> Machine:
    """Describe where the benchmark runs."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        system=f"{_distribution()}, Linux {platform.release()}",
        load_before=round(os.getloadavg()[0], 2),
        versions=_versions(arena),
        server_settings=_server_settings(arena),
        commit=_commit(),
    )


def _versions(arena: Arena) -> dict[str, str]:
    versions = {
        "PostgreSQL": str(arena.value(sql.SQL("show server_version"))),
        "PostGIS": str(arena.value(sql.SQL("select postgis_lib_version()"))),
        "Python": platform.python_version(),
    }
    if shutil.which("ogr2ogr") is not None:
        words = _output("ogr2ogr", "--version").split()  # GDAL 3.6.2, released ...
        versions["GDAL"] = words[1].rstrip(",")
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _server_settings(arena: Arena) -> dict[str, str]:
    show = sql.SQL("select current_setting(%s)")
    return {name: str(arena.value(show, name)) for name in SERVER_SETTINGS}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _commit() -> str | None:
    return _output("git", "-C", str(PROJECT_ROOT), "rev-parse", "--short", "HEAD") or None


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
