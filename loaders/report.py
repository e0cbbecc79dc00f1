"""What a load did, as a person likes to read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from loaders.load import LoadReport
from loaders.raw.sources import KnownSource, KnownTracker
from loaders.remarks import counted, other_versions_left
from loaders.sources import Forgotten

REASONS_SHOWN = 5
_SOURCE_HEAD: Final = ("data", "form", "images", "rows", "last loaded", "state", "source")
_TRACKER_HEAD: Final = ("tracker", "images", "rows", "polygons", "last loaded", "source")


def show(report: LoadReport, console: Console) -> None:
    """Print the summary of a load."""
    parts: list[RenderableType] = [Text(_headline(report), style="bold"), _figures(report)]
    if report.other_forms:
        parts.append(_other_forms(report))
    if report.rejected_reasons:
        parts.append(_reasons(report))
    parts += [_made_way(name, images) for name, images in report.made_way]
    parts += [_warning(warning) for warning in report.warnings]
    console.print(Group(*parts), soft_wrap=True)


def show_sources(
    sources: Sequence[KnownSource], trackers: Sequence[KnownTracker], console: Console
) -> None:
    """Print what the warehouse has of each source, and of each tracker."""
    if not sources:
        console.print("no source was loaded yet; load one with: python -m loaders load PATH")
    else:
        _lay_out([_SOURCE_HEAD, *map(_row_of, sources)], numbers={2, 3}, console=console)
    if trackers:
        console.print()
        _lay_out(
            [_TRACKER_HEAD, *map(_row_of_tracker, trackers)], numbers={1, 2, 3}, console=console
        )


def _lay_out(rows: Sequence[tuple[str, ...]], *, numbers: set[int], console: Console) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        # The name comes last and no line is folded, so that it can be copied.
        cells = [
            cell.rjust(width) if at in numbers else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        console.print(Text("  ".join(cells).rstrip()), soft_wrap=True)


def _row_of(source: KnownSource) -> tuple[str, ...]:
    return (
        "generated" if source.is_generated else "own",
        source.kind,
        f"{source.images:,}",
        f"{source.rows:,}",
        "never" if source.loaded_at is None else _time(source.loaded_at),
        source.state,
        source.name,
    )


def _row_of_tracker(tracker: KnownTracker) -> tuple[str, ...]:
    return (
        tracker.name,
        f"{tracker.images:,}",
        f"{tracker.rows:,}",
        f"{tracker.polygons:,}",
        _time(tracker.loaded_at),
        tracker.source,
    )


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def show_forgotten(forgotten: Forgotten, console: Console) -> None:
    """Print what left with a source, and what is to be done next."""
    gone = counted(len(forgotten.withdrawn.images), "image")
    kept = forgotten.source.images - len(forgotten.withdrawn.images)
    parts: list[RenderableType] = [
        Text(
            f"{forgotten.source.name} forgotten: {gone} left",
            style="bold",
        )
    ]
    if kept > 0:
        parts.append(
            Text(f"{counted(kept, 'image')} of it stayed, since another source has the same")
        )
    others = other_versions_left(forgotten.withdrawn.other_versions)
    parts += [_warning(sentence) for sentence in others]
    parts.append(Text("make run, or make dbt ARGS=build, brings the tables after it up to date"))
    console.print(Group(*parts), soft_wrap=True)


def show_forgotten_tracker(name: str, images: int, console: Console) -> None:
    """Print what left with a tracker."""
    console.print(Text(f"tracker {name} forgotten: {counted(images, 'image')} left", style="bold"))


def _warning(sentence: str) -> Text:
    return Text(f"warning: {sentence}", style="yellow")


def _made_way(source: str, images: int) -> Text:
    return Text(
        f"{source} left with {counted(images, 'image')}: generated data make way for your own"
    )


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


def _other_forms(report: LoadReport) -> Table:
    return _counts("taken in another form, loaded in the canonical one", report.other_forms)


def _reasons(report: LoadReport) -> Table:
    title = f"rejected (raw.rejected_row where load_id = {report.load_id})"
    table = _counts(title, report.rejected_reasons[:REASONS_SHOWN])
    others = sum(count for _, count in report.rejected_reasons[REASONS_SHOWN:])
    if others:
        table.add_row(f"{others:,}", "for other reasons")
    return table


def _counts(title: str, counts: Sequence[tuple[str, int]]) -> Table:
    table = Table(box=None, title=title, title_justify="left", show_header=False, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    for name, count in counts:
        table.add_row(f"{count:,}", name)
    return table
