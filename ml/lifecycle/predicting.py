"""Forecasts of places that the warehouse does not know, from a file of their histories."""

import csv
from dataclasses import dataclass
from pathlib import Path

from ml.data.histories import month_text, read_histories, read_month
from ml.errors import HistoryFileError
from ml.lifecycle import tracking
from ml.model.chip_model import Forecasts
from ml.model.errors import BundleError
from ml.model.grid import HORIZONS, QUANTILE_NAMES
from ml.model.history import History


@dataclass(frozen=True, slots=True)
class PredictionReport:
    """What was written: rows are places times horizons."""

    rows_written: int
    places: int
    model_version: int


def predict_file(history: Path, out: Path, *, as_of: str | None = None) -> PredictionReport:
    """Forecast every place of a file with the champion; ``out`` is written whole or not at all.

    Args:
        history: CSV of ``place,month,count``.
        out: CSV of ``place,as_of,horizon,q10,q50,q90``, net change of the count.
        as_of: What came later is not known, a month as ``2019-01``.

    Raises:
        UserError: No database, no champion, a file that cannot be read or written, or a place
            without a month up to ``as_of``.
    """
    histories = _until(read_histories(history), as_of)
    if not out.parent.is_dir():
        raise HistoryFileError(f"cannot write {out}: {out.parent} is no folder; make it first")
    champion = tracking.champion()
    if champion is None:
        raise BundleError(
            "no model has been registered yet, so there is nothing to forecast with; "
            "run `make run` or `python -m ml train` first"
        )
    forecasts = champion.model.predict_histories(list(histories.values()))
    rows = _write(out, histories, forecasts)
    return PredictionReport(rows, len(histories), champion.version)


def _until(histories: dict[str, History], as_of: str | None) -> dict[str, History]:
    if as_of is None:
        return histories
    month = read_month(as_of)
    if month is None:
        raise HistoryFileError(f"--as-of is '{as_of}'; expected a month such as 2019-01")
    known = {place: history.until(month) for place, history in histories.items()}
    found = {place: history for place, history in known.items() if history is not None}
    if len(found) < len(known):
        late = next(place for place in known if place not in found)
        raise HistoryFileError(
            f"{late} has no month up to {as_of}; leave it out, or give a later --as-of"
        )
    return found


def _write(out: Path, histories: dict[str, History], forecasts: Forecasts) -> int:
    rows = [
        (place, month_text(int(history.months[-1])), horizon, *(round(one, 3) + 0.0 for one in own))
        for (place, history), by_horizon in zip(
            histories.items(), forecasts.quantiles.tolist(), strict=True
        )
        for horizon, own in zip(HORIZONS, by_horizon, strict=True)
    ]
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["place", "as_of", "horizon", *QUANTILE_NAMES])
            writer.writerows(rows)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise HistoryFileError(f"cannot write {out}: {error.strerror}") from error
    return len(rows)
