"""What the daemon learns of a run."""

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus

from orchestration.instance import STORAGE_URL, persistent_instance
from orchestration.runs.launcher import WatchedRunLauncher
from orchestration.runs.marks import GONE, mark
from warehouse.running.lock import hold


@pytest.fixture
def instance(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    for name in ("DAGSTER_HOME", STORAGE_URL, "DAGSTER_DISABLE_TELEMETRY", "PYTHONPATH"):
        monkeypatch.setenv(name, "")
    with persistent_instance() as opened:
        yield opened


@pytest.fixture
def launcher(instance: dg.DagsterInstance) -> WatchedRunLauncher:
    found = instance.run_launcher
    assert isinstance(found, WatchedRunLauncher)
    return found


@pytest.fixture
def run(instance: dg.DagsterInstance) -> dg.DagsterRun:
    job = dg.JobDefinition(graph_def=dg.GraphDefinition(name="nothing"))
    return instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)


def marked(instance: dg.DagsterInstance, run: dg.DagsterRun, session: str) -> dg.DagsterRun:
    instance.add_run_tags(run.run_id, mark(run.run_id, session))
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


def test_the_daemon_asks_after_runs(instance: dg.DagsterInstance) -> None:
    assert instance.run_monitoring_enabled
    assert instance.run_launcher.supports_check_run_worker_health


def test_a_run_whose_session_lives_is_at_work(
    instance: dg.DagsterInstance, launcher: WatchedRunLauncher, run: dg.DagsterRun, database: str
) -> None:
    with hold(database, "make run") as session:
        health = launcher.check_run_worker_health(marked(instance, run, session.name))
    assert health.status is WorkerStatus.RUNNING


def test_a_run_whose_session_is_gone_has_failed(
    instance: dg.DagsterInstance, launcher: WatchedRunLauncher, run: dg.DagsterRun
) -> None:
    health = launcher.check_run_worker_health(marked(instance, run, "1@2"))
    assert (health.status, health.msg) == (WorkerStatus.FAILED, GONE)


def test_a_run_that_nobody_knows_has_failed(
    launcher: WatchedRunLauncher, run: dg.DagsterRun
) -> None:
    assert launcher.check_run_worker_health(run).status is WorkerStatus.FAILED
