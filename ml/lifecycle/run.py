"""One training run from feature tables to registry: enough data? judged, trained, written down."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.data.examples import Examples, read_chip_months, read_examples
from ml.data.origin import MIXED_DATA, DataKind, data_kind
from ml.data.places import read_places
from ml.judging.backtest import Backtest, BacktestRow, run_backtest
from ml.judging.verdict import judge
from ml.lifecycle.facts import Work
from ml.lifecycle.record import record
from ml.lifecycle.schema import ensure_schema
from ml.model.grid import HORIZONS, Target
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
        reason: One sentence: what was lacking, or why the model is champion or challenger.
        metrics: The backtest of the count, one row per protocol, horizon and forecaster.
        promoted: The model is the champion now.
        model_version: Its version in the registry, if trained.
        run_id: Its MLflow run, if trained.
        run_name: The run's name: data and commit.
        card: The model card, one HTML file.
        summary: The card's text in Markdown.
        seconds: How long it took.
    """

    trained: bool
    reason: str
    metrics: tuple[BacktestRow, ...] = ()
    promoted: bool = False
    model_version: int | None = None
    run_id: str | None = None
    run_name: str | None = None
    card: Path | None = None
    summary: str = ""
    seconds: float = 0.0


def train(
    *, params: Params | None = None, on_split: Callable[[int, int], None] | None = None
) -> TrainingReport:
    """Train on the feature tables, judge by backtest, and let the gate decide on the champion.

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
        kind = data_kind(connection)
        ensure_schema(connection)
        lack = MIXED_DATA if kind is DataKind.MIXED else shortage(examples, params)
        places = read_places(connection) if lack is None else ()
    if lack is not None:
        logger.info("no training: %s", lack)
        return TrainingReport(trained=False, reason=lack, seconds=time.monotonic() - started)
    logger.info("backtest on %d examples of %d chip-months", len(examples), len(chip_months.as_of))
    backtests = _backtests(examples, params, on_split)
    best = {target: backtest.best_baseline() for target, backtest in backtests.items()}
    model = fit(examples, params, best_baselines=best)
    verdict = judge(backtests[Target.COUNT])
    logger.info("writing the run's record and its card")
    work = Work(examples, chip_months, places, kind, params, backtests, model, verdict)
    recorded = record(work)
    return TrainingReport(
        trained=True,
        reason=recorded.outcome.sentence,
        metrics=backtests[Target.COUNT].rows,
        promoted=recorded.outcome.promotes,
        model_version=recorded.version,
        run_id=recorded.run_id,
        run_name=recorded.name,
        card=recorded.card,
        summary=recorded.summary,
        seconds=time.monotonic() - started,
    )


def _backtests(
    examples: Examples, params: Params, on_split: Callable[[int, int], None] | None
) -> dict[Target, Backtest]:
    """Judge the model of every target; splits are counted over all of them."""
    backtests = {}
    for number, target in enumerate(Target):

        def report(done: int, total: int, before: int = number) -> None:
            if on_split:
                on_split(before * total + done, len(Target) * total)

        logger.info("backtest of %s", target)
        backtests[target] = run_backtest(examples, params, name=target, on_split=report)
    return backtests


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
