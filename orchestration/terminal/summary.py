"""The end of a run: what was read, built, tested and forecast, and what to do next.

Every figure comes from the metadata of the run, so Dagster's UI shows the same.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import dagster as dg
from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table

from ml.judging.backtest import MODEL
from ml.model.baselines import Baseline
from orchestration.dbt.results import DbtResults
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.progress import clock

LAYERS: Final = ("marts", "features", "ml")
JUDGED_BY: Final = "rolling_origin"
FORECAST_QUERY: Final = "select * from ml.current_forecast limit 5"
COUNT_QUERY: Final = "select * from marts.fact_chip_month limit 5"
"""Short, so that the command around them is one line of a terminal."""

SOURCES_SHOWN: Final = 5
MOST_IN_FULL: Final = 1e5

Metadata = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run says of itself.

    Attributes:
        assets: Metadata of every asset that was materialized, by key (``marts/dim_chip``).
        dbt: What dbt built and tested; none where nothing had changed.
        example_chip: Name of a chip to try the service with; none where no chip was loaded.
        seconds: Duration of the whole command.
    """

    assets: Mapping[str, Metadata]
    dbt: DbtResults | None
    example_chip: str | None
    seconds: float

    def print(self, console: Console) -> None:
        """Write the summary; sentences break between words on a terminal, and nowhere in a file."""
        for part in (*self._data(), *self._tables(), *self._forecast(), *self._next()):
            if isinstance(part, str) and console.is_terminal and not _is_command(part):
                indent = len(part) - len(part.lstrip(" "))
                console.print(Padding(part.strip(" "), (0, 0, 0, indent)))
            else:
                console.print(part, soft_wrap=isinstance(part, str))

    def _data(self) -> Iterator[str]:
        load = self.assets["raw/load_run"]
        sources = [row.data for row in load["sources"].records]
        yield "\n[bold]Data[/]"
        for source in sources[:SOURCES_SHOWN]:
            yield f"  {source['source']} ({source['kind']}, {source['images']:,} images)"
        if len(sources) > SOURCES_SHOWN:
            yield f"  and {len(sources) - SOURCES_SHOWN:,} sources more"
        if "rows_read" in load:
            yield (
                f"  {load['rows_read']:,} rows read, {load['rows_loaded']:,} loaded, "
                f"{load['rows_rejected']:,} rejected ({load['state']})"
            )
        else:
            yield "  nothing was loaded: the warehouse keeps what it holds"
        for name, images in load.get("made_way", {}).items():
            yield f"  generated data made way for your own: {images:,} images of {name}"
        for name, reason in load.get("refused", {}).items():
            yield f"  {name} of the inbox was refused: {reason}"
        for name, images in load.get("withdrawn", {}).items():
            yield f"  {name} was taken out: {images:,} images"
        for warning in load.get("warnings", []):
            yield f"  warning: {warning}"
        for reason, rows in self.assets["raw/rejected_row"]["reasons"].items():
            yield f"    {rows:,} rows: {reason}"

    def _tables(self) -> Iterator[RenderableType]:
        table = Table("table", box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("rows", justify="right")
        for key, metadata in sorted(self.assets.items(), key=_by_layer):
            if key.split("/")[0] in LAYERS and "dagster/row_count" in metadata:
                table.add_row(key.replace("/", "."), f"{metadata['dagster/row_count']:,}")
        yield "\n[bold]Warehouse[/]"
        yield table
        if self.dbt is None:
            yield "  dbt: nothing to build, as nothing has changed since the last build"
        else:
            yield (
                f"  dbt: {self.dbt.models} models built; {self.dbt.tests_passed} tests passed, "
                f"{self.dbt.tests_warned} warned, {self.dbt.tests_failed} failed"
            )

    def _forecast(self) -> Iterator[RenderableType]:
        model = self.assets["ml/trained_model"]
        rows = [row.data for row in model["backtest"].records if row.data["protocol"] == JUDGED_BY]
        yield "\n[bold]Forecast[/]  of the net change of a chip's buildings"
        if rows:
            yield "  backtest: pinball loss (mean absolute error), in buildings; less is better"
            yield _scores(rows)
        yield f"  {model['reason']}"
        if not self._row_count("ml/chip_forecast"):
            yield f"  {self.assets['ml/chip_forecast']['reason']}"
        if not self.assets["serving/bento"]["built"]:
            yield f"  {self.assets['serving/bento']['reason']}"

    def _row_count(self, key: str) -> int:
        return int(self.assets[key]["dagster/row_count"])

    def _next(self) -> Iterator[str]:
        yield f"\n[bold]Done[/] in {clock(self.seconds)}. Next:"
        yield "  make ui      this graph and this run in Dagster, http://127.0.0.1:3001"
        if self.assets["serving/bento"]["built"] and self.example_chip:
            yield "  make serve   the forecast service, http://127.0.0.1:3000; then"
            request = json.dumps({"chip_id": self.example_chip}, separators=(",", ":"))
            yield f"curl 127.0.0.1:3000/forecast --json '{request}'"
        query = FORECAST_QUERY if self._row_count("ml/chip_forecast") else COUNT_QUERY
        yield "  make psql    a SQL prompt, or a query:"
        yield f"make psql ARGS=\"-c '{query}'\""


def asset_metadata(result: dg.JobExecutionResult) -> dict[str, Metadata]:
    """Return the metadata of every asset that a run materialized, by key."""
    return {
        event.asset_key.to_user_string(): {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }


def _by_layer(item: tuple[str, Metadata]) -> tuple[int, str]:
    layer, _, table = item[0].partition("/")
    return (LAYERS.index(layer) if layer in LAYERS else len(LAYERS), table)


def _scores(rows: list[Mapping[str, Any]]) -> Table:
    """Return one line per horizon: the model, no change, the plain forecast that lost least."""
    table = Table("months ahead", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("model", justify="right")
    table.add_column("no change", justify="right")
    table.add_column("best plain forecast")
    for horizon in sorted({row["horizon"] for row in rows}):
        scores = {row["forecaster"]: row for row in rows if row["horizon"] == horizon}
        best = min(set(scores) - {MODEL}, key=lambda name: (scores[name]["pinball"], name))
        model, none, plain = (_score(scores[name]) for name in (MODEL, Baseline.NO_CHANGE, best))
        table.add_row(str(horizon), model, none, f"{plain} {best.replace('_', ' ')}")
    return table


def _score(row: Mapping[str, Any]) -> str:
    return f"{_figure(row['pinball'])} ({_figure(row['mae'])})"


def _figure(number: float) -> str:
    return f"{number:.2f}" if abs(number) < MOST_IN_FULL else f"{number:.1e}"


def _is_command(line: str) -> bool:
    return line.startswith(("curl ", "make psql ARGS"))


def example_chip() -> str | None:
    """Return the name of a chip to try things with: the one where most is built soon."""
    query = (
        "select chip_id from marts.dim_chip left join ml.current_forecast using (chip_key) "
        "where target = 'building_count' or target is null "
        "order by q50 desc nulls last, chip_key limit 1"
    )
    with connect(role=Role.ANALYST) as connection:
        row = connection.execute(query).fetchone()
    return None if row is None else str(row[0])
