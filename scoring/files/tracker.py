"""A tracker's CSV scored against a CSV of the truth, two chips at a time."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from loaders.by_chip import CsvByChip, csv_by_chip
from scoring.errors import NoTruthError
from scoring.files.reading import Refused, read_chip
from scoring.metric.breakdown import add_up
from scoring.metric.changes import changes, lateness
from scoring.metric.chip import ScoredChip, score_chip
from scoring.metric.options import Options
from scoring.metric.scores import ChipScore, total_score

WORKERS: Final = 2
"""Chips at work at a time: each costs memory, and most of the work runs outside the interpreter."""


@dataclass(frozen=True, slots=True)
class FileRefusals:
    """Lines of a file that are no rows.

    Attributes:
        path: The file.
        by_reason: How many, by the phrase that opens the reason.
        first: The one that stands first.
    """

    path: Path
    by_reason: dict[str, int]
    first: Refused


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
        refusals: Lines that could not be read.
    """

    chips: dict[str, ChipScore]
    scot: float
    breakdown: pl.DataFrame
    lateness: pl.DataFrame
    unscored: int
    too_small: int
    refusals: list[FileRefusals]


@dataclass(frozen=True, slots=True)
class _Part:
    """What is kept of a chip."""

    chip_id: str
    scored: ChipScore | None
    breakdown: pl.DataFrame | None
    changes: pl.DataFrame | None
    unscored: int
    too_small: int
    refused: tuple[list[Refused], list[Refused]]


def score_files(
    truth: Path,
    predictions: Path,
    options: Options,
    *,
    on_chip: Callable[[str, ScoredChip], None] | None = None,
) -> TrackerScore:
    """Score a CSV of predictions.

    Args:
        truth: CSV with the columns ``filename,id,geometry``, pixels of the chip.
        predictions: Likewise; ids are the tracker's own.
        options: What to score by.
        on_chip: Given each chip and its matches, which are dropped afterwards; called by several
            threads.

    Raises:
        LoaderError: A file is not there or has another form.
        NoTruthError: No row of truth is left.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        labels, said = pool.map(csv_by_chip, (truth, predictions))
        names = sorted({*labels.spans, *said.spans})
        parts = list(pool.map(lambda name: _score(name, (labels, said), options, on_chip), names))
    chips = {part.chip_id: part.scored for part in parts if part.scored is not None}
    if not chips:
        raise NoTruthError(
            f"{truth} has no polygon of {options.least_area:g} square pixels or more; "
            "expected the labels of at least one chip"
        )
    return TrackerScore(
        chips,
        total_score(chips.values()),
        add_up([part.breakdown for part in parts if part.breakdown is not None]),
        lateness([part.changes for part in parts if part.changes is not None]),
        sum(part.unscored for part in parts),
        sum(part.too_small for part in parts),
        [*_refusals(truth, parts, 0), *_refusals(predictions, parts, 1)],
    )


def _score(
    chip_id: str,
    files: tuple[CsvByChip, CsvByChip],
    options: Options,
    on_chip: Callable[[str, ScoredChip], None] | None,
) -> _Part:
    (truth, bad), (predicted, also_bad) = (read_chip(file.read(chip_id)) for file in files)
    scored = score_chip(truth, predicted, options)
    if scored is None:
        return _Part(chip_id, None, None, None, len(predicted), len(truth), (bad, also_bad))
    if on_chip is not None:
        on_chip(chip_id, scored)
    return _Part(
        chip_id,
        scored.score,
        scored.breakdown,
        changes(scored.matched),
        scored.unscored,
        scored.too_small,
        (bad, also_bad),
    )


def _refusals(path: Path, parts: list[_Part], file: int) -> list[FileRefusals]:
    refused = [found for part in parts for found in part.refused[file]]
    if not refused:
        return []
    by_reason = Counter(found.reason.partition(":")[0] for found in refused)
    first = min(refused, key=lambda found: found.line)
    return [FileRefusals(path, dict(by_reason.most_common()), first)]
