"""What the project promises for the full size, and whether a benchmark found it so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.contenders import OURS, UNIT
from benchmarks.results import (
    BEFORE_LOAD,
    BEFORE_MODELS,
    EVERYTHING,
    MODELS,
    MONTH_LOAD,
    MONTH_MODELS,
    SCALED_LOAD,
    SYNTHESIS,
    Results,
)

GIGABYTE: Final = 10**9


@dataclass(frozen=True, slots=True)
class Target:
    """One promise.

    Attributes:
        name: What is measured.
        limit: The most that it may be.
        unit: ``x`` for ratios, else GB or s.
        measured: Takes the figure from the results; None where it was not measured.
    """

    name: str
    limit: float
    unit: str
    measured: Callable[[Results], float | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise and what was found.

    Attributes:
        target: The promise.
        measured: The figure.
    """

    target: Target
    measured: float

    @property
    def is_met(self) -> bool:
        """Whether the figure is within the limit."""
        return self.measured <= self.target.limit


def judge(results: Results) -> Iterator[Verdict]:
    """Yield a verdict for each target that was measured."""
    for target in TARGETS:
        measured = target.measured(results)
        if measured is not None:
            yield Verdict(target, measured)


def _load_ratio(results: Results) -> float | None:
    return results.ratio(OURS.key) if OURS.key in results.steps else None


def _load_cpu(results: Results) -> float | None:
    """CPU of loader and server, to the same of the unit."""
    ours, unit = results.steps.get(OURS.key), results.steps.get(UNIT.key)
    if ours is None or unit is None:
        return None
    of_server = ours.server_cpu_seconds, unit.server_cpu_seconds
    if of_server[0] is None or of_server[1] is None:
        return None
    return (ours.cpu_seconds + of_server[0]) / (unit.cpu_seconds + of_server[1])


def _dbt_ratio(results: Results, key: str) -> float | None:
    seconds = results.beyond_start_up(key)
    return None if seconds is None else seconds / results.unit_beside(key)


def _peak(results: Results, key: str) -> float | None:
    step = results.steps.get(key)
    return None if step is None else step.peak_bytes / GIGABYTE


def _growth(results: Results) -> float | None:
    """Time ratio of the scaling run, per threefold rows."""
    step = results.steps.get(SCALED_LOAD)
    if step is None or results.scaled is None:
        return None
    rows = results.scaled.data.rows / results.data.rows
    return step.seconds / results.steps[OURS.key].seconds / rows * 3


def _month_share(results: Results) -> float | None:
    keys = (MONTH_LOAD, MONTH_MODELS, BEFORE_LOAD, BEFORE_MODELS)
    parts = [results.beyond_start_up(key) for key in keys]
    if None in parts:
        return None
    load, models, full_load, full_models = (part or 0.0 for part in parts)
    return (load + models) / (full_load + full_models)


def _size(results: Results) -> float | None:
    if not results.schema_bytes:
        return None
    return (results.schema_bytes["raw"] + results.schema_bytes["marts"]) / GIGABYTE


def _synthesis(results: Results) -> float | None:
    step = results.steps.get(SYNTHESIS)
    return None if step is None else step.seconds


TARGETS: Final = (
    Target("load, CSV to committed raw tables", 0.45, "x", _load_ratio),
    Target("CPU of the load, program and server", 0.6, "x", _load_cpu),
    Target("all models, beyond start-up", 1.0, "x", lambda results: _dbt_ratio(results, MODELS)),
    Target(
        "all models and tests, beyond start-up",
        2.0,
        "x",
        lambda results: _dbt_ratio(results, EVERYTHING),
    ),
    Target("one more month / full run, start-up aside", 0.4, "x", _month_share),
    Target("3 x the rows: time of the load", 3.2, "x", _growth),
    Target("peak memory of the load", 1.5, "GB", lambda results: _peak(results, OURS.key)),
    Target(
        "peak memory of the scaling run", 1.5, "GB", lambda results: _peak(results, SCALED_LOAD)
    ),
    Target("raw and marts on disk", 1.2, "GB", _size),
    Target("writing the stand-in", 60.0, "s", _synthesis),
)
