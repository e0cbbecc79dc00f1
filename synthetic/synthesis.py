"""The whole data set: plan, chips one after the other, files."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from synthetic.drawing.chip import build_chip
from synthetic.errors import SizeError
from synthetic.planning.params import params
from synthetic.planning.plan import make_plan
from synthetic.writing import CSV, Writer, replaced_folder

logger = logging.getLogger(__name__)

SAMPLE_SCALE = 0.01
MOST = 50.0
"""Largest scale that the street grids are made for."""


class Size(StrEnum):
    """How many buildings: those of the real data, or one in a hundred."""

    SAMPLE = "sample"
    FULL = "full"

    @property
    def scale(self) -> float:
        """Buildings in relation to the real data."""
        return SAMPLE_SCALE if self is Size.SAMPLE else 1.0


@dataclass(frozen=True, slots=True)
class SynthesisReport:
    """What was written and where.

    Attributes:
        out: The folder.
        csv: The CSV in it.
        rows: Rows of the CSV.
        buildings: Buildings that have a row at least.
        chips: Chips.
        chip_months: Chip-months with rows.
        masks: Chip-months with a mask of unusable data.
        seconds: Time taken.
    """

    out: Path
    csv: Path
    rows: int
    buildings: int
    chips: int
    chip_months: int
    masks: int
    seconds: float


def synthesize(
    out: Path,
    *,
    size: Size = Size.SAMPLE,
    factor: float = 1.0,
    seed: int = 7,
    on_rows: Callable[[int, int], None] | None = None,
) -> SynthesisReport:
    """Write a synthetic data set of SpaceNet 7's form to ``out``.

    Args:
        out: New or empty folder, or one that an earlier run wrote (it is replaced).
        size: The real number of rows (6,664,652), or one in a hundred.
        factor: Buildings in relation to ``size``, above 0.
        seed: The same seed gives the same bytes.
        on_rows: Called after each chip with the rows written and the rows planned.

    Raises:
        SizeError: ``factor`` or ``seed`` is out of range.
        ForeignFolderError: ``out`` holds something else.
    """
    scale = size.scale * factor
    if not 0 < scale <= MOST:
        raise SizeError(
            f"a factor of {factor:g} is out of range; choose one above 0, up to {MOST:g}"
        )
    if seed < 0:
        raise SizeError(f"the seed {seed} is negative; choose 0 or more")
    started = time.monotonic()
    with replaced_folder(out) as folder, Writer(folder) as writer:
        plan = make_plan(scale, seed, params())
        buildings = chip_months = masks = 0
        for chip_plan in plan.chips:
            data = build_chip(chip_plan, scale, seed, params())
            writer.write(data)
            buildings += len(data.building_id)
            chip_months += len(data.seen)
            masks += len(data.sky.masks)
            if on_rows:
                on_rows(writer.rows, plan.rows)
        writer.finish({"size": size.value, "factor": factor, "seed": seed})
    report = SynthesisReport(
        out,
        out / CSV,
        writer.rows,
        buildings,
        len(plan.chips),
        chip_months,
        masks,
        time.monotonic() - started,
    )
    logger.info("wrote %s rows to %s in %.1f s", report.rows, report.csv, report.seconds)
    return report
