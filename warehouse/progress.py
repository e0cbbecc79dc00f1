"""How far a command is: one line a finished step, and on a terminal the step at work.

The live line has the time so far and, where the whole is known, a bar and the time left. It never
takes hold of standard output or error: a library that writes there goes where it would anyway.
"""

import os
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

TITLE_WIDTH: Final = 25
SECONDS_TO_JUDGE: Final = 2.0
PLAIN_WIDTH: Final = 80
"""Columns of a line where nobody says how wide it is."""


def console_on(stream: TextIO) -> Console:
    """Return a console as wide as the terminal behind the stream, whatever 0, 1 and 2 are."""
    width = int(os.environ.get("COLUMNS") or 0)
    if not width:
        try:
            width = os.get_terminal_size(stream.fileno()).columns
        except OSError:
            width = PLAIN_WIDTH
    return Console(file=stream, highlight=False, width=width or PLAIN_WIDTH)


@dataclass(slots=True)
class Display:
    """The steps of a command, one after the other.

    Attributes:
        console: Where the lines go; the step at work is shown on a terminal alone.
    """

    console: Console
    _live: Progress = field(init=False)
    _title: str = field(default="", init=False)
    _started: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=10),
            TextColumn(
                "{task.fields[figures]}", table_column=Column(no_wrap=True, overflow="ellipsis")
            ),
            _Clock(table_column=Column(no_wrap=True)),
            console=self.console,
            transient=True,
            refresh_per_second=4,
            # Else rich takes what libraries write to both and prints it on the terminal.
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not self.console.is_terminal,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self._clear()

    @property
    def seconds(self) -> float:
        """Time since the step started."""
        return time.monotonic() - self._started

    def start(self, title: str) -> None:
        """Begin a step."""
        self._clear()
        self._title, self._started = title, time.monotonic()
        self._live.add_task(title, total=None, figures="", first=None)
        self._live.start()

    def advance(self, done: int, total: int | None, figures: str) -> None:
        """Show how far the step is, with its figures in words."""
        for task in self._live.tasks:
            first = task.fields["first"] or (time.monotonic(), done)
            self._live.update(task.id, completed=done, total=total, figures=figures, first=first)

    def advance_bytes(self, position: int, total_bytes: int, rows: int) -> None:
        """Show how much of a source was read, and the rows in it.

        All is read long before all is written: the bar must not stand at its end till then.
        """
        if position < total_bytes:
            self.advance(position, total_bytes, rate_of(rows, self.seconds))
        else:
            self.advance(0, None, f"{rows:,} rows read, writing")

    def finish(self, word: str, figures: str = "") -> None:
        """End a step with a line that stays: ``[green]done[/]``, its title and its time."""
        self._clear()
        line = f"{word} {self._title:<{TITLE_WIDTH}} {self.seconds:6.1f} s"
        self.console.print(line + (f"  [dim]{figures}[/]" if figures else ""), soft_wrap=True)

    def say(self, sentence: str) -> None:
        """Print a sentence, broken between words."""
        self.console.print(Text(sentence), soft_wrap=not self.console.is_terminal)

    def _clear(self) -> None:
        self._live.stop()
        for task in self._live.task_ids:
            self._live.remove_task(task)


class _Clock(ProgressColumn):
    """Time so far and, where the whole is known, time left.

    Counted from the first report: what comes before it, such as dbt's start, is no measure.
    """

    def render(self, task: Task) -> Text:
        """Return the time of a task."""
        elapsed = clock(task.elapsed or 0.0)
        first: tuple[float, float] | None = task.fields["first"]
        if first is None or not task.total or task.completed >= task.total:
            return Text(elapsed)
        seconds, done = time.monotonic() - first[0], task.completed - first[1]
        if seconds < SECONDS_TO_JUDGE or done <= 0:
            return Text(elapsed)
        return Text(f"{elapsed}, {clock(seconds * (task.total - task.completed) / done)} left")


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds: ``1:05``."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def rate_of(rows: int, seconds: float) -> str:
    """Return rows and their rate in words: ``4,561,000 rows, 170,000/s``."""
    return f"{rows:,} rows, {rows / max(seconds, 1e-3):,.0f}/s"
