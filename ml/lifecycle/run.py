"""One training run from feature tables to registry: enough data? better than the baselines?"""

import csv
import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg

from ml.data.examples import Examples, read_chip_months, read_examples
from ml.judging.backtest import Backtest, BacktestRow, run_backtest
from ml.judging.verdict import Verdict, judge
from ml.lifecycle import tracking
from ml.lifecycle.schema import ensure_schema
from ml.model.chip_model import ForecastModel
from ml.model.grid import HORIZONS, QUANTILE_NAMES, Target
from ml.training.fitting import fit
from ml.training.params import Params, load_params
from warehouse.access import connect
from warehouse.connection.roles import Role

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a training run came to.

    Attributes:
        trained: A model was trained and judged.
        reason: One sentence: what was lacking, or by what the model was or was not registered.
        metrics: The backtest, one row per protocol, horizon and forecaster.
        registered: The model is the champion now.
        model_version: Its version in the registry, if registered.
        run_id: Its MLflow run, if trained.
        seconds: How long it took.
    """

    trained: bool
    reason: str
    metrics: tuple[BacktestRow, ...] = ()
    registered: bool = False
    model_version: int | None = None
    run_id: str | None = None
    seconds: float = 0.0


def train(
    *, params: Params | None = None, on_split: Callable[[int, int], None] | None = None
) -> TrainingReport:
    """Train on the feature tables, judge by backtest, register if better than the baselines.

    Args:
        params: The tunables; those of ``params.yaml`` unless given.
        on_split: Called after each split of the backtest with those done and those to do.

    Raises:
        UserError: No database, or no feature tables in it.
    """
    started = time.monotonic()
    params = params or load_params()
    with connect(role=Role.TRAINER) as connection:
        chip_months = read_chip_months(connection, params.features)
        examples = read_examples(connection, chip_months)
        ensure_schema(connection)
    lack = shortage(examples, params)
    if lack is not None:
        logger.info("no training: %s", lack)
        return TrainingReport(trained=False, reason=lack, seconds=time.monotonic() - started)
    logger.info("backtest on %d examples of %d chip-months", len(examples), len(chip_months.as_of))
    backtest = run_backtest(examples, params, on_split=on_split)
    best = dict.fromkeys(Target, backtest.best_baseline())
    model = fit(examples, params, best_baselines=best)
    verdict = judge(backtest)
    run_id, version = _record(examples, params, backtest, model, verdict)
    return TrainingReport(
        trained=True,
        reason=verdict.sentence,
        metrics=backtest.rows,
        registered=version is not None,
        model_version=version,
        run_id=run_id,
        seconds=time.monotonic() - started,
    )


def shortage(examples: Examples, params: Params) -> str | None:
    """Say in one sentence what is lacking for training, or return none."""
    least = params.minimum
    chips, months = len(np.unique(examples.chip_key)), len(np.unique(examples.as_of))
    aois = len(np.unique(examples.aoi_key))
    rows = {horizon: int((examples.horizon == horizon).sum()) for horizon in HORIZONS}
    lacks = []
    if chips < least.chips:
        lacks.append(f"{chips} chips with a later month to learn from (at least {least.chips})")
    elif aois < least.aois:
        lacks.append(f"{aois} AOI with such chips (at least {least.aois}, as one is held out)")
    if months < least.as_of_months:
        lacks.append(f"{months} as-of months (at least {least.as_of_months})")
    short = [horizon for horizon in HORIZONS if rows[horizon] < least.rows_per_horizon]
    if short:
        counts = ", ".join(f"{rows[horizon]} at {horizon} months" for horizon in short)
        lacks.append(f"too few targets: {counts} (at least {least.rows_per_horizon} each)")
    return f"too little data to train: {'; '.join(lacks)}" if lacks else None


def _record(
    examples: Examples, params: Params, backtest: Backtest, model: ForecastModel, verdict: Verdict
) -> tuple[str, int | None]:
    """Write run, artefacts, backtest rows and, if deserved, the registered version."""
    client = tracking.mlflow_client()
    with tracking.tracked_run(client, _flat(params)) as run_id:
        tracking.log_metrics(client, run_id, _metric_values(backtest))
        client.set_tag(run_id, "verdict", verdict.sentence)
        with tempfile.TemporaryDirectory() as folder:
            _write_artefacts(Path(folder), examples, backtest, model)
            client.log_artifacts(run_id, folder)
        tracking.log_bundle(client, run_id, model)
        with connect(role=Role.TRAINER) as connection:
            _write_backtest(connection, run_id, backtest)
        version = tracking.register(client, run_id, model) if verdict.beats else None
    return run_id, version


def _flat(params: Params) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in params.model_dump(mode="json").items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            flat[name] = ", ".join(value) if isinstance(value, list) else value
    return flat


def _metric_values(backtest: Backtest) -> dict[str, float]:
    values: dict[str, float] = {}
    for row in backtest.rows:
        prefix = f"{row.protocol}.h{row.horizon:02d}.{row.forecaster}"
        values |= {
            f"{prefix}.mae": row.score.mae,
            f"{prefix}.pinball": row.score.pinball,
            f"{prefix}.coverage": row.score.coverage,
        }
    return values


def _write_artefacts(
    folder: Path, examples: Examples, backtest: Backtest, model: ForecastModel
) -> None:
    from ml.judging.plots import plot_importance  # noqa: PLC0415 - matplotlib takes a second to import

    plot_importance(model, folder / "feature_importance.png")
    with (folder / "backtest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["protocol", "horizon", "forecaster", "rows", "mae", "pinball", "coverage"])
        for row in backtest.rows:
            one = row.score
            writer.writerow(
                [
                    row.protocol,
                    row.horizon,
                    row.forecaster,
                    one.rows,
                    one.mae,
                    one.pinball,
                    one.coverage,
                ]
            )
    with (folder / "backtest_predictions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            [
                "protocol",
                "forecaster",
                "chip_key",
                "as_of",
                "horizon",
                "net_change",
                "point",
                *QUANTILE_NAMES,
            ]
        )
        for prediction in backtest.predictions:
            judged = examples.take(prediction.rows)
            columns = (
                judged.chip_key,
                judged.as_of,
                judged.horizon,
                judged.net_change,
                prediction.point,
                *prediction.quantiles.T,
            )
            for values in zip(*(column.tolist() for column in columns), strict=True):
                writer.writerow([prediction.protocol, prediction.forecaster, *values])


def _write_backtest(connection: psycopg.Connection, run_id: str, backtest: Backtest) -> None:
    rows = [
        (
            run_id,
            row.protocol,
            row.horizon,
            row.forecaster,
            row.score.rows,
            row.score.mae,
            row.score.pinball,
            row.score.coverage,
        )
        for row in backtest.rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ml.backtest (run_id, protocol, horizon, forecaster, rows_judged, mae, "
            "pinball, coverage) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
