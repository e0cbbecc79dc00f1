"""``python -m ml``: train the growth forecast, judge it, write forecasts."""

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from warehouse.access import connect, dsn
from warehouse.cli import command_line, run_cli
from warehouse.connection.roles import Role
from warehouse.running.lock import hold

app = command_line(__doc__)

FASTEST = """
    select dim_chip.chip_id, as_of, q10, q50, q90, baseline
    from ml.chip_forecast
    inner join marts.dim_chip using (chip_key)
    where horizon = 12 and model_version = %s
    order by q50 desc, chip_id
    limit 10
"""


@app.callback()
def main() -> None:
    """Show progress of the project's own modules on standard error."""
    handler = RichHandler(
        console=Console(stderr=True), show_path=False, show_level=False, log_time_format="%X"
    )
    logger = logging.getLogger("ml")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


@app.command()
def train() -> None:
    """Train on the feature tables, judge by backtest, register if better than the baselines."""
    from ml.judging.backtest import Protocol  # noqa: PLC0415 - keeps `--help` fast
    from ml.judging.report import backtest_table  # noqa: PLC0415
    from ml.lifecycle.cells import train_cells  # noqa: PLC0415
    from ml.lifecycle.run import train as run_training  # noqa: PLC0415

    with hold(dsn(), "python -m ml train"):
        report = run_training()
        cells = train_cells() if report.trained else None
    console = Console()
    if report.trained:
        for protocol in Protocol:
            console.print(backtest_table(report.metrics, protocol))
    console.print(report.reason, soft_wrap=True)
    if report.registered:
        console.print(
            f"champion: building-growth version {report.model_version}, run {report.run_id}, "
            f"{report.seconds:.0f} s",
            soft_wrap=True,
        )
    if cells:
        console.print(cells.reason, soft_wrap=True)
    if cells and cells.registered:
        console.print(
            f"champion: building-hot-spots version {cells.model_version}, run {cells.run_id}, "
            f"{cells.seconds:.0f} s",
            soft_wrap=True,
        )


@app.command()
def forecast() -> None:
    """Write forecasts from every chip's last as-of month, of the chip and of its cells."""
    from ml.judging.report import forecast_table  # noqa: PLC0415
    from ml.lifecycle.cells import forecast_cells  # noqa: PLC0415
    from ml.lifecycle.forecasting import forecast_chips  # noqa: PLC0415 - keeps `--help` fast

    report, cells = forecast_chips(), forecast_cells()
    console = Console()
    console.print(
        cells.reason
        or f"{cells.rows_written:,} rows for the cells of {cells.chips:,} chips written to "
        f"ml.cell_forecast (model version {cells.model_version})",
        soft_wrap=True,
    )
    if report.reason is not None:
        console.print(report.reason, soft_wrap=True)
        return
    with connect(role=Role.TRAINER) as connection:
        rows = connection.execute(FASTEST, (report.model_version,)).fetchall()
    console.print(forecast_table(rows, title="Most new buildings in 12 months, net"))
    console.print(
        f"{report.rows_written:,} rows for {report.chips:,} chips written to ml.chip_forecast "
        f"(model version {report.model_version}, {report.chips_refused} chips refused)",
        soft_wrap=True,
    )


@app.command()
def predict(
    history: Annotated[Path, typer.Argument(help="CSV: place,month,count; a month as 2019-01.")],
    out: Annotated[Path, typer.Option(help="The CSV to write.")],
    as_of: Annotated[
        str | None, typer.Option(help="Know nothing after this month, as 2019-01.")
    ] = None,
) -> None:
    """Forecast places from their histories alone, with the champion; no table of them is needed.

    Months may lack. Each place is forecast from its last month (up to --as-of): one line per place
    and horizon, the net change of the count since then.
    """
    from ml.lifecycle.predicting import predict_file  # noqa: PLC0415 - keeps `--help` fast

    report = predict_file(history, out, as_of=as_of)
    typer.echo(
        f"{report.rows_written:,} forecasts for {report.places:,} places written to {out} "
        f"(model version {report.model_version})"
    )


if __name__ == "__main__":
    run_cli(app)
