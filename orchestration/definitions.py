"""What Dagster loads: ``dagster dev -m orchestration.definitions``."""

from collections.abc import Mapping

import dagster as dg

from orchestration.assets import (
    cells,
    model,
    months,
    raw,
    report,
    retention,
    service,
    source,
    trackers,
)
from orchestration.assets.transform import build_dbt_assets
from orchestration.automation.arrivals import build_inbox_sensor
from orchestration.automation.jobs import (
    DAILY,
    FRESH,
    MAIN,
    MONTHLY,
    PRUNE,
    REBUILD,
    REPORT,
    REPORTING,
    WEEKLY,
)
from orchestration.automation.watching import failed_runs, noteworthy_runs
from orchestration.checks.freshness import FRESHNESS
from orchestration.dbt.project import manifest
from orchestration.resources import build_resources


def build_defs(*, resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """Put the graph together.

    Args:
        resource_overrides: Resources in place of those of the same name; for tests.
    """
    return dg.Definitions(
        assets=[
            source.source_data,
            raw.raw_tables,
            trackers.scored_trackers,
            build_dbt_assets(manifest()),
            model.trained_model,
            model.chip_forecast,
            cells.cell_model,
            cells.cell_forecast,
            service.bento,
            *months.SEEN,
            months.rebuilt,
            retention.retention,
            report.report,
        ],
        asset_checks=FRESHNESS,
        jobs=[MAIN, REBUILD, FRESH, PRUNE, REPORT],
        schedules=[MONTHLY, DAILY, WEEKLY, REPORTING],
        sensors=[build_inbox_sensor(), failed_runs, noteworthy_runs],
        resources={**build_resources(), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the graph; called when the code location loads, not when this module does."""
    return build_defs()
