"""The raw tables, loaded by ``loaders`` in one transaction."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg

from loaders.load import load
from orchestration.checks import reports
from orchestration.dbt.counts import row_counts
from warehouse.access import connect
from warehouse.connection.roles import Role

RAW_TABLES = {
    "load_run": "One row per load: its source, and the rows read, loaded and rejected.",
    "image": "One row per image: its name in parts, and the load that last changed its rows.",
    "footprint": "One row per distinct polygon of a building, in pixels, to the letter.",
    "observation": "One row per building, chip and month that the source lists.",
    "rejected_row": "One row per row of a source that could not be loaded, with the reason.",
    "unusable_area": "One row per polygon of unusable data (cloud, haze) of a chip and month.",
    "aoi": "One row per area of interest of the user's own.",
    "town": "One row per chip: the town nearest to it.",
}

REASONS_SHOWN = 5


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["raw", table],
            deps=["source_data"],
            group_name="raw",
            kinds={"postgres"},
            description=description,
        )
        for table, description in RAW_TABLES.items()
    ],
    ins={"source_data": dg.AssetIn("source_data")},
    check_specs=[reports.NOTHING_REJECTED, reports.READ_IS_KEPT],
)
def raw_tables(source_data: str) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Load the source; images that did not change stay as they are."""
    report = load(Path(source_data), progress=False)
    with connect(role=Role.ORCHESTRATOR) as connection:
        counts = row_counts(connection, schema="raw", tables=RAW_TABLES)
        reasons = rejection_reasons(connection, report.load_id)
    extra: dict[str, dict[str, Any]] = {
        "load_run": {
            "state": str(report.state),
            "rows_read": report.rows_read,
            "rows_loaded": report.rows_loaded,
            "rows_rejected": report.rows_rejected,
        },
        "rejected_row": {"reasons": reasons},
    }
    for table, count in counts.items():
        metadata = {"dagster/row_count": count, **extra.get(table, {})}
        yield dg.MaterializeResult(asset_key=["raw", table], metadata=metadata)
    yield reports.nothing_rejected(report.rows_rejected)
    yield reports.read_is_kept(
        read=report.rows_read, loaded=report.rows_loaded, rejected=report.rows_rejected
    )


def rejection_reasons(connection: psycopg.Connection, load_id: int) -> dict[str, int]:
    """Count the rejected rows of a load by the phrase that opens their reason, most first."""
    query = (
        "select split_part(reason, ':', 1) as phrase, count(*) from raw.rejected_row "
        "where load_id = %s group by phrase order by count(*) desc, phrase limit %s"
    )
    return dict(connection.execute(query, (load_id, REASONS_SHOWN)).fetchall())
