"""``python -m loaders``: files into the warehouse, the public archive, synthetic data."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from loaders.load import load
from warehouse.cli import run_cli

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def _configure() -> None:
    logging.getLogger("loaders").setLevel(logging.INFO)


@app.command("load")
def load_command(
    path: Annotated[Path, typer.Argument(help="A CSV (plain or .gz), a tar archive, a folder.")],
    source: Annotated[
        str | None, typer.Option(help="Name of the source in the ledger; else its path.")
    ] = None,
) -> None:
    """Load a source into schema raw; loading it again changes nothing."""
    report = load(path, source=source, progress=True)
    typer.echo(report)


if __name__ == "__main__":
    run_cli(app)
