"""The page of commands, written by the table that ``sn7`` is made of."""

from collections.abc import Iterator
from itertools import groupby

from sn7.commands import COMMANDS


def commands_page() -> str:
    """Return the page of the commands of ``sn7``, as Markdown."""
    return "\n".join(_commands())


def _commands() -> Iterator[str]:
    yield from ("# Commands", "")
    yield "`sn7 COMMAND --help` tells the options."
    yield "In a checkout `sn7` is `.venv/bin/python -m sn7`."
    for panel, entries in groupby(COMMANDS, key=lambda entry: entry.panel):
        yield from ("", f"## {panel}", "", "| command | what it does |", "| --- | --- |")
        yield from (f"| `sn7 {entry.name}` | {entry.help} |" for entry in entries)
