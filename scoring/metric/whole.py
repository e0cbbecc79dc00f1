"""A tracker's scores on all chips, put together from those of each, and what is scored at all."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.errors import NoTruthError
from scoring.metric.breakdown import add_up
from scoring.metric.changes import changes, lateness
from scoring.metric.chip import ScoredChip
from scoring.metric.options import Options
from scoring.metric.rows import Rows
from scoring.metric.scores import ChipScore, total_score


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the truth that is held back as a test; what lies outside is as if it were not.

    Attributes:
        chips: Names of chips; None for all.
        months: Time keys; None for all. The first of them on a chip is the chip's first month.
    """

    chips: frozenset[str] | None = None
    months: frozenset[int] | None = None

    def has_chip(self, chip_id: str) -> bool:
        """Tell whether a chip is scored."""
        return self.chips is None or chip_id in self.chips

    def of(self, rows: Rows) -> Rows:
        """Return the rows in months that are scored."""
        if self.months is None:
            return rows
        return rows.take(np.isin(rows.time_keys, sorted(self.months)))


@dataclass(frozen=True, slots=True)
class Part:
    """What is kept of a chip.

    Attributes:
        chip_id: Its name.
        score: None where it has no truth.
        breakdown: Of ``scoring.metric.breakdown.breakdown``, likewise.
        changes: Of ``scoring.metric.changes.changes``, likewise.
        unscored: Predictions without truth in their month.
        too_small: Rows of truth below the least area.
    """

    chip_id: str
    score: ChipScore | None
    breakdown: pl.DataFrame | None
    changes: pl.DataFrame | None
    unscored: int
    too_small: int


@dataclass(frozen=True, slots=True)
class TrackerScore:
    """A tracker's scores.

    Attributes:
        chips: By the chip's name, in the order of names; chips of the truth only.
        scot: Mean over the chips.
        breakdown: Of ``scoring.metric.breakdown.add_up``.
        lateness: Of ``scoring.metric.changes.lateness``.
        unscored: Predictions of chips and months without truth.
        too_small: Rows of truth below the least area.
    """

    chips: dict[str, ChipScore]
    scot: float
    breakdown: pl.DataFrame
    lateness: pl.DataFrame
    unscored: int
    too_small: int


def part_of(chip_id: str, scored: ScoredChip | None, truth: Rows, predicted: Rows) -> Part:
    """Return what is kept of a chip.

    Args:
        chip_id: Its name.
        scored: Of ``scoring.metric.chip.score_chip``.
        truth: What was scored: its true rows.
        predicted: The tracker's.
    """
    if scored is None:
        return Part(chip_id, None, None, None, len(predicted), len(truth))
    return Part(
        chip_id,
        scored.score,
        scored.breakdown,
        changes(scored.matched),
        scored.unscored,
        scored.too_small,
    )


def whole_of(parts: Iterable[Part], truth: str, options: Options) -> TrackerScore:
    """Put the scores of chips together.

    Args:
        parts: Of chips, in the order of names.
        truth: What to call the truth.
        options: What was scored by.

    Raises:
        NoTruthError: No row of truth is left.
    """
    parts = list(parts)
    chips = {part.chip_id: part.score for part in parts if part.score is not None}
    if not chips:
        raise NoTruthError(
            f"{truth} has no polygon of {options.least_area:g} square pixels or more to score "
            "against; expected the labels of at least one chip"
        )
    return TrackerScore(
        chips,
        total_score(chips.values()),
        add_up([part.breakdown for part in parts if part.breakdown is not None]),
        lateness([part.changes for part in parts if part.changes is not None]),
        sum(part.unscored for part in parts),
        sum(part.too_small for part in parts),
    )
