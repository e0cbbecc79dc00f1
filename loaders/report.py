"""What a load did, as a person likes to read it."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from loaders.load import LoadReport
from loaders.raw.sources import KnownSource
from loaders.remarks import other_versions_left
from loaders.sources import Forgotten

REASONS_SHOWN = 5


def show(report: LoadReport, console: Console) -> None:
    """Print the summary of a load."""
    parts: list[RenderableType] = [Text(_headline(report), style="bold"), _figures(report)]
    if report.rejected_reasons:
        parts.append(_reasons(report))
    parts += [_made_way(name, images) for name, images in report.made_way]
    parts += [_warning(warning) for warning in report.warnings]
    console.print(Group(*parts), soft_wrap=True)


def show_sources(sources: Sequence[KnownSource], console: Console) -> None:
    """Print what the warehouse has of each source."""
    if not sources:
        console.print("no source was loaded yet; load one with: python -m loaders load PATH")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("source", "kind", "data"):
        table.add_column(name, overflow="fold")
    for name in ("images", "rows"):
        table.add_column(name, justify="right")
    for name in ("last loaded", "state"):
        table.add_column(name, no_wrap=True)
    for source in sources:
        loaded = source.loaded_at
        table.add_row(
            Text(source.name),
            source.kind,
            "generated" if source.is_generated else "own",
            f"{source.images:,}",
            f"{source.rows:,}",
            "never" if loaded is None else f"{loaded.astimezone():%Y-%m-%d %H:%M}",
            source.state,
        )
    console.print(table)


def show_forgotten(forgotten: Forgotten, console: Console) -> None:
    """Print what left with a source, and what is to be done next."""
    kept = forgotten.source.images - len(forgotten.withdrawn.images)
    parts: list[RenderableType] = [
        Text(
            f"{forgotten.source.name} forgotten: {len(forgotten.withdrawn.images):,} images left",
            style="bold",
        )
    ]
    if kept > 0:
        parts.append(Text(f"{kept:,} of its images stay, since another source has them"))
    others = other_versions_left(forgotten.withdrawn.other_versions)
    parts += [_warning(sentence) for sentence in others]
    parts.append(Text("make run, or make dbt ARGS=build, brings the tables after it up to date"))
    console.print(Group(*parts), soft_wrap=True)


def _warning(sentence: str) -> Text:
    return Text(f"warning: {sentence}", style="yellow")


def _made_way(source: str, images: int) -> Text:
    return Text(f"{source} left with {images:,} images: generated data make way for your own")


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
