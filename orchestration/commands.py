"""The commands of ``python -m orchestration``: the whole chain at once, and Dagster's programs."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from loaders.forms.sources import find_source
from orchestration.assets.source import SourceConfig
from orchestration.dbt.results import RUN_RESULTS, DbtResults
from orchestration.instance import prepare_home
from orchestration.resources import dbt_logs
from orchestration.runs.here import MODULE, run_main
from orchestration.terminal.noise import errors_apart, quiet
from orchestration.terminal.progress import Progress
from orchestration.terminal.step import shown_on
from orchestration.terminal.stopping import bounded_end
from orchestration.terminal.summary import Summary, asset_metadata, example_chip
from synthetic import Size
from warehouse.access import dsn
from warehouse.cli import command_line, require_free_port
from warehouse.connection.errors import CommandMissingError
from warehouse.connection.settings import PROJECT_ROOT, get_settings
from warehouse.progress import Display, console_on
from warehouse.running.lock import hold
from warehouse.server import lifecycle

UI_PORT: Final = 3001
SERVICE_PORT: Final = 3000

app = command_line("The whole chain in one command, and Dagster's UI on it.")


@app.command()
def run(
    data: Annotated[
        Path | None,
        typer.Option(help="CSV, archive or folder of SpaceNet 7's form."),
    ] = None,
    size: Annotated[
        Size | None, typer.Option(help="Generate data of this size, unless own data are held.")
    ] = None,
) -> None:
    """Run everything: source data, raw tables, star schema, model, forecast, service package.

    Without --data and --size the tables that are there are taken; an empty warehouse gets the
    generated sample.
    """
    source = _source(data, size)
    started = time.monotonic()
    with errors_apart() as errors, quiet(get_settings().logs / "run.log") as terminal:
        display = Display(console_on(terminal))
        with bounded_end(errors, terminal), display, shown_on(display):
            with hold(dsn(), "make run", say=display.say) as session:
                result = run_main(source, session=session, listener=Progress(display))
            summary = Summary(
                assets=asset_metadata(result),
                dbt=DbtResults.read_if_run(dbt_logs() / RUN_RESULTS),
                example_chip=example_chip(),
                seconds=time.monotonic() - started,
            )
    summary.print(console_on(sys.stdout))


def _source(data: Path | None, size: Size | None) -> SourceConfig:
    """Look at the source before a run is recorded: a mistyped path is no failed run."""
    if data is None:
        return SourceConfig(size=size)
    if size is not None:
        raise typer.BadParameter("expected --data or --size, not both")
    return SourceConfig(path=str(find_source(data.absolute()).path))


@app.command()
def simulate(
    factor: Annotated[float, typer.Option(help="Buildings, in relation to the sample.")] = 1.0,
    ui_port: Annotated[int, typer.Option(help="Port of Dagster's UI.")] = UI_PORT,
    service_port: Annotated[int, typer.Option(help="Port of the service.")] = SERVICE_PORT,
) -> None:
    """Play a year in minutes, in a home of its own, and compare its tables with one build."""
    from orchestration.simulation.play import new_home, play  # noqa: PLC0415 (polars and more)

    new_home(PROJECT_ROOT / ".warehouse-simulated")
    try:
        played = play(factor=factor, ui_port=ui_port, service_port=service_port, say=typer.echo)
    finally:
        lifecycle.stop(get_settings(), force=True)
    lines = [*(line for month in played.months for line in month.lines()), *played.verdict()]
    (get_settings().artifacts / "simulation.txt").write_text("\n".join(lines) + "\n", "utf-8")
    for line in played.verdict():
        typer.echo(line)
    if not played.is_good:
        raise typer.Exit(1)


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port of 127.0.0.1.")] = UI_PORT) -> None:
    """Open Dagster's UI on the graph and on every run so far."""
    require_free_port(port)
    # `dagster dev` warns at each start that another program is to follow it.
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    _become("dagster", "dev", "--module-name", MODULE, "--host", "127.0.0.1", "--port", str(port))


@app.command("exec", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def execute(context: typer.Context) -> None:
    """Run a program of Dagster's on this instance: ``exec dagster-daemon run``."""
    if not context.args:
        raise CommandMissingError("expected a program to run, such as `exec dagster-daemon run`")
    _become(*context.args)


def _become(program: str, *arguments: str) -> None:
    folder = Path(sys.executable).parent
    path = folder / program
    if Path(program).name != program or not path.is_file():
        raise CommandMissingError(
            f"{program} is no program of this project's environment ({folder}); expected one such "
            "as dagster-daemon"
        )
    environment = os.environ | prepare_home()
    os.execve(path, [str(path), *arguments], environment)  # noqa: S606 (handing over is the point)
