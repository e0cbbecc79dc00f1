"""Bare histories as files: ``place,month,count`` in, forecasts of the same places out."""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ml.data.examples import ChipMonths, Examples, examples_of
from ml.errors import HistoryFileError
from ml.model.grid import HORIZONS
from ml.model.history import History, features_of
from ml.model.matrix import FloatArray, IntArray

COLUMNS: Final = ("place", "month", "count")
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def read_month(text: str) -> int | None:
    """Return a month such as ``2019-01``, counted from year 0; none if it is no month."""
    found = _MONTH.fullmatch(text)
    return int(found[1]) * 12 + int(found[2]) - 1 if found else None


def month_text(month: int) -> str:
    """Return a month that is counted from year 0 as ``2019-01``."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def read_histories(path: Path) -> dict[str, History]:
    """Read a CSV of histories; lines in any order, months may lack, other columns are left aside.

    Returns:
        By place, in the order in which places first stand in the file.

    Raises:
        HistoryFileError: The first thing that is wrong, with its line.
    """
    counts: dict[str, dict[int, float]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, (place, month, count) in _lines(path, csv.DictReader(file, strict=True)):
                own = counts.setdefault(place, {})
                if month in own:
                    raise HistoryFileError(
                        f"{path}, line {line}: {place} has {month_text(month)} twice; "
                        "give each month of a place once"
                    )
                own[month] = count
    except OSError as error:
        raise HistoryFileError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise HistoryFileError(f"{path} is no UTF-8 text; expected a CSV in UTF-8") from error
    except csv.Error as error:
        raise HistoryFileError(f"{path} is no CSV: {error}") from error
    if not counts:
        raise HistoryFileError(f"{path} has no line below its header; expected place,month,count")
    return {place: _history(own) for place, own in counts.items()}


def _lines(
    path: Path, reader: "csv.DictReader[str]"
) -> Iterator[tuple[int, tuple[str, int, float]]]:
    header = reader.fieldnames or []
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise HistoryFileError(
            f"{path} lacks the column {' and '.join(missing)}; expected the header "
            f"{','.join(COLUMNS)}, found {','.join(header) or 'nothing'}"
        )
    for row in reader:
        where = f"{path}, line {reader.line_num}"
        place, text, amount = (row[name] or "" for name in COLUMNS)
        if not place.strip():
            raise HistoryFileError(f"{where}: no place is named; give every line its place")
        month = read_month(text.strip())
        if month is None:
            raise HistoryFileError(f"{where}: month is '{text}'; expected one such as 2019-01")
        yield reader.line_num, (place.strip(), month, _count(amount, where))


def _count(text: str, where: str) -> float:
    try:
        count = float(text)
    except ValueError:
        count = math.nan
    if not math.isfinite(count) or count < 0:
        raise HistoryFileError(
            f"{where}: count is '{text}'; expected a number, 0 or more, "
            "and no line for a month that was not observed"
        )
    return count


def _history(counts: dict[int, float]) -> History:
    months = sorted(counts)
    return History(np.array(months, dtype=np.int64), np.array([counts[month] for month in months]))


def history_examples(histories: Sequence[History]) -> Examples:
    """Return what each known month of each history tells, and what came after it.

    Args:
        histories: Their months are counted from year 0.

    Returns:
        Examples with ``HISTORY_FEATURES``; chip and AOI are the position of the history.
    """
    place = np.repeat(np.arange(len(histories)), [len(one.months) for one in histories])
    month = np.concatenate([one.months for one in histories]) if histories else place
    known = features_of(
        [until for one in histories for at in one.months if (until := one.until(int(at)))]
    )
    months = ChipMonths(place, place, month // 12 * 100 + month % 12 + 1, known)
    row, horizon, change = outcomes(place, month, known.column("known_count"))
    area = np.full(len(row), np.nan)
    return examples_of(months, row, horizon, np.column_stack([change, area]))


def outcomes(
    place: IntArray, month: IntArray, count: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return what is known to have come after each month.

    Args:
        place: Shape (rows,).
        month: Shape (rows,), each once by place.
        count: Shape (rows,).

    Returns:
        Row, horizon and net change of the count of each, shape (examples,).
    """
    rows = {key: row for row, key in enumerate(zip(place.tolist(), month.tolist(), strict=True))}
    found = [
        (row, horizon, count[later] - count[row])
        for (one, at), row in rows.items()
        for horizon in HORIZONS
        if (later := rows.get((one, at + horizon))) is not None
    ]
    columns = np.array(found, dtype=np.float64).reshape(len(found), 3)
    return columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64), columns[:, 2]
