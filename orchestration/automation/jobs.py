"""Jobs: named selections of the graph, and their schedules."""

import dagster as dg

from orchestration.checks.freshness import FRESHNESS

_AGES = dg.AssetSelection.checks(*FRESHNESS)

REBUILD = dg.define_asset_job(
    "months",
    selection=dg.AssetSelection.assets(["months", "rebuilt"]).without_checks(),
    description="Builds months anew, any set of them in one run, or a range of partitions.",
)

MAIN = dg.define_asset_job(
    "main",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("months", "monitoring") - _AGES,
    description="Everything, from the source data to the packaged service.",
)

FRESH = dg.define_asset_job(
    "freshness",
    selection=_AGES,
    description="Looks whether sources and tables are as new as they should be.",
)

PRUNE = dg.define_asset_job(
    "retention",
    selection=dg.AssetSelection.assets(["monitoring", "retention"]),
    description="Removes what is older than it is kept: runs, packages, models, forecasts.",
)

REPORT = dg.define_asset_job(
    "report",
    selection=dg.AssetSelection.assets(["monitoring", "report"]),
    description="Writes the monthly report.",
)

MONTHLY = dg.ScheduleDefinition(
    name="monthly",
    job=MAIN,
    cron_schedule="0 6 8 * *",
    description="The whole chain on the 8th of each month, when the mosaics of the last are out.",
)

DAILY = dg.ScheduleDefinition(
    name="daily_freshness",
    job=FRESH,
    cron_schedule="30 5 * * *",
    description="Every morning: is everything as new as it should be?",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

WEEKLY = dg.ScheduleDefinition(
    name="weekly_retention",
    job=PRUNE,
    cron_schedule="0 4 * * 0",
    description="Every Sunday: what is old leaves.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

REPORTING = dg.ScheduleDefinition(
    name="monthly_report",
    job=REPORT,
    cron_schedule="0 7 9 * *",
    description="The report, on the 9th of each month.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
