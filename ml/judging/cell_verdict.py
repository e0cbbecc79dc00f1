"""Whether a model of cells deserves to be used."""

from dataclasses import dataclass

from ml.judging.cell_backtest import CellBacktest, CellProtocol
from ml.model.grid import CELL_HORIZONS


@dataclass(frozen=True, slots=True)
class CellVerdict:
    """What the backtest says.

    Attributes:
        beats: It ranks cells better than every plain forecast and knows more than the base rate,
            wherever it was judged.
        sentence: Why, with figures.
    """

    beats: bool
    sentence: str


def judge_cells(backtest: CellBacktest) -> CellVerdict:
    """Hold the model against the best plain forecast at every horizon, under both protocols."""
    parts, beats = [], True
    for protocol in CellProtocol:
        for horizon in CELL_HORIZONS:
            model = backtest.model(protocol, horizon)
            plain = backtest.best_plain(protocol, horizon)
            if model is None or plain is None:
                continue
            ours, theirs = model.score, plain.score
            beats &= ours.average_precision > theirs.average_precision and ours.skill > 0
            parts.append(
                f"{protocol} at {horizon} months: average precision {ours.average_precision:.3f} "
                f"beside {theirs.average_precision:.3f} of {plain.forecaster}, "
                f"skill {ours.skill:.3f}"
            )
    if not parts:
        return CellVerdict(
            beats=False, sentence="no later month to judge the model of cells by: not registered"
        )
    found = "better than" if beats else "not everywhere better than"
    return CellVerdict(
        beats=beats, sentence=f"{found} the plain forecasts of cells; {'; '.join(parts)}"
    )
