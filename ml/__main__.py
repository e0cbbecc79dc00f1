"""``python -m ml``: train the growth forecast, judge it, write forecasts, go back, make again."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from ml.model.grid import HORIZONS, Target
from warehouse.access import connect, dsn, sqlalchemy_url
from warehouse.cli import command_line, require_free_port, run_cli
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT, get_settings
from warehouse.running.lock import hold

app = command_line(__doc__)

FASTEST = """
    select dim_chip.chip_id, as_of, q10, q50, q90, baseline
    from ml.chip_forecast
    inner join marts.dim_chip using (chip_key)
    where horizon = %s and target = %s and model_version = %s
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
def train(
    histories: Annotated[
        Path | None,
        typer.Option(help="CSV place,month,count of real places: the card judges by them, too."),
    ] = None,
) -> None:
    """Train on the feature tables, judge by backtest, let the gate decide on the champions."""
    from ml.judging.backtest import Protocol  # noqa: PLC0415 - keeps `--help` fast
    from ml.judging.report import backtest_table  # noqa: PLC0415
    from ml.lifecycle.registry import CELLS, CHIPS  # noqa: PLC0415
    from ml.retraining.training import train_cells_now, train_now  # noqa: PLC0415

    with hold(dsn(), "python -m ml train"):
        chips = train_now(histories=histories)
        cells = train_cells_now() if chips.trained else None
    console = Console()
    if chips.trained:
        for protocol in Protocol:
            console.print(backtest_table(chips.metrics, protocol))
    for line, report in ((CHIPS, chips), (CELLS, cells)):
        if report is None:
            continue
        console.print(report.reason, soft_wrap=True)
        if report.trained:
            state = "champion" if report.promoted else "challenger"
            console.print(
                f"{state}: {line.name} version {report.model_version}, run {report.run_id}, "
                f"{report.seconds:.0f} s; card: {report.card}",
                soft_wrap=True,
            )


@app.command()
def forecast() -> None:
    """Write forecasts from every chip's last as-of month, of the chip and of its cells."""
    from ml.judging.report import forecast_table  # noqa: PLC0415 - keeps `--help` fast
    from ml.lifecycle.forecasting import forecast_cells, forecast_chips  # noqa: PLC0415

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
        asked = (HORIZONS[-1], Target.COUNT, report.model_version)
        rows = connection.execute(FASTEST, asked).fetchall()
    console.print(forecast_table(rows, title=f"Most new buildings in {HORIZONS[-1]} months, net"))
    console.print(
        f"{report.rows_written:,} rows for {report.chips:,} chips written to ml.chip_forecast "
        f"(model version {report.model_version}, {report.chips_refused} chips refused)",
        soft_wrap=True,
    )


@app.command()
def rollback(
    *, cells: Annotated[bool, typer.Option("--cells", help="The model of cells.")] = False
) -> None:
    """Put the champion's predecessor back in use and forecast with it: of chips, or of cells."""
    from ml.lifecycle.forecasting import forecast_cells, forecast_chips  # noqa: PLC0415
    from ml.lifecycle.registry import CELLS, CHIPS  # noqa: PLC0415 - keeps `--help` fast

    line = CELLS if cells else CHIPS
    with hold(dsn(), "python -m ml rollback"):
        before, now = line.roll_back()
        report = forecast_cells() if cells else forecast_chips()
    service = "" if cells else "; for the service: `python -m serving build`, then start it anew"
    typer.echo(
        f"champion: {line.name} version {now}; version {before} is challenger, and training does "
        f"not put it back; {report.rows_written:,} forecasts are of version {now}{service}"
    )


@app.command()
def replay(
    run: Annotated[str, typer.Argument(help="Id of an MLflow run.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the new files; else in artifacts/.")
    ] = None,
) -> None:
    """Make a run's model again from what the run kept, and compare the files byte by byte."""
    from ml.lifecycle.replay import replay as make_again  # noqa: PLC0415 - keeps `--help` fast

    done = make_again(run, out or get_settings().artifacts / "replay" / run)
    typer.echo(f"{done.name}: {', '.join(done.files)} are equal to the byte; in {done.folder}")


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000,
) -> None:
    """Open MLflow's pages of runs and models on this machine; Ctrl-C stops them."""
    from ml.lifecycle.tracking import experiment_id, mlflow_client  # noqa: PLC0415

    require_free_port(port, host="127.0.0.1")
    experiment = experiment_id(mlflow_client())
    environment = os.environ | {
        # In the environment, not among the arguments: it may hold a password.
        "MLFLOW_BACKEND_STORE_URI": sqlalchemy_url(schema="mlflow", role=Role.TRAINER),
        # Its job runners (7 processes) serve what this project does not use.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    typer.echo(f"MLflow on http://127.0.0.1:{port}/#/experiments/{experiment} (Ctrl-C to stop)")
    sys.stdout.flush()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--no-serve-artifacts"]
    command += ["--default-artifact-root", get_settings().mlflow.as_uri()]
    os.chdir(PROJECT_ROOT)
    os.execve(sys.executable, command, environment)  # noqa: S606


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
