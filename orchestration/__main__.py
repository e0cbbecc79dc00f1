"""``python -m orchestration``: the whole chain in one command, and Dagster's UI on it."""

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from orchestration.assets.source import SourceConfig
from orchestration.dbt.results import RUN_RESULTS, DbtResults
from orchestration.instance import prepare_home
from orchestration.resources import dbt_logs
from orchestration.terminal.noise import quiet
from orchestration.terminal.progress import Progress
from orchestration.terminal.run import example_chip, run_main
from orchestration.terminal.summary import Summary, asset_metadata
from synthetic import Size
from warehouse.cli import command_line, require_free_port, run_cli
from warehouse.connection.settings import get_settings

MODULE: Final = "orchestration.definitions"
UI_PORT: Final = 3001  # 3000 is the service's

app = command_line(__doc__)


@app.command()
def run(
    data: Annotated[
        Path | None,
        typer.Option(help="CSV, archive or folder of SpaceNet 7's form; else data are generated."),
    ] = None,
    size: Annotated[Size, typer.Option(help="Size of the generated data.")] = Size.SAMPLE,
) -> None:
    """Run everything: source data, raw tables, star schema, model, forecast, service package."""
    source = SourceConfig(path=str(data.absolute()) if data else None, size=size)
    with quiet(get_settings().logs / "run.log") as terminal:
        progress = Progress(Console(file=terminal, highlight=False))
        try:
            result = run_main(source, listener=progress)
        finally:
            progress.stop()
    summary = Summary(
        assets=asset_metadata(result),
        dbt=DbtResults.read(dbt_logs() / RUN_RESULTS),
        example_chip=example_chip(),
    )
    summary.print(Console(highlight=False))


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
    _become(*context.args)


def _become(program: str, *arguments: str) -> None:
    path = str(Path(sys.executable).with_name(program))
    environment = os.environ | prepare_home()
    os.execve(path, [path, *arguments], environment)  # noqa: S606 (handing over is the point)


if __name__ == "__main__":
    run_cli(app)
