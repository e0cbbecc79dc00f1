"""The raw tables, loaded by ``loaders`` in one transaction."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import dagster as dg
import psycopg
import yaml

from loaders.forms.origin import is_generated
from loaders.load import LoadReport, load
from loaders.sources import forget
from orchestration.assets.holdings import holdings, holdings_table
from orchestration.assets.source import Arrivals
from orchestration.checks import reports
from orchestration.dbt.counts import row_counts
from orchestration.dbt.months import Stage, record_months
from orchestration.inbox.delivery import Delivery, take, withdraw
from orchestration.owners import DATA_ENGINEERING
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
            owners=[DATA_ENGINEERING],
            description=description,
        )
        for table, description in RAW_TABLES.items()
    ],
    ins={"source_data": dg.AssetIn("source_data")},
    required_resource_keys={"run_lock"},
    check_specs=[
        reports.NOTHING_REJECTED,
        reports.READ_IS_KEPT,
        reports.INBOX_WAS_TAKEN,
    ],
)
def raw_tables(
    context: dg.AssetExecutionContext, source_data: Arrivals
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Load what has arrived and take out what has left; images that did not change stay.

    Without arrivals, the tables are what they are.
    """
    arrived = _arrived(source_data, context.run.run_id)
    loads = arrived.reports
    with connect(role=Role.ORCHESTRATOR) as connection:
        counts = row_counts(connection, schema="raw", tables=RAW_TABLES)
        reasons = rejection_reasons(connection, [one.load_id for one in loads])
    extra: dict[str, dict[str, Any]] = {
        "load_run": {**_figures(arrived), "sources": holdings_table(holdings())},
        "rejected_row": {"reasons": reasons},
    }
    for table, count in counts.items():
        metadata = {"dagster/row_count": count, **extra.get(table, {})}
        yield dg.MaterializeResult(asset_key=["raw", table], metadata=metadata)
    rejected = sum(one.rows_rejected for one in loads)
    yield reports.nothing_rejected(rejected, reasons)
    yield reports.read_is_kept(
        read=sum(one.rows_read for one in loads),
        loaded=sum(one.rows_loaded for one in loads),
        rejected=rejected,
    )
    yield reports.inbox_was_taken(arrived.refused)
    record_months(context, Stage.LOADED)


def _arrived(arrivals: Arrivals, run_id: str) -> Delivery:
    """Withdraw, then load: the path that was given, then what lies in the inbox."""
    withdrawn = withdraw(arrivals.forget)
    loads = [] if arrivals.path is None else [_loaded(Path(arrivals.path))]
    if not arrivals.inbox and not arrivals.gone:
        return Delivery(tuple(loads), {}, withdrawn)
    taken = take(arrivals.inbox, arrivals.gone, run_id=run_id, follow=step.report_load)
    return Delivery((*loads, *taken.reports), taken.refused, {**withdrawn, **taken.withdrawn})


def _loaded(path: Path) -> LoadReport:
    """Load a source; a generated one takes the place of all that was generated before."""
    earlier = [one.name for one in holdings() if one.is_generated]
    report = load(path, progress=step.report_load)
    if is_generated(path):
        for name in earlier:
            if name != report.source:
                forget(name)
    return report


def _figures(arrived: Delivery) -> dict[str, Any]:
    if not arrived.reports:
        figures: dict[str, Any] = {"state": NOTHING_LOADED}
    else:
        states = {str(one.state) for one in arrived.reports}
        figures = {
            "state": min(states) if len(states) == 1 else "loaded",
            **{
                name: sum(getattr(one, name) for one in arrived.reports)
                for name in ("rows_read", "rows_loaded", "rows_rejected")
            },
            "warnings": [warning for one in arrived.reports for warning in one.warnings],
            "made_way": {name: n for one in arrived.reports for name, n in one.made_way},
        }
    return figures | {"refused": arrived.refused, "withdrawn": arrived.withdrawn}


def rejection_reasons(connection: psycopg.Connection, load_ids: list[int]) -> dict[str, int]:
    """Count the rejected rows of loads by the phrase that opens their reason, most first."""
    query = (
        "select split_part(reason, ':', 1) as phrase, count(*) from raw.rejected_row "
        "where load_id = any(%s) group by phrase order by count(*) desc, phrase limit %s"
    )
    return dict(connection.execute(query, (load_ids, REASONS_SHOWN)).fetchall())
