"""What the warehouse holds: the sources of its images, and whether they are generated."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dagster as dg
import psycopg

MARKER: Final = "synthesis.json"
"""Stands in the folder of a generated data set."""

GENERATED: Final = "generated"
OWN: Final = "own"


@dataclass(frozen=True, slots=True)
class Holding:
    """A source that the warehouse has images of.

    Attributes:
        source: Its identity in the ledger.
        is_generated: It is of a generated data set.
        images: Images that it brought.
    """

    source: str
    is_generated: bool
    images: int

    @property
    def kind(self) -> str:
        """``generated`` or ``own``."""
        return GENERATED if self.is_generated else OWN


def holdings(connection: psycopg.Connection) -> tuple[Holding, ...]:
    """Return the sources that the warehouse has images of, by name.

    Args:
        connection: Of a role that reads schema ``raw``.
    """
    made = connection.execute("select to_regclass('raw.image_source') is not null").fetchone()
    if made is None or not made[0]:
        return ()
    query = "select source, count(*) from raw.image_source group by source order by source"
    return tuple(
        Holding(source, _is_generated(Path(source)), images)
        for source, images in connection.execute(query).fetchall()
    )


def holdings_table(found: tuple[Holding, ...]) -> dg.TableMetadataValue:
    """Return the sources as a table of metadata."""
    records = [
        dg.TableRecord({"source": one.source, "kind": one.kind, "images": one.images})
        for one in found
    ]
    columns = {"source": "string", "kind": "string", "images": "int"}
    schema = dg.TableSchema([dg.TableColumn(name, kind) for name, kind in columns.items()])
    return dg.MetadataValue.table(records, schema=schema)


def _is_generated(path: Path) -> bool:
    return any((folder / MARKER).is_file() for folder in (path, path.parent))
