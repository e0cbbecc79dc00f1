"""Who loads the CSV: our loader and its peers, each with its command and what it needs."""

import importlib.util
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from benchmarks.arena import PEER_SCHEMA

SLOW_SHARE: Final = 0.1
"""Share of the rows that slow peers get; their time is scaled up."""


class Kept(StrEnum):
    """What a contender leaves in the database."""

    TEXT = "text"
    GEOMETRY = "geometry"
    RAW = "checked, each polygon once"


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to load the CSV.

    Attributes:
        key: Name of its step in the results, of its table and of its log.
        label: Name for people.
        kept: What is in the database afterwards.
        needs: Programs and Python packages without which it is left out.
        command: Program and arguments; ``{csv}`` stands for the file.
        prepare: SQL that is run before, outside of the time.
        slow: Whether it gets only ``SLOW_SHARE`` of the rows of a big file.
    """

    key: str
    label: str
    kept: Kept
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    prepare: str | None = None
    slow: bool = False

    @property
    def table(self) -> str:
        """The table or view that holds its rows afterwards."""
        return "raw.observation" if self.kept is Kept.RAW else f"{PEER_SCHEMA}.{self.key}"

    def command_for(self, csv: Path) -> list[str]:
        """Return program and arguments for a file."""
        return [part.replace("{csv}", str(csv)) for part in self.command]

    def missing(self) -> str | None:
        """Say what is not installed here, or None."""
        absent = [name for name in self.needs if not _is_installed(name)]
        return f"not installed: {', '.join(absent)}" if absent else None


def _is_installed(name: str) -> bool:
    return shutil.which(name) is not None or importlib.util.find_spec(name) is not None


def _peer(key: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"benchmarks.peers.{key}", "{csv}", f"{PEER_SCHEMA}.{key}")


_PSQL: Final = ("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")
_TEXT_COLUMNS: Final = "(filename text, id text, geometry text)"


def _copy(key: str) -> str:
    return f"\\copy {PEER_SCHEMA}.{key} from '{{csv}}' with (format csv, header)"


UNIT: Final = Contender(
    "psql_copy",
    "psql \\copy (the unit)",
    Kept.TEXT,
    (*_PSQL, f"--command={_copy('psql_copy')}"),
    needs=("psql",),
    prepare=f"create table {PEER_SCHEMA}.psql_copy {_TEXT_COLUMNS}",
)
OURS: Final = Contender(
    "ours", "this project's loader", Kept.RAW, (sys.executable, "-m", "loaders", "load", "{csv}")
)
CONTENDERS: Final = (
    UNIT,
    OURS,
    Contender(
        "psql_copy_new",
        "psql \\copy into a new table",
        Kept.TEXT,
        (
            *_PSQL,
            "--single-transaction",
            f"--command=create table {PEER_SCHEMA}.psql_copy_new {_TEXT_COLUMNS}",
            f"--command={_copy('psql_copy_new')}",
        ),
        needs=("psql",),
    ),
    Contender(
        "adbc_ingest",
        "ADBC ingest, read by pyarrow",
        Kept.TEXT,
        _peer("adbc_ingest"),
        needs=("adbc_driver_postgresql", "pyarrow"),
    ),
    Contender(
        "polars_copy",
        "Polars and psycopg COPY",
        Kept.TEXT,
        _peer("polars_copy"),
        needs=("polars", "psycopg"),
    ),
    Contender(
        "ogr2ogr",
        "ogr2ogr",
        Kept.GEOMETRY,
        (
            "ogr2ogr",
            *("--config", "PG_USE_COPY", "YES"),
            *("-f", "PostgreSQL", "PG:", "{csv}"),
            *("-oo", "AUTODETECT_TYPE=YES", "-oo", "GEOM_POSSIBLE_NAMES=geometry"),
            *("-oo", "KEEP_GEOM_COLUMNS=NO"),
            *("-lco", "SPATIAL_INDEX=NONE", "-nlt", "POLYGON", "-nln", f"{PEER_SCHEMA}.ogr2ogr"),
        ),
        needs=("ogr2ogr",),
        slow=True,
    ),
    Contender(
        "pandas_to_sql",
        "pandas to_sql",
        Kept.TEXT,
        _peer("pandas_to_sql"),
        needs=("pandas", "sqlalchemy", "psycopg2"),
        slow=True,
    ),
    Contender(
        "geopandas_to_postgis",
        "geopandas to_postgis",
        Kept.GEOMETRY,
        _peer("geopandas_to_postgis"),
        needs=("geopandas", "geoalchemy2", "psycopg2"),
        slow=True,
    ),
)
