"""Tables for people: the backtest beside its baselines, the forecast by chip."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from ml.judging.backtest import FORECASTERS, MODEL, BacktestRow, Protocol
from ml.model.grid import HORIZONS


def backtest_table(rows: Sequence[BacktestRow], protocol: Protocol) -> Table:
    """Return the scores of one protocol, a line per horizon and forecaster, best loss in bold."""
    table = Table(title=f"Backtest, {protocol.replace('_', ' ')}", title_justify="left")
    table.add_column("months", justify="right")
    table.add_column("forecaster", no_wrap=True)
    for heading in ("forecasts", "MAE", "pinball loss", "within 80 %"):
        table.add_column(heading, justify="right")
    for horizon in HORIZONS:
        here = [row for row in rows if row.protocol is protocol and row.horizon == horizon]
        if not here:
            continue
        least = min(row.score.pinball for row in here)
        for row in sorted(here, key=lambda row: FORECASTERS.index(row.forecaster)):
            pinball = f"{row.score.pinball:.3f}"
            table.add_row(
                str(horizon) if row.forecaster == MODEL else "",
                row.forecaster.replace("_", " "),
                f"{row.score.rows:,}",
                f"{row.score.mae:.2f}",
                f"[bold]{pinball}[/bold]" if row.score.pinball == least else pinball,
                f"{row.score.coverage:.0%}",
            )
        table.add_section()
    return table


def forecast_table(rows: Iterable[tuple[object, ...]], *, title: str) -> Table:
    """Return forecasts as a table.

    Args:
        rows: chip, as-of month, q10, q50, q90, baseline.
        title: The heading.
    """
    table = Table(title=title, title_justify="left")
    table.add_column("chip", no_wrap=True)
    for heading in ("as of", "10 %", "median", "90 %", "baseline"):
        table.add_column(heading, justify="right")
    for chip, as_of, *amounts in rows:
        month = f"{int(str(as_of)) // 100}-{int(str(as_of)) % 100:02d}"
        figures = (f"{float(str(amount)):+,.1f}" for amount in amounts)
        table.add_row(str(chip), month, *figures)
    return table
