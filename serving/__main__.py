"""``python -m serving``: package the champion, serve the package, write layers as files."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from serving.bento.packaging import bento_folder, bentoml_environment, build_bento, latest_tag
from serving.edge.settings import is_loopback, service_settings
from serving.files.formats import ExportFormat
from warehouse.access import dsn
from warehouse.cli import command_line, require_free_port, run_cli
from warehouse.connection.settings import get_settings

logger = logging.getLogger(__name__)

app = command_line(__doc__)


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
    conninfo = dsn()  # first: it takes libpq's variables of the caller out of the environment
    environment = bentoml_environment() | {"SN7_DSN": conninfo}
    if not is_loopback(host) and service_settings().api_key is None:
        logger.warning("%s is seen by others, and SN7_SERVICE_API_KEY asks nobody for a key", host)
    typer.echo(f"serving {tag} on http://{host}:{port} (documentation there, Ctrl-C to stop)")
    sys.stdout.flush()
    # The bento's own code is to run, not this folder's: so its folder is entered first.
    os.chdir(bento_folder(tag) / "src")
    command = [sys.executable, "-m", "serving.api", "--host", host, "--port", str(port)]
    os.execve(sys.executable, command, environment)  # noqa: S606


@app.command()
def export(
    layer: Annotated[str | None, typer.Argument(help="A map layer; without it, list them.")] = None,
    export_format: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="Form of the file; else what --out ends in, else gpkg."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The file, with --all the folder; older files are replaced."),
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every layer, each as a file.")] = False,
) -> None:
    """Write map layers as GeoPackage, GeoJSON or GeoParquet; without --out, in artifacts/."""
    # GDAL and Arrow take a while to import, which the other commands need not wait for.
    from serving.files.export import export_all, export_layer  # noqa: PLC0415
    from serving.files.layers import list_layers  # noqa: PLC0415

    if every:
        if layer is not None:
            raise typer.BadParameter("expected a layer or --all, not both")
        folder = out or get_settings().artifacts / "layers"
        for path, count in export_all(folder, export_format or ExportFormat.GPKG):
            typer.echo(f"{count:,} features of layer {path.stem} are in {path}")
        return
    if layer is None:
        typer.echo("\n".join(list_layers()) or "no layers yet; build them with `make run`")
        return
    form = export_format or (ExportFormat.of(out) if out else ExportFormat.GPKG)
    path = out or get_settings().artifacts / f"{layer}.{form}"
    count = export_layer(layer, path, form)
    typer.echo(f"{count:,} features of layer {layer} are in {path}")


if __name__ == "__main__":
    run_cli(app)
