"""A training run from feature tables to registry: enough data? judged, trained, written down."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Self, TypeVar

import numpy as np

from ml.data.cells import Growth, read_cell_months
from ml.data.examples import Examples, read_chip_months, read_examples
from ml.data.histories import read_histories
from ml.data.origin import MIXED_DATA, DataKind, data_kind
from ml.data.places import read_places
from ml.judging.backtest import Backtest, BacktestRow, run_backtest
from ml.judging.cell_backtest import CellBacktestRow, run_cell_backtest
from ml.judging.cell_verdict import judge_cells
from ml.judging.histories import judge_histories
from ml.judging.verdict import judge
from ml.lifecycle.cell_work import CellWork
from ml.lifecycle.chip_work import ChipWork
from ml.lifecycle.record import Recorded, record
from ml.lifecycle.schema import ensure_schema
from ml.model.chip_model import HISTORY
from ml.model.grid import HORIZONS, Target
from ml.reporting.frames import history_frame
from ml.training.cell_fitting import draw, fit_sample, known_growth
from ml.training.cell_params import CellParams, load_cell_params
from ml.training.fitting import fit
from ml.training.params import Params, load_params
from warehouse.access import connect
from warehouse.connection.roles import Role

logger = logging.getLogger(__name__)


Row = TypeVar("Row", BacktestRow, CellBacktestRow)

OnSplit = Callable[[int, int], None]
"""Called after each split of the backtest with those done and those to do."""


@dataclass(frozen=True, slots=True)
class TrainingReport(Generic[Row]):
    """What a training run came to.

    Attributes:
        trained: A model was trained and judged.
        reason: One sentence: what was lacking, or why the model is champion or challenger.
        metrics: The backtest (of chips: of the count), by protocol, horizon and forecaster.
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
    metrics: tuple[Row, ...] = ()
    promoted: bool = False
    model_version: int | None = None
    run_id: str | None = None
    run_name: str | None = None
    card: Path | None = None
    summary: str = ""
    seconds: float = 0.0

    @classmethod
    def lacking(cls, reason: str, started: float) -> Self:
        """Return the report of a run that did not train."""
        logger.info("no training: %s", reason)
        return cls(trained=False, reason=reason, seconds=time.monotonic() - started)

    @classmethod
    def of(cls, recorded: Recorded, metrics: tuple[Row, ...], started: float) -> Self:
        """Return the report of a run that was written down."""
        return cls(
            trained=True,
            reason=recorded.outcome.sentence,
            metrics=metrics,
            promoted=recorded.outcome.promotes,
            model_version=recorded.version,
            run_id=recorded.run_id,
            run_name=recorded.name,
            card=recorded.card,
            summary=recorded.summary,
            seconds=time.monotonic() - started,
        )


def train(
    *,
    params: Params | None = None,
    histories: Path | None = None,
    on_split: OnSplit | None = None,
) -> TrainingReport[BacktestRow]:
    """Train chips on the feature tables, judge, and let the gate decide on the champion.

    Args:
        params: The tunables; those of ``params.yaml`` unless given.
        histories: A file of real histories (``place,month,count``) that the card is to judge the
            model by; nothing is learnt from it.
        on_split: See ``OnSplit``.

    Raises:
        UserError: No database, no feature tables in it, or a file that cannot be read.
    """
    started = time.monotonic()
    params = params or load_params()
    others = list(read_histories(histories).values()) if histories else []
    with connect(role=Role.TRAINER) as connection:
        chip_months = read_chip_months(connection, params.features)
        examples = read_examples(connection, chip_months)
        kind = data_kind(connection)
        ensure_schema(connection)
        lack = MIXED_DATA if kind is DataKind.MIXED else shortage(examples, params)
        places = read_places(connection) if lack is None else ()
    if lack is not None:
        return TrainingReport.lacking(lack, started)
    logger.info("backtest on %d examples of %d chip-months", len(examples), len(chip_months.as_of))
    backtests = _backtests(examples, params, on_split)
    best = {target: backtest.best_baseline() for target, backtest in backtests.items()}
    model = fit(examples, params, best_baselines=best)
    judged = judge_histories(model.models[HISTORY], examples, others, params) if others else []
    verdict = judge(backtests[Target.COUNT])
    logger.info("writing the run's record and its card")
    work = ChipWork(
        examples,
        chip_months,
        places,
        kind,
        params,
        backtests,
        model,
        verdict,
        history_frame(judged) if judged else None,
    )
    return TrainingReport.of(record(work), backtests[Target.COUNT].rows, started)


def train_cells(
    *, params: CellParams | None = None, on_split: OnSplit | None = None
) -> TrainingReport[CellBacktestRow]:
    """Train cells on ``features.cell_month``, judge, and let the gate decide on the champion.

    Args:
        params: The tunables; those of ``cell_params.yaml`` unless given.
        on_split: See ``OnSplit``.

    Raises:
        UserError: No database, or no feature table in it.
    """
    started = time.monotonic()
    params = params or load_cell_params()
    with connect(role=Role.TRAINER) as connection:
        cells = read_cell_months(connection, params.features)
        kind = data_kind(connection)
        ensure_schema(connection)
        known = known_growth(cells, params, among=np.ones(len(cells), dtype=bool))
        lack = MIXED_DATA if kind is DataKind.MIXED else cell_shortage(known, params)
        places = read_places(connection) if lack is None else ()
    if lack is not None:
        return TrainingReport.lacking(lack, started)
    logger.info("backtest of cells on %s rows", f"{len(cells):,}")
    backtest = run_cell_backtest(cells, params, on_split=on_split)
    sample = draw(cells, known, params)
    model, verdict = fit_sample(sample, params), judge_cells(backtest)
    logger.info("writing the run's record and its card")
    work = CellWork(cells, sample, places, kind, params, backtest, model, verdict)
    return TrainingReport.of(record(work), backtest.rows, started)


def _backtests(
    examples: Examples, params: Params, on_split: OnSplit | None
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


def cell_shortage(known: Mapping[int, Growth], params: CellParams) -> str | None:
    """Say in one sentence what is lacking to train cells, or return none."""
    if known:
        return None
    least = params.minimum
    return (
        f"too little data to train the model of cells: at no horizon {least.chip_months} "
        f"chip-months with {least.grown} grown cells whose later month was observed"
    )
