"""``python -m benchmarks``: measure load and star beside peers; ``report`` writes the page."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import campaign
from benchmarks.campaign import Part, Plan
from benchmarks.errors import BenchmarkError
from benchmarks.results import read_results
from synthetic import Size
from warehouse.cli import run_cli
from warehouse.connection.settings import PROJECT_ROOT

OUT = PROJECT_ROOT / "bench-results"
DOCS = PROJECT_ROOT / "docs"

app = typer.Typer(help=__doc__, add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def benchmark(
    context: typer.Context,
    size: Annotated[Size, typer.Option(help="Size of the generated data.")] = Size.SAMPLE,
    factor: Annotated[float, typer.Option(help="Rows of the scaling run / rows.", min=1.0)] = 3.0,
    runs: Annotated[int, typer.Option(help="How often everything is measured.", min=1)] = 3,
    only: Annotated[list[Part] | None, typer.Option(help="Parts; again for more.")] = None,
    data: Annotated[Path | None, typer.Option(help="A data set of your own.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for results and logs.")] = OUT,
) -> None:
    """Measure, and write the figures, the page and its pictures to OUT."""
    logging.getLogger("benchmarks").setLevel(logging.INFO)
    if context.invoked_subcommand is not None:
        return
    parts = frozenset(only or Part)
    found = campaign.run(Plan(size, factor, runs, parts, data, out))
    _write_report(found, out)
    failed = read_results(found).failed
    if failed:
        raise BenchmarkError(f"{', '.join(failed)} failed; the messages are above and in {found}")


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="What a benchmark wrote.")] = OUT
    / campaign.RESULTS,
    docs: Annotated[Path, typer.Option(help="Folder of the page.")] = DOCS,
) -> None:
    """Write benchmarks.md, its pictures and the figures behind them to DOCS."""
    _write_report(results, docs)


def _write_report(found: Path, folder: Path) -> None:
    # Imported here since matplotlib alone weighs more than the rest.
    from benchmarks.page.report import write_page  # noqa: PLC0415

    typer.echo(write_page(read_results(found), folder, source=found))


if __name__ == "__main__":
    run_cli(app)
