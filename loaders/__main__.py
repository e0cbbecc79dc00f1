"""``python -m loaders``: files into the warehouse, the public archive, synthetic data."""

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from loaders.limits import REJECT_LIMIT, require_memory
from warehouse.cli import PASS_ON, command_line, hand_over, run_cli
from warehouse.connection.settings import get_settings

app = command_line(__doc__)


@app.callback()
def _configure() -> None:
    logging.getLogger("loaders").setLevel(logging.INFO)


@app.command("load")
def load_command(
    path: Annotated[
        Path, typer.Argument(help="A CSV, a tar archive of CSVs (packed or not), a folder.")
    ],
    source: Annotated[
        str | None, typer.Option(help="Name of the source in the ledger; else its path.")
    ] = None,
    reject_limit: Annotated[
        int, typer.Option(min=0, help="Rows that may be rejected before nothing is loaded.")
    ] = REJECT_LIMIT,
) -> None:
    """Load a source into schema raw; loading it again changes nothing."""
    require_memory()
    # Polars and its kin, which die without a word where memory is limited.
    from loaders.load import load  # noqa: PLC0415
    from loaders.report import show  # noqa: PLC0415

    show(load(path, source=source, progress=True, reject_limit=reject_limit), Console())


@app.command("predictions")
def predictions_command(
    path: Annotated[
        Path, typer.Argument(help="A CSV or folder of the same forms, `POLYGON EMPTY` for none.")
    ],
    tracker: Annotated[str, typer.Option(help="Name of the tracker; again replaces.")],
    reject_limit: Annotated[
        int, typer.Option(min=0, help="Rows that may be rejected before nothing is loaded.")
    ] = REJECT_LIMIT,
) -> None:
    """Load what a tracker predicts, beside the truth; score it with `python -m scoring`."""
    require_memory()
    from loaders.load import load_predictions  # noqa: PLC0415
    from loaders.report import show  # noqa: PLC0415

    report = load_predictions(path, tracker=tracker, progress=True, reject_limit=reject_limit)
    show(report, Console())


@app.command("sources")
def sources_command() -> None:
    """List the sources and trackers of the warehouse: images, rows, last load."""
    from loaders.report import show_sources  # noqa: PLC0415
    from loaders.sources import known_sources, known_trackers  # noqa: PLC0415

    show_sources(known_sources(), known_trackers(), Console())


@app.command("forget")
def forget_command(
    source: Annotated[
        str | None, typer.Argument(help="Its name or path, as `sources` lists it.")
    ] = None,
    tracker: Annotated[str | None, typer.Option(help="Or a tracker, with its predictions.")] = None,
) -> None:
    """Take out a source with its images and masks; images that another source has stay."""
    from loaders.report import show_forgotten, show_forgotten_tracker  # noqa: PLC0415
    from loaders.sources import forget, forget_tracker  # noqa: PLC0415

    if (source is None) == (tracker is None):
        raise typer.BadParameter("expected either a source or --tracker")
    if source is not None:
        show_forgotten(forget(source), Console())
    if tracker is not None:
        show_forgotten_tracker(tracker, forget_tracker(tracker), Console())


@app.command("aoi")
def aoi_command(
    path: Annotated[
        Path | None, typer.Argument(help="A vector file with polygons, in any CRS.")
    ] = None,
    name_field: Annotated[str | None, typer.Option(help="The property with the names.")] = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Go back to derived ones.")] = False,
) -> None:
    """Load areas of interest of your own; they take the place of the derived ones."""
    require_memory()
    from loaders.aoi import load_aois, remove_aois  # noqa: PLC0415

    if (path is None) != remove:
        raise typer.BadParameter("expected either a file or --remove")
    if path is None:
        typer.echo(f"{remove_aois()} areas of interest removed")
    else:
        typer.echo(f"{load_aois(path, name_field=name_field)} areas of interest loaded")


@app.command("fetch")
def fetch_command(
    out: Annotated[
        Path | None, typer.Option(help="Folder for the archive and its CSV; else the home's data.")
    ] = None,
) -> None:
    """Fetch the public archive of the labels (496 MB) and unpack it; resumes where it stopped."""
    from loaders.fetch import fetch  # noqa: PLC0415

    folder = fetch(out or get_settings().data / "sn7")
    typer.echo(f"{folder} is ready; load it with: python -m loaders load {folder}")


@app.command(context_settings=PASS_ON, add_help_option=False)
def synthesize(context: typer.Context) -> None:
    """Write a synthetic data set: the same as `python -m synthetic synthesize`."""
    hand_over("synthetic", ["synthesize", *context.args])


@app.command(context_settings=PASS_ON, add_help_option=False)
def figures(context: typer.Context) -> None:
    """Judge a synthetic data set: the same as `python -m synthetic figures`."""
    hand_over("synthetic", ["figures", *context.args])


if __name__ == "__main__":
    run_cli(app)
