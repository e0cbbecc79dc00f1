"""A tracker's CSV scored against a CSV of the truth, two chips at a time."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loaders.by_chip import CsvByChip, csv_by_chip
from scoring.files.reading import Refused, read_chip
from scoring.metric.chip import ScoredChip, score_chip
from scoring.metric.matched import Matched
from scoring.metric.options import Options
from scoring.metric.whole import Part, Scope, TrackerScore, part_of, whole_of

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
class FileScore:
    """A tracker's scores, and what its files held beside rows.

    Attributes:
        score: The scores.
        refusals: Lines that could not be read.
    """

    score: TrackerScore
    refusals: list[FileRefusals]


@dataclass(frozen=True, slots=True)
class _Read:
    """A chip's part of the score, and the lines of both files that are no rows."""

    part: Part
    refused: tuple[list[Refused], list[Refused]]


def score_files(
    truth: Path,
    predictions: Path,
    options: Options,
    *,
    scope: Scope | None = None,
    on_chip: Callable[[str, ScoredChip], None] | None = None,
) -> FileScore:
    """Score a CSV of predictions.

    Args:
        truth: CSV with the columns ``filename,id,geometry``, pixels of the chip.
        predictions: Likewise; ids are the tracker's own.
        options: What to score by.
        scope: What is scored; without it, all.
        on_chip: Given each chip and its matches, which are dropped afterwards; called by several
            threads.

    Raises:
        LoaderError: A file is not there or has another form.
        NoTruthError: No row of truth is left.
    """
    scope = scope or Scope()
    with ThreadPoolExecutor(WORKERS) as pool:
        labels, said = pool.map(csv_by_chip, (truth, predictions))
        names = sorted(filter(scope.has_chip, {*labels.spans, *said.spans}))
        read = list(
            pool.map(lambda name: _score(name, (labels, said), options, scope, on_chip), names)
        )
    score = whole_of((one.part for one in read), str(truth), options)
    refusals = [*_refusals(truth, read, 0), *_refusals(predictions, read, 1)]
    return FileScore(score, refusals)


def matches_of(
    truth: Path, predictions: Path, options: Options, scope: Scope, chip_id: str
) -> Matched:
    """Return the matches on one chip of the truth.

    Raises:
        LoaderError: A file is not there or has another form.
        NoTruthError: The chip has no row of truth.
    """
    seen: list[ScoredChip] = []
    score_files(
        truth,
        predictions,
        options,
        scope=Scope(frozenset({chip_id}), scope.months),
        on_chip=lambda _name, chip: seen.append(chip),
    )
    return seen[0].matched


def _score(
    chip_id: str,
    files: tuple[CsvByChip, CsvByChip],
    options: Options,
    scope: Scope,
    on_chip: Callable[[str, ScoredChip], None] | None,
) -> _Read:
    (labels, bad), (said, also_bad) = (read_chip(file.read(chip_id)) for file in files)
    truth, predicted = scope.of(labels), scope.of(said)
    scored = score_chip(truth, predicted, options)
    if on_chip is not None and scored is not None:
        on_chip(chip_id, scored)
    return _Read(part_of(chip_id, scored, truth, predicted), (bad, also_bad))


def _refusals(path: Path, read: list[_Read], file: int) -> list[FileRefusals]:
    refused = [found for one in read for found in one.refused[file]]
    if not refused:
        return []
    by_reason = Counter(found.reason.partition(":")[0] for found in refused)
    first = min(refused, key=lambda found: found.line)
    return [FileRefusals(path, dict(by_reason.most_common()), first)]
