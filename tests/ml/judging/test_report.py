"""Tables for people."""

from rich.console import Console

from ml.judging.backtest import BacktestRow, Protocol
from ml.judging.metrics import Score
from ml.judging.report import backtest_table, forecast_table


def rendered(table: object) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_the_backtest_shows_the_model_beside_its_baselines() -> None:
    rows = [
        BacktestRow(Protocol.UNSEEN_AOIS, 12, name, Score(1234, 1.5, 0.25, 0.81))
        for name in ("model", "no_change")
    ]
    text = rendered(backtest_table(rows, Protocol.UNSEEN_AOIS))
    assert "no change" in text
    assert "1,234" in text
    assert "0.250" in text
    assert "81%" in text


def test_a_forecast_shows_its_interval_and_baseline() -> None:
    text = rendered(forecast_table([("L15-a", 201912, -0.4, 3, 7.25, 6)], title="Growth"))
    for part in ("L15-a", "2019-12", "-0.4", "+3.0", "+7.2", "+6.0"):
        assert part in text
