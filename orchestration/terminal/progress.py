"""What a person sees while a run goes on: one line a finished step."""

import time
from dataclasses import dataclass, field

import dagster as dg
from rich.console import Console
from rich.status import Status

TITLES = {
    "source_data": "source data",
    "raw_tables": "raw tables",
    "dbt_models": "star schema and features",
    "ml__trained_model": "model",
    "ml__chip_forecast": "forecast",
    "serving__bento": "service package",
}


@dataclass(slots=True)
class Progress:
    """Turns Dagster's events into lines; on a terminal the running step is shown, too.

    Attributes:
        console: Where the lines go.
    """

    console: Console
    _status: Status = field(init=False)
    _started: float = field(default=0.0, init=False)
    _tables: int = field(default=0, init=False)
    _checks: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._status = Status("", console=self.console)

    def __call__(self, entry: dg.EventLogEntry) -> None:
        """Take in one event of the run."""
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        title = TITLES.get(event.step_key, event.step_key)
        match event.event_type:
            case dg.DagsterEventType.STEP_START:
                self._start(title)
            case dg.DagsterEventType.ASSET_MATERIALIZATION:
                self._tables += 1
                self._show(title)
            case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                self._checks += 1
                self._show(title)
            case dg.DagsterEventType.STEP_SUCCESS:
                self._finish("[green]done[/]", title)
            case dg.DagsterEventType.STEP_FAILURE:
                self._finish("[red]failed[/]", title)
            case _:
                pass

    def stop(self) -> None:
        """Leave the terminal as it was."""
        self._status.stop()

    def _start(self, title: str) -> None:
        self._started, self._tables, self._checks = time.monotonic(), 0, 0
        self._show(title)
        if self.console.is_terminal:
            self._status.start()

    def _show(self, title: str) -> None:
        self._status.update(title + self._figures())

    def _finish(self, word: str, title: str) -> None:
        self._status.stop()
        seconds = time.monotonic() - self._started
        self.console.print(f"{word} {title:<26} {seconds:6.1f} s{self._figures()}")

    def _figures(self) -> str:
        if self._tables < 2:
            return ""
        return f"  [dim]{self._tables} tables, {self._checks} checks[/]"
