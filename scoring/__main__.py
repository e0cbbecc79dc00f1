"""``python -m scoring``: how good a tracker of buildings is."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scoring.files.tracker import score_files
from scoring.metric.options import Options
from scoring.report import show
from warehouse.cli import command_line, run_cli

app = command_line(__doc__)
_DEFAULT = Options()


@app.callback()
def _group() -> None:
    """Keep the command's name, though there is one only."""


@app.command("score")
def score_command(
    truth: Annotated[Path, typer.Option(help="CSV of the labels: filename,id,geometry.")],
    predictions: Annotated[Path, typer.Option(help="CSV of the tracker, of the same form.")],
    threshold: Annotated[
        float, typer.Option(help="IoU above which a prediction matches.")
    ] = _DEFAULT.threshold,
    beta: Annotated[float, typer.Option(help="Weight of tracking against change.")] = _DEFAULT.beta,
    least_area: Annotated[
        float, typer.Option(help="Truth below this many square pixels is left out.")
    ] = _DEFAULT.least_area,
) -> None:
    """Score the predictions of a CSV by SCOT; writes nothing."""
    options = Options(threshold=threshold, beta=beta, least_area=least_area)
    show(score_files(truth, predictions, options), Console())


if __name__ == "__main__":
    run_cli(app)
