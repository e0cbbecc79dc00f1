"""The monthly report."""

import dagster as dg

from orchestration.owners import DATA_ENGINEERING
from orchestration.report.writing import write_report
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings


@dg.asset(
    key=["monitoring", "report"],
    deps=[["marts", "fact_chip_month"], ["ml", "chip_forecast"]],
    group_name="monitoring",
    owners=[DATA_ENGINEERING],
    kinds={"html"},
)
def report() -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster takes it bare only
    """One page on the last months: what was seen, how forecasts did, trainings, the inbox."""
    path = get_settings().artifacts / "report.html"
    with connect(role=Role.ORCHESTRATOR) as connection:
        text = write_report(connection, path)
    return dg.MaterializeResult(
        metadata={"file": dg.MetadataValue.path(path), "report": dg.MetadataValue.md(text)}
    )
