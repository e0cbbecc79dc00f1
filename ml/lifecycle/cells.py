"""The model of cells from feature table to registry and ``ml.cell_forecast``.

It is a registered model of its own beside that of chips, with runs of its own.
"""

import io
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import numpy as np
import polars as pl
import psycopg

from ml.data.cells import CellMonths, read_cell_months
from ml.judging.cell_backtest import CellBacktest, CellBacktestRow, run_cell_backtest
from ml.judging.cell_verdict import CellVerdict, judge_cells
from ml.lifecycle import tracking
from ml.lifecycle.code import code_at_hand
from ml.lifecycle.registry import CHAMPION
from ml.lifecycle.schema import distribute
from ml.model.cell_model import CellModel
from ml.model.errors import BundleError
from ml.model.grid import CELL_HORIZONS
from ml.training.cell_fitting import fit_cells, known_growth
from ml.training.cell_params import CellParams, load_cell_params
from warehouse.access import connect
from warehouse.connection.roles import Role

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

CELL_MODEL_NAME: Final = "building-hot-spots"
TARGET: Final = "growth"

NO_CELL_MODEL: Final = "no model of cells has been registered yet"

_BUNDLE: Final = "cells"
_SCHEMA: Final = Path(__file__).with_name("cells.sql")
_LOCK: Final = 7_702_032
"""Key of the advisory lock under which one process at a time makes tables."""

_REMOVE_GONE = """
    delete from ml.cell_forecast
    where not exists (
        select from features.cell_month
        where
            cell_month.chip_key = cell_forecast.chip_key
            and cell_month.as_of = cell_forecast.as_of
    )
"""
_REMOVE_REPLACED = """
    delete from ml.cell_forecast
    using unnest(%(chip_keys)s::integer[], %(as_ofs)s::integer[]) as replaced (chip_key, as_of)
    where
        cell_forecast.model_version = %(version)s
        and cell_forecast.chip_key = replaced.chip_key
        and cell_forecast.as_of = replaced.as_of
"""


@dataclass(frozen=True, slots=True)
class CellTrainingReport:
    """What a training run came to.

    Attributes:
        trained: A model was trained and judged.
        reason: One sentence: what was lacking, or by what it was or was not registered.
        metrics: The backtest, one row per protocol, horizon and forecaster.
        registered: The model is the champion now.
        model_version: Its version in the registry, if registered.
        run_id: Its MLflow run, if trained.
        seconds: How long it took.
    """

    trained: bool
    reason: str
    metrics: tuple[CellBacktestRow, ...] = ()
    registered: bool = False
    model_version: int | None = None
    run_id: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CellForecastReport:
    """What was written.

    Attributes:
        rows_written: Rows of ``ml.cell_forecast``: cells times horizons.
        chips: Chips with a forecast.
        model_version: The champion's version; none where there is none.
        reason: One sentence where nothing was written.
    """

    rows_written: int = 0
    chips: int = 0
    model_version: int | None = None
    reason: str | None = None


def train_cells(
    *, params: CellParams | None = None, on_split: Callable[[int, int], None] | None = None
) -> CellTrainingReport:
    """Train on ``features.cell_month``, judge by backtest, register if better than plain forecasts.

    Args:
        params: The tunables; those of ``cell_params.yaml`` unless given.
        on_split: Called after each split of the backtest with those done and those to do.

    Raises:
        UserError: No database, or no feature table in it.
    """
    started = time.monotonic()
    params = params or load_cell_params()
    with connect(role=Role.TRAINER) as connection:
        cells = read_cell_months(connection, params.features)
        ensure_cell_schema(connection)
    known = known_growth(cells, params, among=np.ones(len(cells), dtype=bool))
    if not known:
        least = params.minimum
        reason = (
            f"too little data to train the model of cells: at no horizon {least.chip_months} "
            f"chip-months with {least.grown} grown cells whose later month was observed"
        )
        logger.info("no training: %s", reason)
        return CellTrainingReport(trained=False, reason=reason, seconds=time.monotonic() - started)
    logger.info("backtest of cells on %s rows", f"{len(cells):,}")
    backtest = run_cell_backtest(cells, params, on_split=on_split)
    model = fit_cells(cells, known, params)
    verdict = judge_cells(backtest)
    run_id, version = _record(params, backtest, model, verdict)
    return CellTrainingReport(
        trained=True,
        reason=verdict.sentence,
        metrics=backtest.rows,
        registered=version is not None,
        model_version=version,
        run_id=run_id,
        seconds=time.monotonic() - started,
    )


def forecast_cells() -> CellForecastReport:
    """Forecast the cells of every chip with the champion; again gives the same rows.

    Rows of other versions stay, so that old forecasts can be held against what came; those of
    months that the warehouse no longer has are removed.

    Raises:
        UserError: No database, or no feature table in it.
    """
    model = cell_champion(tracking.mlflow_client())
    with connect(role=Role.TRAINER) as connection:
        ensure_cell_schema(connection)
        if model is None or model.manifest.version is None:
            return CellForecastReport(reason=NO_CELL_MODEL)
        cells = read_cell_months(connection, model.manifest.features, latest=True)
        probability = model.predict(cells.values, names=cells.names)
        rows = _write(connection, cells, probability, model.manifest.version)
    reason = None if rows else "features.cell_month holds no cell"
    chips = len(np.unique(cells.chip_key))
    return CellForecastReport(rows, chips, model.manifest.version, reason)


def ensure_cell_schema(connection: psycopg.Connection) -> None:
    """Make the tables of cells, within the caller's transaction."""
    connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    horizons = ", ".join(str(months) for months in CELL_HORIZONS)
    connection.execute(_SCHEMA.read_text("utf-8").format(horizons=horizons).encode())
    distribute(connection)


def cell_champion(client: "MlflowClient") -> CellModel | None:
    """Return the model in use; none where there is none or its bundle cannot be read."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - MLflow is opened first

    try:
        version = client.get_model_version_by_alias(CELL_MODEL_NAME, CHAMPION)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise
    try:
        model = CellModel.load(Path(unquote(urlsplit(version.source).path)))
    except BundleError as error:
        # The home was removed, or the bundle is of an older form: the next model takes its place.
        logger.warning("champion of cells %s counts as none: %s", version.version, error)
        return None
    return model.with_version(int(version.version))


def _record(
    params: CellParams, backtest: CellBacktest, model: CellModel, verdict: CellVerdict
) -> tuple[str, int | None]:
    """Write run, metrics, backtest rows and, if deserved, the registered version."""
    client = tracking.mlflow_client()
    flat = pl.json_normalize(params.model_dump(mode="json")).row(0, named=True)
    code = code_at_hand()
    name = f"cells, {code.label}"
    with tracking.tracked_run(client, flat, name=name, tags=code.tags) as run_id:
        tracking.log_curves(client, run_id, _curves(backtest))
        client.set_tag(run_id, "verdict", verdict.sentence)
        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder))
            client.log_artifacts(run_id, folder, artifact_path=_BUNDLE)
        with connect(role=Role.TRAINER) as connection:
            _write_backtest(connection, run_id, backtest)
        version = _register(client, run_id, model) if verdict.beats else None
    return run_id, version


def _register(client: "MlflowClient", run_id: str, model: CellModel) -> int:
    """Make the run's model the champion; one equal to it gets no second version."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - MLflow is opened first

    current = cell_champion(client)
    if current is not None and current.manifest.fingerprint == model.manifest.fingerprint:
        return int(current.manifest.version or 0)
    try:
        client.create_registered_model(CELL_MODEL_NAME)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{client.get_run(run_id).info.artifact_uri}/{_BUNDLE}"
    version = client.create_model_version(CELL_MODEL_NAME, source, run_id=run_id)
    client.set_registered_model_alias(CELL_MODEL_NAME, CHAMPION, version.version)
    return int(version.version)


def _curves(backtest: CellBacktest) -> Iterator[tuple[str, float, int]]:
    """Yield each score with its name and its horizon, the step of its curve."""
    for row in backtest.rows:
        for name, value in asdict(row.score).items():
            if np.isfinite(value):
                yield f"{row.protocol}/{row.forecaster}/{name}", value, row.horizon


def _write_backtest(connection: psycopg.Connection, run_id: str, backtest: CellBacktest) -> None:
    rows = [
        (
            *(run_id, row.protocol, row.horizon, row.forecaster),
            *(value if np.isfinite(value) else None for value in asdict(row.score).values()),
        )
        for row in backtest.rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ml.cell_backtest (run_id, protocol, horizon, forecaster, rows_judged, "
            "rate, average_precision, lift, brier, skill, reliability) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


def _write(
    connection: psycopg.Connection, cells: CellMonths, probability: np.ndarray, version: int
) -> int:
    chip_months = np.unique(np.column_stack([cells.chip_key, cells.as_of]), axis=0)
    connection.execute(_REMOVE_GONE)
    connection.execute(
        _REMOVE_REPLACED,
        {
            "version": version,
            "chip_keys": chip_months[:, 0].tolist(),
            "as_ofs": chip_months[:, 1].tolist(),
        },
    )
    horizons = len(CELL_HORIZONS)
    keys = {"chip_key": cells.chip_key, "as_of": cells.as_of, "cell_no": cells.cell_no}
    rows = pl.DataFrame(
        {name: np.repeat(key, horizons) for name, key in keys.items()}
        | {"horizon": np.tile(CELL_HORIZONS, len(cells)), "probability": probability.ravel()}
    ).with_columns(target=pl.lit(TARGET), model_version=pl.lit(version))
    text = io.BytesIO()
    rows.write_csv(text, include_header=False)
    columns = ", ".join(rows.columns)
    statement = f"copy ml.cell_forecast ({columns}) from stdin (format csv)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text.getvalue())
    return len(rows)
