"""Training when it is due: asked for, decided, done and written down."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from ml.judging.backtest import BacktestRow
from ml.judging.cell_backtest import CellBacktestRow
from ml.lifecycle.registry import CELLS, CHIPS
from ml.lifecycle.run import OnSplit, Row, TrainingReport, train, train_cells
from ml.lifecycle.schema import ensure_schema
from ml.retraining.due import Due, due
from ml.retraining.ledger import (
    Family,
    Known,
    Training,
    ensure_ledger,
    known_now,
    last_training,
    note_training,
)
from ml.retraining.rules import load_rules
from ml.training.cell_params import load_cell_params
from ml.training.params import load_params
from warehouse.access import connect
from warehouse.connection.roles import Role

ASKED_FOR = Due.yes("it was asked for")


@dataclass(frozen=True, slots=True)
class Decided(Generic[Row]):
    """Whether a training was due; what it came to, where it was.

    Attributes:
        due: The decision.
        report: Of the training; None where there was none.
    """

    due: Due
    report: TrainingReport[Row] | None = None


def train_when_due(
    *, always: bool = False, on_split: OnSplit | None = None
) -> Decided[BacktestRow]:
    """Train the model of chips if that is due.

    Args:
        always: It is asked for, whatever the rules say.
        on_split: As for ``ml.lifecycle.run.train``.
    """
    return train_if_due(Family.CHIPS, lambda: train(on_split=on_split), always=always)


def train_cells_when_due(
    *, always: bool = False, on_split: OnSplit | None = None
) -> Decided[CellBacktestRow]:
    """Train the model of cells if that is due; see ``train_when_due``."""
    return train_if_due(Family.CELLS, lambda: train_cells(on_split=on_split), always=always)


def train_now(*, histories: Path | None = None) -> TrainingReport[BacktestRow]:
    """Train the model of chips, as it was asked for.

    Args:
        histories: As for ``ml.lifecycle.run.train``.
    """
    decision, now = _decided(Family.CHIPS, always=True)
    return _done(Family.CHIPS, lambda: train(histories=histories), decision, now)


def train_cells_now() -> TrainingReport[CellBacktestRow]:
    """Train the model of cells, as it was asked for."""
    return _done(Family.CELLS, train_cells, *_decided(Family.CELLS, always=True))


def train_if_due(
    family: Family, train_it: Callable[[], TrainingReport[Row]], *, always: bool
) -> Decided[Row]:
    """Train a model if that is due, and write down why and with what end.

    Args:
        family: What it forecasts.
        train_it: Trains, judges and registers it.
        always: It is asked for, whatever the rules say.
    """
    decision, now = _decided(family, always=always)
    if not decision.is_due:
        return Decided(decision)
    return Decided(decision, _done(family, train_it, decision, now))


def _done(
    family: Family, train_it: Callable[[], TrainingReport[Row]], decision: Due, now: Known
) -> TrainingReport[Row]:
    """Train, and write down why and with what end."""
    report = train_it()
    row = Training(
        decision.reason, report.trained, report.promoted, report.reason, report.model_version,
        report.run_id, now.known_to, now.chip_months, now.data_kind, now.tunables,
        now.building_months,
    )  # fmt: skip
    with connect(role=Role.TRAINER) as connection:
        note_training(connection, family, row)
    return report


def _decided(family: Family, *, always: bool) -> tuple[Due, Known]:
    is_chips = family is Family.CHIPS
    champion = CHIPS.champion() if is_chips else CELLS.champion()
    tunables = load_params() if is_chips else load_cell_params()
    with connect(role=Role.TRAINER) as connection:
        ensure_schema(connection)
        ensure_ledger(connection)
        now = known_now(connection, tunables)
        if always:
            return ASKED_FOR, now
        last = last_training(connection, family)
        decision = due(
            connection, last, now, load_rules(), family=family, has_champion=champion is not None
        )
        return decision, now
