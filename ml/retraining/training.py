"""Training when it is due: asked for, decided, done and written down."""

from collections.abc import Callable
from dataclasses import dataclass

from ml.lifecycle import registry
from ml.lifecycle.cells import CellTrainingReport, cell_champion, train_cells
from ml.lifecycle.run import TrainingReport, train
from ml.lifecycle.schema import ensure_schema
from ml.lifecycle.tracking import mlflow_client
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

OnSplit = Callable[[int, int], None]

ASKED_FOR = Due.yes("it was asked for")


@dataclass(frozen=True, slots=True)
class Decided:
    """Whether a training was due; what it came to, where it was.

    Attributes:
        due: The decision.
        chips: Report of the model of chips, if that was trained.
        cells: Report of the model of cells, if that was trained.
    """

    due: Due
    chips: TrainingReport | None = None
    cells: CellTrainingReport | None = None


def train_when_due(*, always: bool = False, on_split: OnSplit | None = None) -> Decided:
    """Train the model of chips if that is due.

    Args:
        always: It is asked for, whatever the rules say.
        on_split: As for ``ml.lifecycle.run.train``.
    """
    decision, now = _decided(Family.CHIPS, always=always)
    if not decision.is_due:
        return Decided(decision)
    report = train(on_split=on_split)
    _note(
        Family.CHIPS, decision, now, trained=report.trained, promoted=report.promoted,
        outcome=report.reason, version=report.model_version, run_id=report.run_id,
    )  # fmt: skip
    return Decided(decision, chips=report)


def train_cells_when_due(*, always: bool = False, on_split: OnSplit | None = None) -> Decided:
    """Train the model of cells if that is due.

    Args:
        always: It is asked for, whatever the rules say.
        on_split: As for ``ml.lifecycle.cells.train_cells``.
    """
    decision, now = _decided(Family.CELLS, always=always)
    if not decision.is_due:
        return Decided(decision)
    report = train_cells(on_split=on_split)
    _note(
        Family.CELLS, decision, now, trained=report.trained, promoted=report.registered,
        outcome=report.reason, version=report.model_version, run_id=report.run_id,
    )  # fmt: skip
    return Decided(decision, cells=report)


def _decided(family: Family, *, always: bool) -> tuple[Due, Known]:
    client = mlflow_client()
    is_chips = family is Family.CHIPS
    champion = registry.champion() if is_chips else cell_champion(client)
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


def _note(
    family: Family,
    decision: Due,
    now: Known,
    *,
    trained: bool,
    promoted: bool,
    outcome: str,
    version: int | None,
    run_id: str | None,
) -> None:
    row = Training(
        decision.reason, trained, promoted, outcome, version, run_id, now.known_to,
        now.chip_months, now.data_kind, now.tunables,
    )  # fmt: skip
    with connect(role=Role.TRAINER) as connection:
        note_training(connection, family, row)
