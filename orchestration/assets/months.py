"""Months as partitions: which are loaded, built and forecast, and building some of them anew.

The assets that do the work have no partitions: a run works on whatever months have changed. So the
run says itself which these were, by an event for each, on assets that no step computes.
"""

import warnings
from typing import Final

import dagster as dg
from dagster_dbt import DbtCliResource
from dagster_shared.utils.warnings import BetaWarning
from pydantic import Field

from orchestration.assets.transform import build_all
from orchestration.dbt.months import MONTHS, Stage, forget_built, record_months
from orchestration.owners import DATA_ENGINEERING, MACHINE_LEARNING
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.running.lock import RunSession


def _seen(stage: Stage, behind: list[str], owner: str, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        stage.key,
        deps=[behind],
        partitions_def=MONTHS,
        group_name="months",
        owners=[owner],
        description=description,
    )


SEEN: Final = [
    _seen(
        Stage.LOADED,
        ["raw", "image"],
        DATA_ENGINEERING,
        "Months of which images are loaded; written when a load changes one of them.",
    ),
    _seen(
        Stage.BUILT,
        ["marts", "fact_chip_month"],
        DATA_ENGINEERING,
        "Months that the star has; written when a build changes one of them.",
    ),
    _seen(
        Stage.FORECAST,
        ["ml", "chip_forecast"],
        MACHINE_LEARNING,
        "Months that forecasts start from; written when they change.",
    ),
]


class MonthsConfig(dg.Config):
    """Which months to build anew, where the run has no partitions.

    Attributes:
        months: Time keys such as 201801, in any order.
    """

    months: list[int] = Field(default=[])


def _rebuilt(
    context: dg.AssetExecutionContext,
    config: MonthsConfig,
    dbt: DbtCliResource,
    run_lock: dg.ResourceParam[RunSession],  # noqa: ARG001 (held while dbt runs)
) -> None:
    """Months built anew from the raw tables, on request: one, a range or any set, in one run.

    Everything that depends on them follows; the tables end as one build of everything leaves them.
    """
    has_keys = context.has_partition_key or context.has_partition_key_range
    months = [int(key) for key in context.partition_keys] if has_keys else config.months
    with connect(role=Role.TRANSFORMER, autocommit=True) as connection:
        forget_built(connection, months)
        build_all(context, dbt, connection)
    record_months(context, Stage.BUILT)


with warnings.catch_warnings():
    # A backfill in one run is a beta of Dagster's, which says so at each start.
    warnings.simplefilter("ignore", BetaWarning)
    rebuilt = dg.asset(
        key=["months", "rebuilt"],
        partitions_def=MONTHS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="months",
        owners=[DATA_ENGINEERING],
        kinds={"dbt", "postgres"},
    )(_rebuilt)
