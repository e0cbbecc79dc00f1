"""Scores as tables on a terminal."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from scoring.files.tracker import FileRefusals
from scoring.metric.scores import ChipScore
from scoring.metric.whole import TrackerScore

_TRACK = ("mism.", "tp", "fp", "fn", "track")
_CHANGE = ("new tp", "fp", "fn", "change")
_LEAST_WIDTH = 120
"""Columns of a terminal below which a chip's line wraps, instead of losing digits."""


def show(score: TrackerScore, console: Console) -> None:
    """Print counts and scores by chip, their mean, and where the tracker errs."""
    table = _table("chip", *_TRACK, *_CHANGE, "SCOT", texts=1)
    for chip_id, chip in score.chips.items():
        table.add_row(chip_id, *_cells(chip))
    table.add_section()
    table.add_row(f"mean of {len(score.chips)}", *[""] * 9, f"{score.scot:.4f}")
    console.width = max(console.width, _LEAST_WIDTH)
    for shown in (table, _breakdown(score), _lateness(score)):
        console.print(shown)
    for note in _notes(score):
        _say(note, console)


def show_refusals(refusals: list[FileRefusals], console: Console) -> None:
    """Print which lines of files are no rows."""
    for refusal in refusals:
        counts = ", ".join(f"{reason} ({count:,})" for reason, count in refusal.by_reason.items())
        first = f"first in line {refusal.first.line:,}: {refusal.first.reason}"
        _say(f"{refusal.path}: lines left out: {counts}; {first}", console)


def _say(note: str, console: Console) -> None:
    console.print(note, markup=False, highlight=False, soft_wrap=True)


def _table(*headers: str, texts: int) -> Table:
    """Return an empty table of which all columns behind the first ones hold numbers."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for at, header in enumerate(headers):
        table.add_column(header, no_wrap=True, justify="left" if at < texts else "right")
    return table


def _cells(chip: ChipScore) -> list[str]:
    return [
        f"{chip.mismatches:,}",
        *(f"{count:,}" for count in (chip.track_tp, chip.track_fp, chip.track_fn)),
        f"{chip.track_score:.4f}",
        *(f"{count:,}" for count in (chip.change_tp, chip.change_fp, chip.change_fn)),
        f"{chip.change_score:.4f}",
        f"{chip.scot:.4f}",
    ]


def _breakdown(score: TrackerScore) -> Table:
    table = _table("by", "", "matched", "ghosts", "missed", "mism.", "recall", "F1", texts=2)
    last = None
    for dimension, _, part, *counts, recall, f1 in score.breakdown.iter_rows():
        if dimension != last:
            table.add_section()
        shown = ["" if count is None else f"{count:,}" for count in counts]
        scores = ["" if value is None else f"{value:.4f}" for value in (recall, f1)]
        table.add_row("" if dimension == last else dimension, part, *shown, *scores)
        last = dimension
    return table


def _lateness(score: TrackerScore) -> Table:
    table = _table("a new building is told", "buildings", texts=1)
    for months, count in score.lateness.iter_rows():
        table.add_row(_told(months), f"{count:,}")
    return table


def _told(months: int | None) -> str:
    if months is None:
        return "never, or there from the first month"
    if months == 0:
        return "in its month"
    unit = "month" if abs(months) == 1 else "months"
    return f"{abs(months)} {unit} {'late' if months > 0 else 'early'}"


def _notes(score: TrackerScore) -> list[str]:
    notes = []
    if score.too_small:
        notes.append(f"{score.too_small:,} rows of truth are below the least area and left out")
    if score.unscored:
        notes.append(f"{score.unscored:,} predictions lie in chips or months without truth")
    return notes
