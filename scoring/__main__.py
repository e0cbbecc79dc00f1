"""``python -m scoring``: how good a tracker of buildings is."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scoring.errors import TestNameError
from scoring.files.tracker import matches_of as file_matches
from scoring.files.tracker import score_files
from scoring.kept.tracker import matches_of as kept_matches
from scoring.kept.tracker import score_tracker
from scoring.metric.matched import Matched
from scoring.metric.options import Options
from scoring.metric.whole import Scope, TrackerScore
from scoring.report import show, show_refusals
from warehouse.cli import command_line, run_cli

app = command_line(__doc__)
_DEFAULT = Options()
_MONTH = re.compile(r"(\d{4})[-_]?(0[1-9]|1[0-2])")


@app.command()
def score(  # noqa: PLR0913 (each is an option of the command line)
    tracker: Annotated[
        str | None, typer.Argument(help="A tracker that `loaders predictions` brought.")
    ] = None,
    *,
    truth: Annotated[
        Path | None, typer.Option(help="Without a warehouse: CSV of the labels, and")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="CSV of the tracker, both filename,id,geometry.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="IoU above which a prediction matches.")
    ] = _DEFAULT.threshold,
    beta: Annotated[float, typer.Option(help="Weight of tracking against change.")] = _DEFAULT.beta,
    least_area: Annotated[
        float, typer.Option(help="Truth below this many square pixels is left out.")
    ] = _DEFAULT.least_area,
    chips: Annotated[
        str | None, typer.Option(help="Names of the chips held back as test, between commas.")
    ] = None,
    months: Annotated[
        str | None, typer.Option(help="Months held back as test: 2019-07,2019-08 or from..to.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with pictures here (HTML) as well.")
    ] = None,
) -> None:
    """Score a tracker by SCOT: one of the warehouse, which keeps it, or two CSVs."""
    options = Options(threshold=threshold, beta=beta, least_area=least_area)
    scope = Scope(_names(chips), _months(months))
    console = Console()
    look: Callable[[str], Matched]
    if tracker is not None and truth is None and predictions is None:
        name, found = tracker, score_tracker(tracker, options, scope=scope).score
        look = partial(kept_matches, tracker)
        show(found, console)
    elif tracker is None and truth is not None and predictions is not None:
        of_files = score_files(truth, predictions, options, scope=scope)
        name, found = predictions.stem, of_files.score
        look = partial(file_matches, truth, predictions, options, scope)
        show(found, console)
        show_refusals(of_files.refusals, console)
    else:
        raise typer.BadParameter("expected either a tracker, or --truth and --predictions")
    if report is not None:
        _write(report, name, found, options, look)


def _write(
    path: Path, name: str, score: TrackerScore, options: Options, look: Callable[[str], Matched]
) -> None:
    # matplotlib takes a second to import.
    from scoring.reporting.page import worst_chip, write_report  # noqa: PLC0415

    chip_id = worst_chip(score)
    write_report(path, name, score, options, (chip_id, look(chip_id)))
    typer.echo(f"report: {path}")


def _names(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(name.strip() for name in text.split(","))


def _months(text: str | None) -> frozenset[int] | None:
    """Return the time keys that a text names."""
    if text is None:
        return None
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = (piece.strip() for piece in part.partition(".."))
        start, end = _ordinal(first), _ordinal(last or first)
        found.update(month // 12 * 100 + month % 12 + 1 for month in range(start, end + 1))
    if not found:
        raise TestNameError(f"{text!r} names no month; expected one such as 2019-07, or from..to")
    return frozenset(found)


def _ordinal(text: str) -> int:
    """Return a month as a number without gaps between years."""
    match = _MONTH.fullmatch(text)
    if match is None:
        raise TestNameError(f"{text!r} is no month; expected one such as 2019-07")
    return int(match[1]) * 12 + int(match[2]) - 1


if __name__ == "__main__":
    run_cli(app)
