"""Tables and columns as the dbt manifest has them; what a page makes of them is not told here."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SCHEMAS: Final = ("raw", "staging", "intermediate", "marts", "features", "scores", "layers")
"""In the order of the flow."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its type (empty where the manifest has none), what it means."""

    name: str
    data_type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: the columns here, the name of the table that they lead to."""

    columns: tuple[str, ...]
    table: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view.

    Attributes:
        schema: Its schema.
        name: Its name in the database.
        grain: What one row is, and all else that its description says.
        columns: In the order of the manifest.
        key: Columns of its primary key; empty where it has none.
        references: Its foreign keys.
    """

    schema: str
    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()


def read_tables(manifest: Path) -> list[Table]:
    """Return all sources and models of a manifest, by schema and name."""
    told = json.loads(manifest.read_text("utf-8"))
    nodes = [node for node in told["nodes"].values() if node["resource_type"] == "model"]
    sources = list(told["sources"].values())
    names = {node["name"]: node["alias"] for node in nodes}
    tables = [_table(node, node["alias"], names) for node in nodes]
    tables += [_table(source, source["identifier"], names) for source in sources]
    return sorted(tables, key=lambda table: (SCHEMAS.index(table.schema), table.name))


def _table(node: Mapping[str, Any], name: str, names: Mapping[str, str]) -> Table:
    constraints = node.get("constraints") or []
    columns = tuple(
        Column(column["name"], column.get("data_type") or "", _one_line(column["description"]))
        for column in node["columns"].values()
    )
    return Table(
        schema=node["schema"],
        name=name,
        grain=_one_line(node["description"]),
        columns=columns,
        key=_primary_key(constraints, node["columns"].values()),
        references=tuple(
            Reference(tuple(constraint["columns"]), _referred(constraint, names))
            for constraint in constraints
            if constraint["type"] == "foreign_key"
        ),
    )


def _primary_key(
    constraints: Iterable[Mapping[str, Any]], columns: Iterable[Mapping[str, Any]]
) -> tuple[str, ...]:
    for constraint in constraints:
        if constraint["type"] == "primary_key":
            return tuple(constraint["columns"])
    return tuple(
        column["name"]
        for column in columns
        if any(each["type"] == "primary_key" for each in column.get("constraints") or [])
    )


def _referred(constraint: Mapping[str, Any], names: Mapping[str, str]) -> str:
    text = str(constraint["to"] or constraint["expression"])
    found = re.search(r"ref\('(\w+)'\)", text)
    name = (
        found[1]
        if found
        else text.split("(", maxsplit=1)[0].rsplit(".", maxsplit=1)[-1].strip('" ')
    )
    return names.get(name, name)


def _one_line(text: str) -> str:
    return " ".join(text.split())
