"""Old runs of Dagster leave with their events and logs; what they said of months stays."""

import shutil
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES

from orchestration.dbt.months import Stage, noted_months
from warehouse.connection.settings import get_settings


def prune_dagster_runs(instance: dg.DagsterInstance, days: int) -> list[str]:
    """Delete the runs that ended long ago, with their events and logs; return their ids.

    Args:
        instance: Where they are kept.
        days: Age from which they leave.
    """
    before = datetime.now(UTC) - timedelta(days=days)
    old = instance.get_runs(dg.RunsFilter(statuses=list(FINISHED_STATUSES), updated_before=before))
    for run in old:
        instance.delete_run(run.run_id)
        shutil.rmtree(get_settings().dagster / "storage" / run.run_id, ignore_errors=True)
    if old:
        say_again(instance)
    return [run.run_id for run in old]


def say_again(instance: dg.DagsterInstance) -> dict[str, list[int]]:
    """Write the events of months anew that went with their run; return the months by stage."""
    said = {}
    for stage in Stage:
        shown = instance.get_materialized_partitions(stage.key)
        lost = [month for month in noted_months(stage) if str(month) not in shown]
        instance.add_dynamic_partitions("month", [str(month) for month in lost])
        for month in lost:
            instance.report_runless_asset_event(
                dg.AssetMaterialization(stage.key, partition=str(month))
            )
        said[str(stage)] = lost
    return said
