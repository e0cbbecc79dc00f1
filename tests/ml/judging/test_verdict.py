"""The sentence that says why a model is or is not registered."""

import numpy as np

from ml.judging.backtest import FORECASTERS, Backtest, BacktestRow, Protocol
from ml.judging.metrics import Score
from ml.judging.verdict import judge


def backtest(**losses: float) -> Backtest:
    rows = tuple(
        BacktestRow(protocol, 1, name, Score(100, 1.0, losses.get(name, 1.0), 0.8))
        for protocol in Protocol
        for name in FORECASTERS
    )
    return Backtest(rows=rows, predictions=())


def test_a_baseline_without_loss_makes_no_endless_figure() -> None:
    verdict = judge(backtest(no_change=0.0))

    assert not verdict.beats
    assert "over 1,000 of that of no change" in verdict.sentence
    assert max(map(len, verdict.sentence.split())) < 20


def test_figures_are_told_to_two_digits() -> None:
    sentence = judge(backtest(model=0.5, holt_damped=0.8)).sentence
    assert "rolling origin: 0.62 of that of holt damped; unseen aois: 0.62" in sentence
    assert np.isfinite(backtest().relative_loss(Protocol.ROLLING_ORIGIN, "model", "no_change"))
