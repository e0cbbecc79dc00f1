"""``python -m serving``: package the champion, serve the package."""

import logging
import os
import sys
from typing import Annotated

import typer

from serving.packaging import bentoml_environment, build_bento, latest_tag
from warehouse.cli import require_free_port, run_cli
from warehouse.connection import dsn
from warehouse.settings import get_settings

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def _configure() -> None:
    for name in ("ml", "serving", "warehouse"):
        logging.getLogger(name).setLevel(logging.INFO)


@app.command()
def build() -> None:
    """Package the champion with the code that serves it."""
    tag = build_bento()
    if tag is None:
        typer.echo("no model has been registered yet, so there is nothing to package")
    else:
        typer.echo(f"{tag} is in {get_settings().bentoml}")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 3000,
) -> None:
    """Start the service of the package that was built last; Ctrl-C stops it."""
    tag = latest_tag()
    require_free_port(port, host=host)
    environment = bentoml_environment() | {"SN7_DSN": dsn()}
    typer.echo(f"serving {tag} on http://{host}:{port} (documentation there, Ctrl-C to stop)")
    sys.stdout.flush()
    # The bento's own code is to run, not this folder's: so another folder is entered first.
    os.chdir(get_settings().bentoml)
    command = [sys.executable, "-m", "bentoml", "serve", tag, "--host", host, "--port", str(port)]
    os.execve(sys.executable, command, environment)  # noqa: S606


if __name__ == "__main__":
    run_cli(app)
