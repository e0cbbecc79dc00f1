"""The data dictionary: a page for each schema, every column of every table with its meaning."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from docs.site.catalogue import Table

ABOUT: Final = {
    "raw": "What the loaders wrote, lossless; only they write here.",
    "staging": "The raw tables with the project's names and types; views.",
    "intermediate": "Steps between staging and the star; no contract, so nothing should read them.",
    "marts": "The star: dimensions and facts, with keys that the server holds.",
    "features": "What was known at each as-of month, for the forecast.",
    "scores": "What scoring found of each tracker; it alone writes here.",
    "layers": "One typed geometry and one integer key each, for maps and data frames.",
}


def dictionary_pages(tables: Sequence[Table]) -> Iterator[tuple[str, str]]:
    """Return the pages as (name of the file, Markdown): one a schema, and the overview."""
    yield "index.md", "\n".join(_overview(tables))
    for schema, those in groupby(tables, key=lambda table: table.schema):
        yield f"{schema}.md", "\n".join(_page(schema, list(those)))


def _overview(tables: Sequence[Table]) -> Iterator[str]:
    yield from ("# Data dictionary", "")
    yield "Every table with its grain, from the dbt manifest; the search above finds columns, too."
    for schema, those in groupby(tables, key=lambda table: table.schema):
        yield from ("", f"## [{schema}]({schema}.md)", "", ABOUT[schema], "")
        yield from ("| table | what a row is |", "| --- | --- |")
        for table in those:
            grain = _cell(_first_sentence(table.grain))
            yield f"| [`{table.name}`]({schema}.md#{table.name}) | {grain} |"


def _page(schema: str, tables: Sequence[Table]) -> Iterator[str]:
    yield from (f"# Schema {schema}", "", ABOUT[schema])
    for table in tables:
        yield from ("", f"## {table.name} {{ #{table.name} }}", "", table.grain, "")
        if table.key:
            yield from (f"Key: {', '.join(f'`{name}`' for name in table.key)}.", "")
        for reference in table.references:
            columns = ", ".join(f"`{name}`" for name in reference.columns)
            yield f"- {columns} leads to `{reference.table}`"
        if table.references:
            yield ""
        yield from ("| column | type | meaning |", "| --- | --- | --- |")
        for column in table.columns:
            kind = f"`{column.data_type}`" if column.data_type else ""
            yield f"| `{column.name}` | {kind} | {_cell(column.meaning)} |"


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
