"""What a load did, as a person likes to read it."""

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from loaders.load import LoadReport

REASONS_SHOWN = 5


def show(report: LoadReport, console: Console) -> None:
    """Print the summary of a load."""
    parts: list[RenderableType] = [Text(_headline(report), style="bold"), _figures(report)]
    if report.rejected_reasons:
        parts.append(_reasons(report))
    console.print(Group(*parts))


def _headline(report: LoadReport) -> str:
    if report.state == "unchanged":
        return f"{report.source} was loaded before as it is; nothing changed"
    return f"{report.source} loaded in {report.seconds:.1f} s"


def _figures(report: LoadReport) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name, number in (
        ("rows read", report.rows_read),
        ("rows loaded", report.rows_loaded),
        ("rows rejected", report.rows_rejected),
        ("images changed", report.images_changed),
        ("images unchanged", report.images_unchanged),
        ("images removed", report.images_removed),
    ):
        table.add_row(name, f"{number:,}")
    return table


def _reasons(report: LoadReport) -> Table:
    title = f"rejected (raw.rejected_row where load_id = {report.load_id})"
    table = Table(box=None, title=title, title_justify="left", show_header=False, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    for reason, count in report.rejected_reasons[:REASONS_SHOWN]:
        table.add_row(f"{count:,}", reason)
    others = sum(count for _, count in report.rejected_reasons[REASONS_SHOWN:])
    if others:
        table.add_row(f"{others:,}", "for other reasons")
    return table
