"""What the warehouse holds, as the ledger tells it, for a run's metadata."""

from collections.abc import Iterable
from typing import Final

import dagster as dg

from loaders.raw.sources import KnownSource
from loaders.sources import known_sources
from orchestration.assets.tables import table_of

GENERATED: Final = "generated"
OWN: Final = "own"


def holdings() -> list[KnownSource]:
    """Return the sources that the warehouse has images of, by name."""
    return [source for source in known_sources() if source.claims]


def holdings_table(found: Iterable[KnownSource]) -> dg.TableMetadataValue:
    """Return sources as a table of metadata: each with its kind and its images."""
    records = [
        {
            "source": one.name,
            "kind": GENERATED if one.is_generated else OWN,
            "images": one.images,
        }
        for one in found
    ]
    return table_of(records, {"source": "string", "kind": "string", "images": "int"})
