"""A tracker of the warehouse, scored chip by chip, two at a time."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import psycopg

from loaders.raw.layout import TRUTH, Layout, layout_of
from scoring.errors import NoTruthError, TestNameError
from scoring.kept.chips import Chip, chips_of, names_of_trackers, require, scored_versions
from scoring.kept.rows import read_clouds, read_rows
from scoring.kept.tables import (
    delete_chips,
    delete_gone_trackers,
    ensure_tables,
    known_run,
    read_score,
    start_run,
    take_lock,
    write_chip,
)
from scoring.metric.chip import ScoredChip, score_chip
from scoring.metric.matched import Matched
from scoring.metric.options import Options
from scoring.metric.whole import Part, Scope, TrackerScore, part_of
from warehouse.access import connect
from warehouse.connection.roles import Role

logger = logging.getLogger(__name__)

WORKERS: Final = 2
"""Chips at work at a time: each costs memory, and most of the work runs outside the interpreter."""


@dataclass(frozen=True, slots=True)
class By:
    """Whom to score, and by what."""

    layout: Layout
    options: Options
    scope: Scope

    @property
    def tracker(self) -> str:
        """Name of the tracker."""
        return str(self.layout.tracker)


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a scoring did.

    Attributes:
        score: The tracker's scores, all chips together.
        chips_scored: Chips that were scored now.
        chips_kept: Chips that had not changed since they were scored.
        seconds: Duration.
    """

    score: TrackerScore
    chips_scored: int
    chips_kept: int
    seconds: float


def trackers() -> list[str]:
    """Return the trackers of which the warehouse has predictions, by name."""
    with closing(connect(role=Role.SCORER)) as connection:
        return names_of_trackers(connection)


def score_tracker(
    tracker: str,
    options: Options | None = None,
    *,
    scope: Scope | None = None,
    on_chip: Callable[[int, int], None] = lambda _done, _total: None,
) -> Scoring:
    """Score a tracker of the warehouse and keep what was found, all of it or nothing.

    Args:
        tracker: Its name.
        options: What to score by; without it and ``scope``, what it was scored by before.
        scope: What is scored; without it, all.
        on_chip: Told after each chip how many are done, of how many.

    Raises:
        UnknownTrackerError: The warehouse has no predictions of it.
        TestNameError: The scope names a chip that is none of the truth.
        NoTruthError: No row of truth is left.
    """
    started = time.monotonic()
    layout = layout_of(tracker)
    with closing(connect(role=Role.SCORER, autocommit=True)) as connection:
        require(connection, tracker)
        with connection.transaction():
            ensure_tables(connection)
        with connection.transaction():
            take_lock(connection)
            delete_gone_trackers(connection)
            known = known_run(connection, tracker)
            if options is None and scope is None and known is not None:
                options, scope = known
            by = By(layout, options or Options(), scope or Scope())
            if known != (by.options, by.scope):
                delete_chips(connection, tracker, None)
            chips = chips_of(connection, tracker, by.scope)
            stale = _score_stale(connection, by, chips, on_chip)
            score = _whole(connection, by)
    seconds = time.monotonic() - started
    logger.info("%s scored in %.1f s: SCOT %.4f", tracker, seconds, score.scot)
    return Scoring(score, stale, len(chips) - stale, seconds)


def score_all(
    *, on_chip: Callable[[int, int], None] = lambda _done, _total: None
) -> dict[str, Scoring | NoTruthError]:
    """Score every tracker of the warehouse, by what it was scored by before; by name.

    The tables of scores are there afterwards, whether there are trackers or none.

    Args:
        on_chip: Told after each chip how many are done, of how many of its tracker.
    """
    with closing(connect(role=Role.SCORER, autocommit=True)) as connection:
        names = names_of_trackers(connection)
        with connection.transaction():
            ensure_tables(connection)
            delete_gone_trackers(connection)
    found: dict[str, Scoring | NoTruthError] = {}
    for name in names:
        try:
            found[name] = score_tracker(name, on_chip=on_chip)
        except NoTruthError as error:
            found[name] = error
    return found


def matches_of(tracker: str, chip_id: str) -> Matched:
    """Return a tracker's matches on a chip, by what it was scored by; nothing is kept.

    Raises:
        UnknownTrackerError: The warehouse has no predictions of it.
        TestNameError: It is not scored on such a chip.
    """
    with closing(connect(role=Role.SCORER, autocommit=True)) as connection:
        require(connection, tracker)
        options, scope = known_run(connection, tracker) or (Options(), Scope())
        named = Scope(frozenset({chip_id}), scope.months)
        (chip,) = chips_of(connection, tracker, named)
    _, scored = _score(chip, By(layout_of(tracker), options, named))
    if scored is None:
        raise TestNameError(
            f"{tracker} is not scored on {chip_id}, which has no truth in its scope"
        )
    return scored.matched


def _score_stale(
    connection: psycopg.Connection, by: By, chips: list[Chip], on_chip: Callable[[int, int], None]
) -> int:
    """Score and write the chips that are not kept as they are now; return how many."""
    held = scored_versions(connection, by.tracker)
    stale = [chip for chip in chips if held.get(chip.key) != chip.version]
    gone = held.keys() - {chip.key for chip in chips}
    if not stale and not gone:
        return 0
    run_no = start_run(connection, by.tracker, by.options, by.scope)
    delete_chips(connection, by.tracker, [*gone, *(chip.key for chip in stale)])
    writing = threading.Lock()

    def score(chip: Chip) -> None:
        # Written by who scored it: results that waited would fill the memory.
        part, scored = _score(chip, by)
        with writing:
            key = (by.tracker, chip.key)
            write_chip(connection, key, (run_no, *chip.version), part, scored)

    with ThreadPoolExecutor(WORKERS) as pool:
        for done, _ in enumerate(pool.map(score, stale), start=1):
            on_chip(done, len(stale))
    return len(stale)


def _whole(connection: psycopg.Connection, by: By) -> TrackerScore:
    row = connection.execute(
        "select count(scot) from scores.chip_score where tracker = %s", (by.tracker,)
    ).fetchone()
    if row == (0,):
        raise NoTruthError(
            f"the warehouse has no polygon of {by.options.least_area:g} square pixels or more to "
            f"score {by.tracker} against; load labels with: python -m loaders load PATH"
        )
    return read_score(connection, by.tracker)


def _score(chip: Chip, by: By) -> tuple[Part, ScoredChip | None]:
    with closing(connect(role=Role.SCORER)) as connection:
        clouds = read_clouds(connection, chip.key)
        truth, predicted = (
            by.scope.of(read_rows(connection, part, chip.key, clouds))
            for part in (TRUTH, by.layout)
        )
    scored = score_chip(truth, predicted, by.options)
    return part_of(chip.name, scored, truth, predicted), scored
