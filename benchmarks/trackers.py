"""``python -m benchmarks.trackers``: predictions made, loaded, scored and built into marts.

At two sizes, so that the growth of time with rows is seen. Prints a table; writes no page.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.arena import Arena, open_arena
from benchmarks.data import CSV
from benchmarks.measuring import Measurement
from synthetic import Size
from warehouse.cli import run_cli
from warehouse.connection.settings import PROJECT_ROOT, get_settings

TRACKER: Final = "measured"
STEPS: Final = ("make predictions", "load labels", "load predictions", "score", "build")

app = typer.Typer(help=__doc__, add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class Sized:
    """What was measured at one size.

    Attributes:
        rows: Labels.
        steps: By name, in order.
    """

    rows: int
    steps: dict[str, Measurement]


@app.command()
def trackers(
    size: Annotated[Size, typer.Option(help="Size of the generated data.")] = Size.SAMPLE,
    factor: Annotated[float, typer.Option(help="Rows of the larger run by the smaller.")] = 3.0,
    style: Annotated[str, typer.Option(help="careful or sloppy.")] = "careful",
    out: Annotated[Path, typer.Option(help="Folder for data and logs.")] = Path("bench-results"),
) -> None:
    """Measure at SIZE / FACTOR and at SIZE; wall, CPU beside it, and peak memory."""
    arena = open_arena(out)
    try:
        found = [_measure(arena, size, share, style) for share in (1 / factor, 1.0)]
    finally:
        arena.close()
    Console().print(_table(found))


def _measure(arena: Arena, size: Size, share: float, style: str) -> Sized:
    data = get_settings().data / f"trackers-{size}-{share:.3f}"
    labels, predictions = data / CSV, data / f"{style}.csv"
    run = _Runner(arena)
    if not labels.is_file():
        run("synthetic", "synthesize", "--out", data, "--size", size, "--factor", share)
    arena.fresh_database()
    make = ("predictions", labels, "--style", style, "--out", predictions)
    commands = {
        "make predictions": ("synthetic", *make),
        "load labels": ("loaders", "load", labels),
        "load predictions": ("loaders", "predictions", predictions, "--tracker", TRACKER),
        "score": ("scoring", TRACKER),
        "build": ("warehouse", "exec", "--", Path(sys.executable).with_name("dbt"), "run"),
    }
    steps = {name: run(*command) for name, command in commands.items()}
    return Sized(arena.rows_of("raw.observation"), steps)


@dataclass(frozen=True, slots=True)
class _Runner:
    arena: Arena

    def __call__(self, *arguments: object) -> Measurement:
        command = [sys.executable, "-m", *map(str, arguments)]
        name = "-".join(map(str, arguments[:2]))
        return self.arena.run(command, name=name, folder=PROJECT_ROOT)


def _table(found: list[Sized]) -> Table:
    table = Table("step", title="Trackers: seconds, CPU of program + server, peak memory")
    for sized in found:
        table.add_column(f"{sized.rows:,} labels", justify="right")
    table.add_column("seconds, ratio", justify="right")
    for name in STEPS:
        runs = [sized.steps[name] for sized in found]
        cells = [
            f"{run.seconds:.1f} s, {run.cpu_seconds:.1f} + {run.server_cpu_seconds or 0:.1f} s, "
            f"{run.peak_bytes / 1e9:.2f} GB"
            for run in runs
        ]
        table.add_row(name, *cells, f"{runs[-1].seconds / runs[0].seconds:.2f}")
    return table


if __name__ == "__main__":
    run_cli(app)
