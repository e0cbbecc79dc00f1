"""Training closes the MLflow runs that a killed process left open."""

from ml.lifecycle import tracking
from tests.fixtures.trained import Trained
from warehouse.running.lock import hold


def test_a_run_whose_process_is_gone_is_marked_as_killed(in_trained: Trained) -> None:
    client = tracking.mlflow_client()
    experiment = tracking.experiment_id(client)
    dead = client.create_run(experiment, tags={"sn7.session": "1@2"}).info.run_id

    with (
        hold(in_trained.conninfo, "python -m ml train"),
        tracking.tracked_run(client, {}, name="by hand", tags={}) as outer,
        tracking.tracked_run(client, {}, name="by hand", tags={}) as inner,
    ):
        assert client.get_run(dead).info.status == "KILLED"
        assert client.get_run(outer).info.status == "RUNNING"
    assert {client.get_run(run).info.status for run in (outer, inner)} == {"FINISHED"}
