"""``python -m synthetic``: generated data of SpaceNet 7's form, and how real they are."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from synthetic.judging.figures import Figure, figures
from synthetic.judging.lives import judge_warehouse, table
from synthetic.synthesis import Size, synthesize
from synthetic.trackers.predictions import predict
from synthetic.trackers.styles import Style
from warehouse.cli import command_line, run_cli

app = command_line(__doc__)
LOG_EVERY = 5.0
"""Seconds between the progress lines of a run that has no terminal."""


@app.command("synthesize")
def synthesize_command(
    out: Annotated[Path, typer.Option(help="New, empty or earlier written folder.")],
    size: Annotated[Size, typer.Option(help="Real number of rows, or 1 in 100.")] = Size.SAMPLE,
    factor: Annotated[float, typer.Option(help="Buildings in relation to the size.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 7,
) -> None:
    """Write a synthetic data set of SpaceNet 7's form, with the truth beside it."""
    with _progress() as on_rows:
        report = synthesize(out, size=size, factor=factor, seed=seed, on_rows=on_rows)
    typer.echo(
        f"{report.rows:,} rows of {report.buildings:,} buildings in {report.chips} chips and "
        f"{report.chip_months:,} chip-months, {report.masks} masks; {report.seconds:.1f} s\n"
        f"{report.csv}"
    )


@app.command("figures")
def figures_command(
    folder: Annotated[Path, typer.Argument(help="Folder that synthesize wrote.")],
) -> None:
    """Set the figures of a data set beside those of the real data; exit 1 if one is missed."""
    found = figures(folder)
    table = Table("figure", "target", "accepted", "generated", "met", title=str(folder))
    for figure in found:
        accepted = f"{_shown(figure, figure.low)} to {_shown(figure, figure.high)}"
        met = ("yes" if figure.met else "[bold red]NO[/]") if figure.judged else "[dim]size[/]"
        generated = "" if math.isnan(figure.generated) else _shown(figure, figure.generated)
        table.add_row(figure.name, figure.target, accepted, generated, met)
    Console().print(table)
    missed = [figure.name for figure in found if not figure.met]
    judged = sum(figure.judged for figure in found)
    typer.echo(f"{judged - len(missed)} of {judged} figures met; 'size': not judged at this size")
    if missed:
        typer.echo(f"missed: {'; '.join(missed)}", err=True)
        raise typer.Exit(1)


@app.command()
def predictions(
    truth: Annotated[Path, typer.Argument(help="CSV of labels: filename,id,geometry.")],
    style: Annotated[Style, typer.Option(help="How the tracker errs.")],
    out: Annotated[Path, typer.Option(help="The CSV to write.")],
    seed: Annotated[int, typer.Option(help="Same labels and seed, same bytes.")] = 7,
) -> None:
    """Write what a tracker of buildings would predict: the labels, disturbed."""
    report = predict(truth, out, style=style, seed=seed)
    typer.echo(
        f"{report.rows:,} predictions from {report.labels:,} labels of {report.chips} chips\n"
        f"{report.out}"
    )


@app.command()
def lives(
    truth: Annotated[Path, typer.Option(help="The folder `truth` of the generated data.")],
) -> None:
    """Judge how well the warehouse tells the lives of buildings that were generated."""
    typer.echo("\n".join(table(judge_warehouse(truth))))


def _shown(figure: Figure, value: float) -> str:
    if figure.percent:
        return f"{100 * value:.3g} %"
    return f"{value:,.0f}" if float(value).is_integer() or value >= 1000 else f"{value:.4g}"


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show rows on a terminal as a bar, elsewhere as a line every few seconds."""
    started = last = time.monotonic()
    console = Console(stderr=True)

    def said(done: int, planned: int) -> str:
        rate = done / max(time.monotonic() - started, 1e-3)
        return f"{done:,} of {planned:,} rows, {rate:,.0f} rows/s"

    def line(done: int, planned: int) -> None:
        nonlocal last
        if time.monotonic() - last >= LOG_EVERY:
            last = time.monotonic()
            sys.stderr.write(f"{said(done, planned)}\n")

    if not console.is_terminal:
        yield line
        return
    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("planning", total=None)
        yield lambda done, planned: bar.update(
            task, completed=done, total=planned, description=said(done, planned)
        )


if __name__ == "__main__":
    run_cli(app)
