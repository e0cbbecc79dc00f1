"""``python -m benchmarks.forecast``: what the forecast gains over the best plain one."""

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.forecast.judging import Line, generated, mean_lines, real, write_csv
from ml.judging.backtest import Protocol
from ml.model.grid import HORIZONS, Target
from ml.training.params import load_params
from warehouse.cli import command_line, run_cli

app = command_line(__doc__)


@app.command()
def main(
    seeds: Annotated[str, typer.Option(help="Seeds of the generator, with commas.")] = "7,8,9",
    model: Annotated[
        str, typer.Option(help="building_count, or history: what a bare history tells.")
    ] = Target.COUNT.value,
    histories: Annotated[
        Path | None,
        typer.Option(help="Real ones too: CSV of place,month,count; no 0 for a clouded month."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="A file for all figures.")] = None,
) -> None:
    """Judge the forecast on data sets of the generator: at rolling origins, on AOIs never seen."""
    params, console = load_params(), Console()
    runs: dict[tuple[int, str], list[Line]] = {}
    numbers = [int(seed) for seed in seeds.split(",")]
    for seed in numbers:
        for protocol, lines in generated(seed, params, name=model).items():
            runs[seed, protocol.value] = lines
        if histories is not None:
            runs[seed, "real_histories"] = real(histories, seed, params)
    protocols = [protocol.value for protocol in Protocol]
    for judged in [*protocols, "real_histories"] if histories else protocols:
        console.print(_table(judged, [runs[seed, judged] for seed in numbers]))
    if csv is not None:
        write_csv(csv, runs)


def _table(protocol: str, runs: list[list[Line]]) -> Table:
    title = f"{protocol.replace('_', ' ')}, mean of {len(runs)} data sets"
    table = Table("", *(f"{months} months" for months in HORIZONS), title=title)
    figures = {
        "best plain forecast": [", ".join(sorted({line.best for line in at})) for at in _by(runs)],
        "pinball loss, less by": _percent(mean_lines(runs, lambda line: line.gain)),
        "absolute error, less by": _percent(
            mean_lines(runs, lambda line: 1 - line.model.mae / line.plain.mae)
        ),
        "within the 80 % interval": _percent(mean_lines(runs, lambda line: line.model.coverage)),
        "share of the oracle's gain": _percent(mean_lines(runs, lambda line: line.share)),
        "forecasts": [f"{at[0].model.rows:,}" for at in _by(runs)],
    }
    for name, row in figures.items():
        table.add_row(name, *row)
    return table


def _by(runs: list[list[Line]]) -> list[tuple[Line, ...]]:
    return list(zip(*runs, strict=True))


def _percent(values: list[float]) -> list[str]:
    return ["" if math.isnan(value) else f"{100 * value:.1f} %" for value in values]


if __name__ == "__main__":
    run_cli(app)
