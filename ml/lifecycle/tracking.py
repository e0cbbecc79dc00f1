"""MLflow without a server: runs and registry in schema ``mlflow``, artefacts on disk.

MLflow is imported when it is first needed: that takes seconds, and only after its telemetry is off.
"""

import contextlib
import functools
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from ml.model.chip_model import ForecastModel
from ml.model.errors import BundleError
from warehouse.access import dsn, sqlalchemy_url
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings
from warehouse.running.lock import held_session, live_sessions

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

EXPERIMENT: Final = "building-growth"
MODEL_NAME: Final = "building-growth"
CHAMPION: Final = "champion"
BUNDLE_FOLDER: Final = "model"

_FINGERPRINT_TAG: Final = "fingerprint"
_SESSION_TAG: Final = "sn7.session"


@dataclass(frozen=True, slots=True)
class Champion:
    """The registered model in use.

    Attributes:
        version: Its version in the registry.
        model: The model of its bundle.
    """

    version: int
    model: ForecastModel


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


def experiment_id(client: "MlflowClient") -> str:
    """Return the id of the experiment, created with its artefacts below ``settings.mlflow``."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is not None:
        return str(experiment.experiment_id)
    location = (get_settings().mlflow / EXPERIMENT).as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=location))


@contextlib.contextmanager
def tracked_run(client: "MlflowClient", params: Mapping[str, object]) -> Iterator[str]:
    """Open a run and close it as finished, or as failed where the block raises; yields its id.

    Runs that a killed process left open are closed first.
    """
    experiment = experiment_id(client)
    _close_dead_runs(client, experiment)
    session = held_session()
    tags = {_SESSION_TAG: session.name} if session else {}
    run_id = str(client.create_run(experiment, tags=tags).info.run_id)
    try:
        for name, value in params.items():
            client.log_param(run_id, name, value)
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


def log_bundle(client: "MlflowClient", run_id: str, model: ForecastModel) -> None:
    """Keep the model's bundle among the artefacts of the run."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder))
        client.log_artifacts(run_id, folder, artifact_path=BUNDLE_FOLDER)


def register(client: "MlflowClient", run_id: str, model: ForecastModel) -> int:
    """Make the run's model the champion and return its version.

    A model equal to the champion (same data, same tunables) gets no second version.
    """
    current = _champion(client)
    if current is not None and current.model.manifest.fingerprint == model.manifest.fingerprint:
        return current.version
    _ensure_registered_model(client)
    source = f"{client.get_run(run_id).info.artifact_uri}/{BUNDLE_FOLDER}"
    version = client.create_model_version(
        MODEL_NAME, source, run_id=run_id, tags={_FINGERPRINT_TAG: model.manifest.fingerprint}
    )
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, version.version)
    return int(version.version)


def champion() -> Champion | None:
    """Return the registered model in use; none where there is none or its bundle cannot be read."""
    return _champion(mlflow_client())


def _champion(client: "MlflowClient") -> Champion | None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see the module's docstring

    try:
        version = client.get_model_version_by_alias(MODEL_NAME, CHAMPION)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise
    folder = Path(unquote(urlsplit(version.source).path))
    try:
        model = ForecastModel.load(folder)
    except BundleError as error:
        # The home was removed, or the bundle is of an older form: the next model takes its place.
        logger.warning("champion version %s counts as none: %s", version.version, error)
        return None
    number = int(version.version)
    return Champion(version=number, model=model.with_version(number))


def _ensure_registered_model(client: "MlflowClient") -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see the module's docstring

    try:
        client.create_registered_model(MODEL_NAME)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def log_metrics(client: "MlflowClient", run_id: str, values: Mapping[str, float]) -> None:
    """Keep all metrics of a run in one write."""
    from mlflow.entities import Metric  # noqa: PLC0415 - see the module's docstring

    now = int(time.time() * 1000)
    metrics = [Metric(key=key, value=value, timestamp=now, step=0) for key, value in values.items()]
    client.log_batch(run_id, metrics=metrics)
