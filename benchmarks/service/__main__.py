"""``python -m benchmarks.service``: measure the package built last, write page and picture."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.service import campaign
from benchmarks.service.page import write_page
from warehouse.cli import command_line, run_cli
from warehouse.connection.settings import PROJECT_ROOT

app = command_line(__doc__)


@app.command()
def measure(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds in which all ways take turns.")] = 5,
    out: Annotated[Path, typer.Option(help="Folder of the page.")] = PROJECT_ROOT / "docs",
) -> None:
    """Measure the service beside a bare application; needs `make run` before it."""
    logging.getLogger("benchmarks").setLevel(logging.INFO)
    results = campaign.run(rounds)
    campaign.write(results, out / "service-speed.json")
    typer.echo(write_page(results, out))


if __name__ == "__main__":
    run_cli(app)
