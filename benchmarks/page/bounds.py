"""What bounds a build and one more month, in sentences of the page."""

from collections.abc import Iterator

from benchmarks.page.wording import seconds_of
from benchmarks.results import (
    BEFORE_LOAD,
    BEFORE_MODELS,
    MODELS,
    MONTH_IDLE,
    MONTH_LOAD,
    MONTH_MODELS,
    Results,
    Step,
)


def bounds_of(results: Results) -> Iterator[str]:
    """Yield a paragraph for each build that was measured."""
    models = results.steps.get(MODELS)
    if models is not None and models.layer_seconds:
        yield f"All models, in seconds of dbt's threads: {_layers(models)}."
    yield from _month_bound(results)


def _layers(step: Step) -> str:
    layers = sorted(step.layer_seconds.items(), key=lambda layer: -layer[1])
    return ", ".join(f"`{name}` {seconds:.1f}" for name, seconds in layers)


def _month_bound(results: Results) -> Iterator[str]:
    month, idle = results.steps.get(MONTH_MODELS), results.beyond_start_up(MONTH_IDLE)
    load, full = results.beyond_start_up(MONTH_LOAD), results.beyond_start_up(BEFORE_MODELS)
    full_load = results.beyond_start_up(BEFORE_LOAD)
    if month is None or idle is None or load is None or full is None or full_load is None:
        return
    floor = (load + idle) / (full_load + full)
    yield (
        f"What bounds one more month, on {results.machine.cores} cores: a build with nothing to "
        f"do takes dbt {seconds_of(idle)} beyond start-up, as it visits every model; with the "
        f"load ({seconds_of(load)}) that is {floor:.2f} of a full run before a row of a table is "
        f"written. Then a month of all chips brings as many rows as buildings stand, to be "
        f"written with their keys, lengthens the history of each polygon, and has what follows "
        f"from histories worked out whole: lives, absences, cells, and the last month of each "
        f"building ({seconds_of(month.server_cpu_seconds or 0)} of the server's CPU)."
        + (f" In seconds of dbt's threads: {_layers(month)}." if month.layer_seconds else "")
    )
