"""Results made by hand: what a benchmark at full size may find."""

from benchmarks.contenders import OURS, UNIT, Kept
from benchmarks.measuring import Measurement
from benchmarks.results import (
    BEFORE_LOAD,
    BEFORE_MODELS,
    DBT_START_UP,
    EVERYTHING,
    FULL_ROWS,
    LOADER_START_UP,
    MODELS,
    MONTH_DBT_START_UP,
    MONTH_IDLE,
    MONTH_LOAD,
    MONTH_LOADER_START_UP,
    MONTH_MODELS,
    SCALED_LOAD,
    UNIT_BESIDE_BUILDS,
    Data,
    Machine,
    Results,
    Scaled,
    Step,
)


def run(seconds: float, *, peak: int = 10**9) -> Measurement:
    return Measurement(
        seconds=seconds, cpu_seconds=seconds / 2, server_cpu_seconds=None, peak_bytes=peak
    )


def step(*seconds: float, kept: str | None = None) -> Step:
    return Step(label="a step", kept=kept, runs=tuple(run(value) for value in seconds))


def results(**changes: object) -> Results:
    """Unit 20 s, later 25 s; load 10 s of which 1 s start-up; models 15 s of which 5 s start-up."""
    steps = {
        UNIT.key: step(19.0, 20.0, 29.0, kept=Kept.TEXT),
        OURS.key: step(10.0, kept=Kept.RAW),
        "pandas_to_sql": Step(
            label="pandas", kept=Kept.TEXT, share=0.1, runs=(run(32.0),), start_up=run(2.0)
        ),
        LOADER_START_UP: step(1.0),
        UNIT_BESIDE_BUILDS: step(25.0),
        DBT_START_UP: step(5.0),
        MODELS: step(15.0),
        EVERYTHING: step(25.0),
        MONTH_LOADER_START_UP: step(2.0),
        MONTH_DBT_START_UP: step(6.0),
        BEFORE_LOAD: step(11.0),
        BEFORE_MODELS: step(16.0),
        MONTH_LOAD: step(2.5),
        MONTH_MODELS: step(7.4),
        MONTH_IDLE: step(6.5),
        SCALED_LOAD: step(31.0),
    }
    machine = Machine(
        processor="a processor",
        cores=2,
        memory_bytes=8 * 10**9,
        system="a system",
        load_before=0.1,
        versions={"PostgreSQL": "15.1"},
        server_settings={"fsync": "on"},
        commit="abc1234",
    )
    found = Results(
        measured_at="2026-11-23T12:00:00+00:00",
        machine=machine,
        data=Data(origin="generated", rows=FULL_ROWS, size_bytes=1_800_000_000),
        steps=steps,
        skipped={"ogr2ogr": "not installed: ogr2ogr"},
        schema_bytes={"raw": 300_000_000, "marts": 700_000_000},
        scaled=Scaled(
            factor=3, data=Data(origin="generated", rows=3 * FULL_ROWS, size_bytes=5_400_000_000)
        ),
        is_lossless=True,
    )
    return found.model_copy(update=changes)
