"""The loads, side by side: every contender once per round, each on a fresh database."""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from benchmarks.arena import Arena
from benchmarks.contenders import CONTENDERS, OURS, SLOW_SHARE, UNIT, Contender
from benchmarks.data import DataSet, write_every, write_first_row
from benchmarks.errors import BenchmarkError, WrongRowsError
from benchmarks.measuring import Measurement
from benchmarks.results import Step

logger = logging.getLogger(__name__)

SHARE = "share.csv"
FIRST_ROW = "first_row.csv"
BIG_ROWS = 1_000_000
"""From here on the slow peers get a share; below, start-up would hide the rest."""


def present(contenders: Collection[Contender]) -> tuple[list[Contender], dict[str, str]]:
    """Part those that can run here from those that cannot, with the reason."""
    reasons = {contender.key: contender.missing() for contender in contenders}
    able = [contender for contender in contenders if reasons[contender.key] is None]
    return able, {key: reason for key, reason in reasons.items() if reason is not None}


def measure_loads(
    arena: Arena, data: DataSet, *, rounds: int, work: Path, peers: bool
) -> tuple[dict[str, Step], dict[str, str]]:
    """Load the CSV with every contender, in rounds that start with another one each time.

    Args:
        arena: The server.
        data: The data set.
        rounds: How often.
        work: Folder for the share of the rows.
        peers: Also the peers, not our loader and the unit alone.

    Returns:
        A step per contender, and why others were left out.

    Raises:
        BenchmarkError: Our loader or the unit failed; a peer that fails is left out.
    """
    able, skipped = present(CONTENDERS if peers else (UNIT, OURS))
    whole = _Part(data.csv, data.rows, 1.0)
    slow = [contender for contender in able if contender.slow and data.rows >= BIG_ROWS]
    share = _write_share(data, work) if slow else whole
    parts = {contender.key: share if contender in slow else whole for contender in able}
    start_ups: dict[str, Measurement | None] = {}
    for contender in slow:
        first = _Part(work / FIRST_ROW, 1, 0.0)
        start_ups[contender.key] = _attempt(arena, contender, first, skipped)
    runs: dict[str, list[Measurement]] = {contender.key: [] for contender in able}
    for number, contender in _interleaved(able, rounds):
        run = _attempt(arena, contender, parts[contender.key], skipped)
        if run is not None:
            runs[contender.key].append(run)
            logger.info("%d/%d %s: %.1f s", number, rounds, contender.label, run.seconds)
    steps = {
        contender.key: Step(
            label=contender.label,
            kept=contender.kept,
            share=parts[contender.key].share,
            runs=tuple(runs[contender.key]),
            start_up=start_ups.get(contender.key),
        )
        for contender in able
        if contender.key not in skipped
    }
    return steps, skipped


@dataclass(frozen=True, slots=True)
class _Part:
    """A file, its rows, and their share of all."""

    csv: Path
    rows: int
    share: float


def _write_share(data: DataSet, work: Path) -> _Part:
    rows = write_every(data.csv, step=round(1 / SLOW_SHARE), out=work / SHARE)
    write_first_row(data.csv, work / FIRST_ROW)
    return _Part(work / SHARE, rows, rows / data.rows)


def _attempt(
    arena: Arena, contender: Contender, part: _Part, skipped: dict[str, str]
) -> Measurement | None:
    if contender.key in skipped:
        return None
    try:
        return load_once(arena, contender, part.csv, rows=part.rows)
    except BenchmarkError as error:
        if contender in {UNIT, OURS}:
            raise
        skipped[contender.key] = f"failed: {error}"
        return None


def load_once(arena: Arena, contender: Contender, csv: Path, *, rows: int) -> Measurement:
    """Load a file into a fresh database, and count what came in.

    Raises:
        StepFailedError: The program failed.
        WrongRowsError: It brought another number of rows.
    """
    arena.fresh_database()
    if contender.prepare is not None:
        arena.execute(sql.SQL(contender.prepare))
    measurement = arena.run(contender.command_for(csv), name=contender.key)
    found = arena.rows_of(contender.table)
    if found != rows:
        message = f"{contender.label} brought {found:,} rows of {rows:,} in {csv}"
        raise WrongRowsError(message)
    return measurement


def _interleaved(contenders: list[Contender], rounds: int) -> Iterator[tuple[int, Contender]]:
    for number in range(rounds):
        start = number % len(contenders)
        for contender in contenders[start:] + contenders[:start]:
            yield number + 1, contender
