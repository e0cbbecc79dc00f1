"""MLflow without a server: its records in schema ``mlflow``, its artefacts on disk.

MLflow is imported when it is first needed: that takes seconds, and only after its telemetry is off.
"""

import contextlib
import functools
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from warehouse.access import dsn, sqlalchemy_url
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings
from warehouse.running.lock import held_session, live_sessions

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

EXPERIMENT: Final = "building-growth"

EXPERIMENT_TAGS: Final = {
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": (
        "Forecasts of building growth: each run judges a way to train by backtest, beside the "
        "plain forecasts, and trains a model on all months. The card of a run is its artifact "
        "`card/model_card.html`."
    ),
}
"""Kind (MLflow's word for experiments of trained models) and description."""

_SESSION_TAG: Final = "sn7.session"


def mlflow_client() -> "MlflowClient":
    """Return a client on the warehouse's own database.

    The first one in a new database waits for MLflow to create its tables.

    Raises:
        UserError: The database cannot be reached.
    """
    return _client(sqlalchemy_url(schema="mlflow", role=Role.TRAINER))


@functools.lru_cache(maxsize=1)
def _client(url: str) -> "MlflowClient":
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    # No connection stays open between two writes: the database may be dropped or restarted.
    os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
    logger.info("opening MLflow; in a new database it first creates its tables")
    with warnings.catch_warnings():
        # MLflow 3.17 trips over deprecations of its own dependencies while it is imported.
        warnings.simplefilter("ignore")
        import mlflow  # noqa: PLC0415 - seconds, and after its telemetry is off

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    client = mlflow.MlflowClient(tracking_uri=url, registry_uri=url)
    client.search_experiments(max_results=1)
    return client


def open_mlflow() -> ModuleType:
    """Return MLflow with the warehouse as its store, for notebooks and prompts.

    After it, ``mlflow.pyfunc.load_model("models:/building-growth@champion")`` finds the model.
    """
    url = sqlalchemy_url(schema="mlflow", role=Role.TRAINER)
    _client(url)
    with remarks_left_out():
        import mlflow.pyfunc  # noqa: PLC0415 - see the module's docstring

    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    return mlflow


def experiment_id(client: "MlflowClient") -> str:
    """Return the id of the experiment, created with its artefacts below ``settings.mlflow``."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        location = (get_settings().mlflow / EXPERIMENT).as_uri()
        return str(client.create_experiment(EXPERIMENT, location, tags=EXPERIMENT_TAGS))
    for name, value in EXPERIMENT_TAGS.items():
        if experiment.tags.get(name) != value:
            client.set_experiment_tag(experiment.experiment_id, name, value)
    return str(experiment.experiment_id)


def artifact_folder(client: "MlflowClient", run_id: str) -> Path:
    """Return the folder of a run's artefacts, which may be gone."""
    return Path(unquote(urlsplit(client.get_run(run_id).info.artifact_uri).path))


@contextlib.contextmanager
def tracked_run(
    client: "MlflowClient", params: Mapping[str, object], *, name: str, tags: Mapping[str, str]
) -> Iterator[str]:
    """Open a run and close it as finished, or as failed where the block raises; yields its id.

    Runs that a killed process left open are closed first.

    Args:
        client: MLflow.
        params: Tunables, written at once.
        name: Of the run, for people.
        tags: Of the run.
    """
    from mlflow.entities import Param  # noqa: PLC0415 - see the module's docstring

    experiment = experiment_id(client)
    _close_dead_runs(client, experiment)
    session = held_session()
    ours = {_SESSION_TAG: session.name} if session else {}
    run_id = str(client.create_run(experiment, tags={**tags, **ours}, run_name=name).info.run_id)
    try:
        values = [Param(key, str(value)) for key, value in params.items()]
        client.log_batch(run_id, params=values)
        yield run_id
    except BaseException:
        client.set_terminated(run_id, status="FAILED")
        raise
    client.set_terminated(run_id, status="FINISHED")


def _close_dead_runs(client: "MlflowClient", experiment: str) -> None:
    """Mark as killed the runs whose process is gone: its session of the database has ended."""
    started = client.search_runs([experiment], filter_string="attributes.status = 'RUNNING'")
    if not started:
        return
    live = live_sessions(dsn())
    for run in started:
        if run.data.tags.get(_SESSION_TAG) not in live:
            client.set_terminated(run.info.run_id, status="KILLED")


@contextlib.contextmanager
def remarks_left_out() -> Iterator[None]:
    """Leave out MLflow's remarks on what is meant so, such as types of whole numbers."""
    logger = logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)
