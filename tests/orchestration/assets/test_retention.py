"""What is old leaves: runs, packages, trainings, forecasts, dead rows; what is needed stays."""

import os
import time
from collections.abc import Iterator

import dagster as dg
import psycopg
import pytest

from ml.lifecycle import registry
from ml.lifecycle.forecasting import forecast_chips
from ml.lifecycle.tracking import artifact_folder, experiment_id, mlflow_client
from ml.retention import prune_forecasts, prune_runs
from orchestration.assets.retention import vacuum
from orchestration.runs.retention import prune_dagster_runs
from serving.bento.packaging import LATEST, NAME
from serving.bento.pruning import prune_bentos
from tests.fixtures.trained import Trained
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def test_old_runs_leave_with_events_and_logs_and_those_at_work_stay(
    instance: dg.DagsterInstance, database: str
) -> None:
    job = dg.JobDefinition(graph_def=dg.GraphDefinition(name="main"))
    ended = instance.create_run_for_job(job, status=dg.DagsterRunStatus.SUCCESS)
    at_work = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    logs = get_settings().dagster / "storage" / ended.run_id
    logs.mkdir(parents=True)

    assert prune_dagster_runs(instance, 1) == []
    assert prune_dagster_runs(instance, 0) == [ended.run_id]

    assert [run.run_id for run in instance.get_runs()] == [at_work.run_id]
    assert not logs.exists()


def test_the_newest_packages_and_the_served_one_stay(database: str) -> None:
    bentos = get_settings().bentoml / "bentos" / NAME
    for age, version in enumerate(("1-a", "2-b", "3-c", "4-d")):
        (bentos / version).mkdir(parents=True)
        os.utime(bentos / version, (time.time() + age, time.time() + age))
    (bentos / LATEST).write_text("1-a")

    assert prune_bentos(2) == [f"{NAME}:2-b"]

    assert sorted(path.name for path in bentos.iterdir()) == ["1-a", "3-c", "4-d", LATEST]


def test_trainings_that_nobody_needs_leave_with_their_files(
    trained: Trained, trained_database: str
) -> None:
    client = mlflow_client()
    experiment = experiment_id(client)
    [needed] = client.search_runs([experiment])
    others = [client.create_run(experiment, run_name=f"other {n}").info.run_id for n in range(3)]
    for run in others[:2]:
        client.log_text(run, "a model", "model.txt")
        client.set_terminated(run)
    assert artifact_folder(client, others[0]).exists()

    assert prune_runs(1) == ["other 1", "other 0"]

    left = {run.info.run_id for run in client.search_runs([experiment])}
    assert left == {needed.info.run_id, others[2]}
    assert not artifact_folder(client, others[0]).exists()
    assert registry.champion() is not None


def test_old_forecasts_leave_but_for_the_newest_of_each_chip(
    trained: Trained, trained_database: str
) -> None:
    forecast_chips()
    with connect(role=Role.TRAINER) as connection:
        connection.execute(
            "insert into ml.chip_forecast select chip_key, target, 201801, horizon, q10, q50, q90, "
            "baseline, model_version, now() - interval '4 years' from ml.chip_forecast"
        )
        connection.execute("update ml.chip_forecast set written_at = now() - interval '4 years'")
        [(rows,)] = connection.execute("select count(*) from ml.chip_forecast").fetchall()

    assert prune_forecasts(1_500) == {"chip_forecast": 0, "cell_forecast": 0}
    assert prune_forecasts(1_100) == {"chip_forecast": rows // 2, "cell_forecast": 0}

    with psycopg.connect(trained_database) as connection:
        assert connection.execute(
            "select count(*) from ml.chip_forecast where as_of = 201801"
        ).fetchone() == (0,)


def test_dead_rows_are_freed_where_they_are_many(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table marts.worn as select n from generate_series(1, 5000) as n")
        connection.execute("alter table marts.worn set (autovacuum_enabled = false)")
        connection.execute("update marts.worn set n = n + 1")
        connection.execute("select pg_stat_force_next_flush()")

    with connect(autocommit=True) as connection:
        assert vacuum(connection) == {"marts.worn": 5000}
        connection.execute("select pg_stat_clear_snapshot()")
        assert vacuum(connection) == {}
