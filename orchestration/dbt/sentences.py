"""What a dbt test claims, in a sentence, and the rows that break it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import dagster as dg
import psycopg

EVIDENCE_SHOWN: Final = 5
"""Rows that break a test, as its check shows them."""

_SHOWN_CHARACTERS: Final = 200

Node = Mapping[str, Any]


def claim(node: Node) -> str:
    """Return what a test claims; a description of its own follows in the second sentence.

    Args:
        node: Of dbt's manifest.
    """
    own = " ".join(str(node.get("description") or "").split())
    return f"{_claim(node)} {own}".strip()


_CLAIMS: Final = {
    "not_null": "{columns} of {table} is never null.",
    "unique": "No two rows of {table} have the same {columns}.",
    "unique_key": "{table} has one row per {columns}.",
    "keys_are_held": "The database holds every key that {table} declares.",
    "relates_to": "Every {columns} of {table} is a {keys} of {other}.",
    "accepted_values": "{columns} of {table} is one of: {values}.",
}
"""By generic test."""


def _claim(node: Node) -> str:
    test = node.get("test_metadata")
    if test is None or test["name"] not in _CLAIMS:
        return _of_name(node["name"])
    given = test["kwargs"]
    return _CLAIMS[test["name"]].format(
        table=_table(node),
        columns=_listed(given.get("columns") or [given.get("column_name", "")]),
        keys=_listed(given.get("to_columns", [""])),
        other=given.get("to", "").removeprefix("ref('").removesuffix("')"),
        values=", ".join(map(str, given.get("values", []))),
    )


def _of_name(name: str) -> str:
    words = name.removeprefix("assert_").replace("_", " ").replace("aoi", "AOI")
    return f"{words[:1].upper()}{words[1:]}."


def _table(node: Node) -> str:
    attached = node.get("attached_node")
    return str(attached).rpartition(".")[2] if attached else node["name"]


def _listed(columns: list[str]) -> str:
    return " and ".join([", ".join(columns[:-1]), columns[-1]] if columns[1:] else columns)


def compiled_path(node: Node, target: Path) -> Path:
    """Return where dbt leaves the SQL of a test that it has run."""
    original: Path = target / "compiled" / node["package_name"] / node["original_file_path"]
    return original if node.get("test_metadata") is None else original / node["path"]


def broken_by(
    node: Node, target: Path, connection: psycopg.Connection
) -> dg.TableMetadataValue | None:
    """Return the first rows that break a test; None where they cannot be had.

    Args:
        node: Of dbt's manifest.
        target: dbt's folder of artefacts.
        connection: As the role that builds.
    """
    try:
        query = compiled_path(node, target).read_text(encoding="utf-8")
        cursor = connection.execute(
            f"select * from ({query}\n) as broken limit {EVIDENCE_SHOWN}".encode()  # noqa: S608
        )
    except (OSError, psycopg.Error):
        return None
    names = [column.name for column in cursor.description or ()]
    records = [
        dg.TableRecord(
            {name: str(value)[:_SHOWN_CHARACTERS] for name, value in zip(names, row, strict=True)}
        )
        for row in cursor.fetchall()
    ]
    schema = dg.TableSchema([dg.TableColumn(name) for name in names])
    return dg.MetadataValue.table(records, schema=schema) if records else None
