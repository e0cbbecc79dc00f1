"""Running job ``main`` in this process, on the instance that the UI shows."""

import uuid
from collections.abc import Callable

import dagster as dg

from orchestration.assets.source import SourceConfig
from orchestration.automation.jobs import MAIN
from orchestration.definitions import build_defs
from orchestration.instance import persistent_instance
from warehouse.access import connect
from warehouse.connection.roles import Role

Listener = Callable[[dg.EventLogEntry], None]

REPOSITORY_TAG = {".dagster/repository": "__repository__@orchestration.definitions"}
"""Lets the UI list the run below the job of its code location."""


def run_main(source: SourceConfig, *, listener: Listener) -> dg.ExecuteInProcessResult:
    """Run the whole graph.

    Args:
        source: Where the data come from.
        listener: Is called with each event of the run.

    Raises:
        Exception: What a step raised; the run is recorded as failed.
    """
    with persistent_instance() as instance:
        run_id = str(uuid.uuid4())
        instance.add_event_listener(run_id, listener)
        return (
            build_defs()
            .resolve_job_def(MAIN.name)
            .execute_in_process(
                run_config=dg.RunConfig(ops={"source_data": source}),
                instance=instance,
                run_id=run_id,
                tags=REPOSITORY_TAG,
            )
        )


def example_chip() -> str | None:
    """Return the name of a chip to try things with: the one where most is built soon."""
    query = (
        "select chip_id from marts.dim_chip left join ml.chip_forecast using (chip_key) "
        "order by q50 desc nulls last, chip_key limit 1"
    )
    with connect(role=Role.ANALYST) as connection:
        row = connection.execute(query).fetchone()
    return None if row is None else str(row[0])
