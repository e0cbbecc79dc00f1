"""What Dagster's daemon asks whether a run is still at work; named in ``dagster.yaml``."""

from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.dagster_run import DagsterRun
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

from orchestration.runs.marks import GONE, session_of
from warehouse.access import dsn
from warehouse.connection.errors import UserError
from warehouse.running.lock import live_sessions

ANSWER_SECONDS = 5


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, which besides knows when a run's process is gone.

    The daemon then marks the run as failed; Dagster's launcher alone has it started for good.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Tell the daemon that it may ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Tell whether the process of a run is at work.

        It gives its session back after the last step, and only then writes that it has ended: so
        a run without a session is at work while the code server has a process for it.
        """
        session = session_of(run)
        try:
            is_held = session is not None and session in live_sessions(dsn())
            is_alive = is_held or self._code_server_knows(run)
        except UserError as error:
            return CheckRunHealthResult(WorkerStatus.UNKNOWN, str(error))
        status = WorkerStatus.RUNNING if is_alive else WorkerStatus.FAILED
        return CheckRunHealthResult(status, None if is_alive else GONE)

    def _code_server_knows(self, run: DagsterRun) -> bool:
        """Ask about a run without a session: it starts or ends, or it died."""
        try:
            client = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
            if client is None:
                return False
            request = CanCancelExecutionRequest(run_id=run.run_id)
            answer = client.can_cancel_execution(request, timeout=ANSWER_SECONDS)
            return deserialize_value(answer, CanCancelExecutionResult).can_cancel
        except Exception:  # noqa: BLE001 (whatever gRPC raises, the server does not answer)
            return False
