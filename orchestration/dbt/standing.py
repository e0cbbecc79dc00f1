"""Whether the tables still are what dbt would build: then a run need not start it.

After a whole build the digest of what it was made of is kept in a table of one row; every dbt
command that writes takes it away first (``forget_whole_build`` in the project's macros), so tables
that were built in part, by hand or not to the end never stand.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from orchestration.dbt.project import project_digest

_KEEP: Final = (
    "create table if not exists intermediate.whole_build (digest text not null)",
    "comment on table intermediate.whole_build is 'What the last whole build was made of.'",
    "delete from intermediate.whole_build",
)

BUILT_OF: Final = (
    ("raw", "aoi"),
    ("raw", "image"),
    ("raw", "image_mask"),
    ("raw", "image_source"),
    ("raw", "prediction_image"),
    ("raw", "town"),
    ("raw", "unusable_area"),
    ("scores", "run"),
    ("scores", "chip_score"),
)
"""Tables that say what is built, those of scores once they are there; footprints and rows of an
image have its digest there, and of load runs and rejected rows there are views alone."""


def is_standing(connection: psycopg.Connection, nodes: Mapping[str, Any]) -> bool:
    """Tell whether the last whole build was of these raw tables and this project.

    Args:
        connection: As the role that builds.
        nodes: Of dbt's manifest; each model of them must be there.
    """
    if not _are_there(connection, ["intermediate.whole_build"]):
        return False
    kept = connection.execute("select digest from intermediate.whole_build").fetchall()
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    return kept == [(build_digest(connection),)] and _are_there(
        connection, [f'"{model["schema"]}"."{model["alias"]}"' for model in models]
    )


def keep_standing(connection: psycopg.Connection, digest: str) -> None:
    """Keep what a whole build, just ended, was made of.

    Args:
        connection: As the role that builds, which owns the schema.
        digest: Of before the build, lest a load beside it be taken for built.
    """
    with connection.transaction():
        for statement in _KEEP:
            connection.execute(statement)
        connection.execute("insert into intermediate.whole_build values (%s)", (digest,))


def build_digest(connection: psycopg.Connection) -> str:
    """Return a digest of these tables' rows and of the files of the dbt project."""
    digest = hashlib.sha256(project_digest().encode())
    for schema, table in BUILT_OF:
        if not _are_there(connection, [f"{schema}.{table}"]):
            continue
        rows = connection.execute(
            sql.SQL(
                "select count(*), sum(hashtextextended(t::text, 0)::numeric) from {} as t"
            ).format(sql.Identifier(schema, table))
        ).fetchone()
        digest.update(f"{table} {rows}".encode())
    return digest.hexdigest()


def _are_there(connection: psycopg.Connection, tables: Sequence[str]) -> bool:
    gone = "select count(*) from unnest(%s::text[]) as name where to_regclass(name) is null"
    return connection.execute(gone, (list(tables),)).fetchone() == (0,)
