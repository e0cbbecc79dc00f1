"""The raw tables, loaded by ``loaders`` in one transaction."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Optional

import dagster as dg
import psycopg
import yaml

from loaders.forms.origin import is_generated
from loaders.load import LoadReport, load
from loaders.sources import forget
from orchestration.assets.holdings import holdings, holdings_table
from orchestration.checks import reports
from orchestration.dbt.counts import row_counts
from orchestration.terminal import step
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT

SOURCES = PROJECT_ROOT / "dbt_project" / "models" / "staging" / "sources.yml"


def described_tables() -> dict[str, str]:
    """Return the raw tables that others read, with their descriptions in the dbt project."""
    [source] = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    return {
        table["name"]: table["description"]
        for table in source["tables"]
        if "for_people" not in table.get("config", {}).get("tags", [])
    }


RAW_TABLES = described_tables()

REASONS_SHOWN = 5

NOTHING_LOADED: Final = "as it was"
"""State of a run that was given no source and found tables with rows."""


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
    required_resource_keys={"run_lock"},
    check_specs=[reports.NOTHING_REJECTED, reports.READ_IS_KEPT],
)
def raw_tables(
    source_data: Optional[str],  # noqa: UP045 (Dagster reads no other form of it)
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Load the source; images that did not change stay as they are.

    Without a source, the tables are what they are.
    """
    report = None if source_data is None else _loaded(Path(source_data))
    with connect(role=Role.ORCHESTRATOR) as connection:
        counts = row_counts(connection, schema="raw", tables=RAW_TABLES)
        reasons = rejection_reasons(connection, report.load_id) if report else {}
    sources = holdings_table(holdings())
    extra: dict[str, dict[str, Any]] = {
        "load_run": {**_figures(report), "sources": sources},
        "rejected_row": {"reasons": reasons},
    }
    for table, count in counts.items():
        metadata = {"dagster/row_count": count, **extra.get(table, {})}
        yield dg.MaterializeResult(asset_key=["raw", table], metadata=metadata)
    read, loaded, rejected = (
        (report.rows_read, report.rows_loaded, report.rows_rejected) if report else (0, 0, 0)
    )
    yield reports.nothing_rejected(rejected)
    yield reports.read_is_kept(read=read, loaded=loaded, rejected=rejected)


def _loaded(path: Path) -> LoadReport:
    """Load a source; a generated one takes the place of all that was generated before."""
    earlier = [one.name for one in holdings() if one.is_generated]
    report = load(path, progress=step.report_load)
    if is_generated(path):
        for name in earlier:
            if name != report.source:
                forget(name)
    return report


def _figures(report: LoadReport | None) -> dict[str, Any]:
    if report is None:
        return {"state": NOTHING_LOADED}
    return {
        "state": str(report.state),
        "rows_read": report.rows_read,
        "rows_loaded": report.rows_loaded,
        "rows_rejected": report.rows_rejected,
        "warnings": list(report.warnings),
        "made_way": dict(report.made_way),
    }


def rejection_reasons(connection: psycopg.Connection, load_id: int) -> dict[str, int]:
    """Count the rejected rows of a load by the phrase that opens their reason, most first."""
    query = (
        "select split_part(reason, ':', 1) as phrase, count(*) from raw.rejected_row "
        "where load_id = %s group by phrase order by count(*) desc, phrase limit %s"
    )
    return dict(connection.execute(query, (load_id, REASONS_SHOWN)).fetchall())
