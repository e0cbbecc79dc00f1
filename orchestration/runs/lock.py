"""The run lock as a resource: a run of Dagster takes it before its first step."""

from collections.abc import Iterator

import dagster as dg

from orchestration.runs.marks import mark
from warehouse.access import dsn
from warehouse.running.lock import RunSession, hold


@dg.resource(description="Held from a run's first step to its last, whoever started the run.")
def run_lock(context: dg.InitResourceContext) -> Iterator[RunSession]:
    """Wait for the lock, say so in the run's log, and give it back after the last step.

    The process that ``make run`` starts holds it already and goes on at once.
    """
    run, log, instance = context.run, context.log, context.instance

    def announce(session: str) -> None:
        if run is not None and instance is not None:
            instance.add_run_tags(run.run_id, mark(run.run_id, session))

    what = "a run of Dagster" if run is None else f"Dagster run {run.run_id[:8]}"
    say = log.info if log is not None else None
    with hold(dsn(), what, say=say, announce=announce) as session:
        yield session
