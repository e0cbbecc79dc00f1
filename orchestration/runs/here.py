"""Running job ``main`` in this process, on the instance that the UI shows.

The run is created as the UI creates one, with the origin of its code location, so the UI can
execute it again, whole or from where it failed.
"""

import sys
import uuid
from collections.abc import Callable
from typing import Final

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from orchestration.assets.source import SourceConfig
from orchestration.automation.jobs import MAIN
from orchestration.instance import persistent_instance
from orchestration.runs.marks import close_dead_runs, mark
from warehouse.access import dsn
from warehouse.connection.settings import PROJECT_ROOT
from warehouse.running.lock import RunSession, live_sessions

MODULE: Final = "orchestration.definitions"
REPOSITORY: Final = "__repository__"
INTERRUPTED: Final = "interrupted on the terminal"

Listener = Callable[[dg.EventLogEntry], None]


def run_main(
    source: SourceConfig, *, session: RunSession, listener: Listener
) -> dg.JobExecutionResult:
    """Run the whole graph; first close the runs whose process is gone.

    Args:
        source: Where the data come from.
        session: Holds the run lock for this process.
        listener: Is called with each event of the run.

    Raises:
        KeyboardInterrupt: Interrupted; the run is recorded as canceled.
        Exception: What a step raised; the run is recorded as failed.
    """
    job, run_id = _job(), str(uuid.uuid4())
    with persistent_instance() as instance:
        close_dead_runs(instance, live_sessions(dsn()))
        instance.add_event_listener(run_id, listener)
        try:
            run = _created(instance, job, run_id, source, session)
            return execute_run(job, run, instance, raise_on_error=True)
        except (KeyboardInterrupt, DagsterExecutionInterruptedError):
            if session.lost is None:
                _cancel(instance, run_id)
            raise KeyboardInterrupt from None


def _job() -> ReconstructableJob:
    repository = ReconstructableRepository.for_module(
        MODULE, fn_name="defs", working_directory=str(PROJECT_ROOT)
    )
    return repository.get_reconstructable_job(MAIN.name)


def _created(
    instance: dg.DagsterInstance,
    job: ReconstructableJob,
    run_id: str,
    source: SourceConfig,
    session: RunSession,
) -> dg.DagsterRun:
    return instance.create_run_for_job(
        job_def=job.get_definition(),
        run_id=run_id,
        run_config=dg.RunConfig(ops={"source_data": source}).to_config_dict(),
        tags={".dagster/repository": f"{REPOSITORY}@{MODULE}", **mark(run_id, session.name)},
        remote_job_origin=_origin(),
        job_code_origin=job.get_python_origin(),
    )


def _origin() -> RemoteJobOrigin:
    target = LoadableTargetOrigin(
        executable_path=sys.executable, module_name=MODULE, working_directory=str(PROJECT_ROOT)
    )
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, location_name=MODULE)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY), MAIN.name)


def _cancel(instance: dg.DagsterInstance, run_id: str) -> None:
    """Record an interrupted run as canceled; Dagster has it as failed."""
    run = instance.get_run_by_id(run_id)
    if run is not None and run.status is not dg.DagsterRunStatus.SUCCESS:
        instance.report_run_canceled(run, INTERRUPTED)
