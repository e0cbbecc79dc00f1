"""What a person sees while a run goes on: Dagster's events as the lines of a display."""

from dataclasses import dataclass, field
from typing import Final

import dagster as dg

from warehouse.progress import Display

TITLES: Final = {
    "source_data": "source data",
    "raw_tables": "raw tables",
    "scored_trackers": "scores of trackers",
    "dbt_models": "star schema and features",
    "ml__cell_model": "model of cells",
    "ml__trained_model": "model",
    "ml__cell_forecast": "hot spots",
    "ml__chip_forecast": "forecast",
    "serving__bento": "service package",
}

ROWS_OF: Final = {
    "raw/load_run": "rows_read",
    "ml/chip_forecast": "dagster/row_count",
    "ml/cell_forecast": "dagster/row_count",
}
"""Of these assets the metadata of that name is the rows that the step dealt with."""


@dataclass(slots=True)
class Progress:
    """Listens to a run.

    Attributes:
        display: Where its steps are shown.
    """

    display: Display
    _tables: int = field(default=0, init=False)
    _checks: int = field(default=0, init=False)
    _rows: int | None = field(default=None, init=False)

    def __call__(self, entry: dg.EventLogEntry) -> None:
        """Take in one event of the run."""
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        match event.event_type:
            case dg.DagsterEventType.STEP_START:
                self._tables, self._checks, self._rows = 0, 0, None
                self.display.start(TITLES.get(event.step_key, event.step_key))
            case dg.DagsterEventType.ASSET_MATERIALIZATION if event.partition is None:
                self._tables += 1
                self._note_rows(event)
            case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                self._checks += 1
            case dg.DagsterEventType.STEP_SUCCESS:
                self.display.finish("[green]done[/]", self._figures())
            case dg.DagsterEventType.STEP_FAILURE:
                self.display.finish("[red]failed[/]", self._figures())
            case _:
                pass

    def _note_rows(self, event: dg.DagsterEvent) -> None:
        made = event.step_materialization_data.materialization
        name = ROWS_OF.get(made.asset_key.to_user_string())
        if name is not None and name in made.metadata:
            self._rows = int(str(made.metadata[name].value))

    def _figures(self) -> str:
        rows = [] if self._rows is None else [f"{self._rows:,} rows"]
        tables = [f"{self._tables} tables, {self._checks} checks"] if self._tables > 1 else []
        return ", ".join(rows + tables)
