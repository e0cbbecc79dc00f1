"""Where Dagster keeps its runs."""

from pathlib import Path

import dagster as dg
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from orchestration.instance import STORAGE_URL, persistent_instance, prepare_home


@pytest.fixture(autouse=True)
def _restore_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DAGSTER_HOME", STORAGE_URL, "DAGSTER_DISABLE_TELEMETRY", "PYTHONPATH"):
        monkeypatch.setenv(name, "")


def test_runs_are_kept_in_schema_dagster_by_its_role(database: str) -> None:
    with persistent_instance() as instance:
        assert instance.get_runs_count() == 0

    with psycopg.connect(database) as connection:
        owners = connection.execute(
            "select distinct schemaname, tableowner from pg_tables where tablename = any(%s)",
            (["runs", "event_logs", "asset_keys", "job_ticks"],),
        ).fetchall()
    assert owners == [("dagster", "orchestrator")]


def test_a_run_is_there_for_the_next_process(database: str) -> None:
    job = dg.JobDefinition(graph_def=dg.GraphDefinition(name="nothing"))
    with persistent_instance() as instance:
        assert job.execute_in_process(instance=instance).success

    with persistent_instance() as instance:
        assert [run.job_name for run in instance.get_runs()] == ["nothing"]


def test_no_file_holds_the_password(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = str(conninfo_to_dict(database).get("password", "hidden-word"))
    monkeypatch.setenv("SN7_DSN", make_conninfo(database, password=password))

    environment = prepare_home()

    assert password in environment[STORAGE_URL]
    assert password not in (Path(environment["DAGSTER_HOME"]) / "dagster.yaml").read_text()


def test_telemetry_is_off(database: str) -> None:
    with persistent_instance() as instance:
        assert not instance.telemetry_enabled


def test_one_run_at_a_time(database: str) -> None:
    with persistent_instance() as instance:
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 1
