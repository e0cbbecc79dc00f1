"""Whether a model of cells deserves to be used."""

from ml.judging.backtest import Protocol
from ml.judging.cell_backtest import CellBacktest
from ml.judging.verdict import Verdict
from ml.model.grid import CELL_HORIZONS


def judge_cells(backtest: CellBacktest) -> Verdict:
    """Hold the model against the best plain forecast at every horizon, under both protocols.

    It has to rank cells better than every plain forecast, and to know more than the base rate,
    wherever it was judged.
    """
    parts, beats = [], True
    for protocol in Protocol:
        for horizon in CELL_HORIZONS:
            model = backtest.model(protocol, horizon)
            plain = backtest.best_plain(protocol, horizon)
            if model is None or plain is None:
                continue
            ours, theirs = model.score, plain.score
            beats &= ours.average_precision > theirs.average_precision and ours.skill > 0
            parts.append(
                f"{protocol.label} at {horizon} months: average precision "
                f"{ours.average_precision:.3f} beside {theirs.average_precision:.3f} of "
                f"{plain.forecaster.replace('_', ' ')}, skill {ours.skill:.3f}"
            )
    if not parts:
        return Verdict(beats=False, sentence="no later month to judge the model of cells by")
    found = "beats" if beats else "does not everywhere beat"
    return Verdict(
        beats=beats, sentence=f"{found} the plain forecasts of cells; {'; '.join(parts)}"
    )
