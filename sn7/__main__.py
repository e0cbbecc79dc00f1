"""``sn7``: every command of the project."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from sn7.lazy import PACKAGE, Commands
from sn7.surroundings import prepare_environment
from warehouse.cli import run_cli

app = typer.Typer(
    cls=Commands,
    help="From SpaceNet 7 building labels to a star schema, forecasts and a service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _prepare(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", help="Say the version.", is_eager=True)
    ] = False,
) -> None:
    if show_version:
        typer.echo(_version())
        raise typer.Exit
    prepare_environment()


def _version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "a checkout, not installed"


def main() -> None:
    """Run the command line: the console script's entry."""
    run_cli(lambda: app(prog_name="sn7"))


if __name__ == "__main__":
    main()
