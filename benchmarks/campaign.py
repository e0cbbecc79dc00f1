"""The whole benchmark, part by part; what is known is written after each."""

import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.arena import Arena, open_arena
from benchmarks.contenders import OURS, UNIT
from benchmarks.data import DataSet, cut_to_one_row, open_data_set, split_last_month
from benchmarks.errors import BenchmarkError
from benchmarks.loading import load_once, measure_loads
from benchmarks.lossless import gives_back
from benchmarks.machine import describe_machine
from benchmarks.measuring import Measurement, measure
from benchmarks.results import (
    SCALED_LOAD,
    SYNTHESIS,
    Data,
    Results,
    Scaled,
    Step,
)
from benchmarks.star import measure_month, measure_star
from benchmarks.targets import judge
from warehouse.connection.settings import get_settings

logger = logging.getLogger(__name__)

RESULTS = "benchmarks.json"


class Part(StrEnum):
    """A part of the benchmark; our loader and the unit are always measured."""

    PEERS = "peers"
    STAR = "star"
    MONTH = "month"
    SCALING = "scaling"
    LOSSLESS = "lossless"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    Attributes:
        size: ``full`` or ``sample``.
        factor: Rows of the scaling run in relation to ``size``.
        rounds: How often everything is measured.
        parts: Which parts.
        data: A data set of the user's own; None to generate one.
        out: Folder for results and logs.
    """

    size: str
    factor: float
    rounds: int
    parts: frozenset[Part]
    data: Path | None
    out: Path


def run(plan: Plan) -> Path:
    """Measure what the plan says.

    Returns:
        The file of results.

    Raises:
        UserError: No server, no data set, or a program failed.
    """
    missing = UNIT.missing()
    if missing is not None:
        raise BenchmarkError(f"every figure is a ratio to psql, which is {missing}")
    plan.out.mkdir(parents=True, exist_ok=True)
    arena = open_arena(plan.out)
    try:
        with TemporaryDirectory(dir=get_settings().data, prefix="benchmark-") as work:
            return _Campaign(plan, arena, Path(work)).run()
    finally:
        arena.close()


class _Campaign:
    """The parts in their order, and what they found so far."""

    def __init__(self, plan: Plan, arena: Arena, work: Path) -> None:
        self._plan = plan
        self._arena = arena
        self._work = work
        self._machine = describe_machine(arena)  # before anything loads the machine
        self._steps: dict[str, Step] = {}
        self._failed: dict[str, str] = {}
        self._found: dict[str, object] = {"failed": self._failed}
        self._path = plan.out / RESULTS

    def run(self) -> Path:
        data = self._open_data()
        self._measure_loads(data)
        for part, measure_part in (
            (Part.LOSSLESS, self._check_lossless),
            (Part.STAR, self._measure_star),
            (Part.MONTH, self._measure_month),
            (Part.SCALING, self._measure_scaling),
        ):
            if part in self._plan.parts:
                self._try(part, measure_part, data)
        return self._path

    def _try(self, part: Part, measure_part: Callable[[DataSet], None], data: DataSet) -> None:
        # Half an hour of figures is not thrown away because the last part broke.
        logger.info("part: %s", part)
        try:
            measure_part(data)
        except BenchmarkError as error:
            logger.error("%s failed: %s", part, error)
            self._failed[part] = str(error)
        self._write()

    def _open_data(self) -> DataSet:
        if self._plan.data is not None:
            data, origin = open_data_set(self._plan.data), str(self._plan.data)
        else:
            data, origin, synthesis = self._synthesize(1.0)
            self._steps[SYNTHESIS] = Step(label="writing the stand-in", runs=(synthesis,))
        self._found["data"] = _describe(data, origin)
        logger.info("%s: %s rows, %.2f GB", origin, f"{data.rows:,}", data.size_bytes / 1e9)
        return data

    def _synthesize(self, factor: float) -> tuple[DataSet, str, Measurement]:
        options = ["synthesize", "--size", self._plan.size]
        if factor != 1:
            options += ["--factor", str(factor)]
        folder = self._work / f"{self._plan.size}_{factor:g}"
        taken = measure(
            [sys.executable, "-m", "loaders", *options, "--out", str(folder)],
            environment=os.environ,
            log=self._arena.logs / "synthesize.log",
        )
        return open_data_set(folder), f"python -m loaders {' '.join(options)}", taken

    def _measure_loads(self, data: DataSet) -> None:
        steps, skipped = measure_loads(
            self._arena,
            data,
            rounds=self._plan.rounds,
            work=self._work,
            peers=Part.PEERS in self._plan.parts,
        )
        self._steps |= steps
        self._found["skipped"] = skipped
        for key, reason in skipped.items():
            logger.warning("%s was left out: %s", key, reason)
        self._write()

    def _check_lossless(self, data: DataSet) -> None:
        load_once(self._arena, OURS, data.csv, rows=data.rows)
        self._found["is_lossless"] = gives_back(self._arena, data.csv, work=self._work)

    def _measure_star(self, data: DataSet) -> None:
        rows = self._cut_two_rows(data)
        steps, sizes = measure_star(self._arena, data, rows, rounds=self._plan.rounds)
        self._steps |= steps
        self._found["schema_bytes"] = sizes

    def _measure_month(self, data: DataSet) -> None:
        before, month = split_last_month(data, self._work / f"{self._plan.size}_split")
        self._found["month_rows"] = month.rows
        rows = self._cut_two_rows(data)
        self._steps |= measure_month(self._arena, before, month, rows, rounds=self._plan.rounds)

    def _cut_two_rows(self, data: DataSet) -> list[DataSet]:
        return [
            cut_to_one_row(data, self._work / f"{self._plan.size}_row_{image}", image=image)
            for image in range(2)
        ]

    def _measure_scaling(self, _: DataSet) -> None:
        grown, origin, _taken = self._synthesize(self._plan.factor)
        runs = [
            load_once(self._arena, OURS, grown.csv, rows=grown.rows)
            for _ in range(self._plan.rounds)
        ]
        label = f"{OURS.label}, {self._plan.factor:g} x the rows"
        self._steps[SCALED_LOAD] = Step(label=label, runs=tuple(runs))
        self._found["scaled"] = Scaled(factor=self._plan.factor, data=_describe(grown, origin))
        grown.csv.unlink()  # three times as large as all the rest

    def _write(self) -> None:
        now = datetime.now(tz=UTC).isoformat(timespec="seconds")
        results = Results.model_validate(
            {"measured_at": now, "machine": self._machine, "steps": self._steps, **self._found}
        )
        verdicts = [
            {
                "name": verdict.target.name,
                "limit": verdict.target.limit,
                "unit": verdict.target.unit,
                "measured": round(verdict.measured, 3),
                "is_met": verdict.is_met,
            }
            for verdict in judge(results)
        ]
        document = {**results.document(), "targets": verdicts}
        self._path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _describe(data: DataSet, origin: str) -> Data:
    return Data(origin=origin, rows=data.rows, size_bytes=data.size_bytes)
