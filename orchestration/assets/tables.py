"""Records as a table of metadata, as the UI shows it."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg


def table_of(
    records: Iterable[Mapping[str, Any]], columns: Mapping[str, str]
) -> dg.TableMetadataValue:
    """Return records as a table, in the order given.

    Args:
        records: Values by column.
        columns: Dagster's type of each column, in order.
    """
    return dg.MetadataValue.table(
        [dg.TableRecord(record) for record in records],
        schema=dg.TableSchema([dg.TableColumn(name, kind) for name, kind in columns.items()]),
    )
