"""The model of cells beside plain forecasts: on later months, and on AOIs never seen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.data.cells import CellMonths, Growth
from ml.judging.backtest import MODEL, Protocol
from ml.judging.cell_metrics import CellScore, score_probability, score_ranking
from ml.model.grid import CELL_HORIZONS
from ml.model.matrix import FloatArray
from ml.training.cell_fitting import fit_cells, known_growth
from ml.training.cell_params import CellParams

DENSITY: Final = "density"

WINDOWS: Final = {"3": "appeared_3", "12": "appeared_12", "ever": "appeared"}
"""Months that plain forecasts look back, and the feature that counts them."""


@dataclass(frozen=True, slots=True)
class CellBacktestRow:
    """Scores of one forecaster at one horizon.

    Attributes:
        protocol: What was not seen.
        horizon: Months ahead.
        forecaster: ``model`` or a plain forecast: ``own_3`` (what appeared in the cell in the last
            3 months), ``block_3`` (that doubled, and the 3 x 3 block), ``density`` (its buildings).
        score: Its scores.
    """

    protocol: Protocol
    horizon: int
    forecaster: str
    score: CellScore


@dataclass(frozen=True, slots=True)
class CellForecasts:
    """What the model said of cells that it had not seen.

    Attributes:
        protocol: What was not seen.
        horizon: Months ahead.
        rows: Rows of the cells, shape (rows,).
        has_grown: What happened, shape (rows,).
        probability: What the model said, shape (rows,).
    """

    protocol: Protocol
    horizon: int
    rows: NDArray[np.int64]
    has_grown: NDArray[np.bool_]
    probability: FloatArray


@dataclass(frozen=True, slots=True)
class CellBacktest:
    """All that was judged.

    Attributes:
        rows: Scores by protocol, horizon and forecaster.
        forecasts: The model's, by protocol and horizon.
    """

    rows: tuple[CellBacktestRow, ...]
    forecasts: tuple[CellForecasts, ...]

    def best_plain(self, protocol: Protocol, horizon: int) -> CellBacktestRow | None:
        """Return the plain forecast of the highest average precision, or none."""
        plain = [row for row in self._at(protocol, horizon) if row.forecaster != MODEL]
        return max(plain, key=lambda row: row.score.average_precision, default=None)

    def model(self, protocol: Protocol, horizon: int) -> CellBacktestRow | None:
        """Return the model's scores, or none."""
        return next((r for r in self._at(protocol, horizon) if r.forecaster == MODEL), None)

    def _at(self, protocol: Protocol, horizon: int) -> Iterator[CellBacktestRow]:
        return (row for row in self.rows if (row.protocol, row.horizon) == (protocol, horizon))


def run_cell_backtest(
    cells: CellMonths, params: CellParams, *, on_split: Callable[[int, int], None] | None = None
) -> CellBacktest:
    """Judge the model and the plain forecasts under both protocols.

    Args:
        cells: All cells.
        params: The tunables.
        on_split: Called after each split with those done and those to do.
    """
    splits = [*_rolling(cells, params), *_unseen(cells, params)]
    growth = {horizon: cells.growth(horizon) for horizon in CELL_HORIZONS}
    judged: dict[tuple[Protocol, int], list[CellForecasts]] = {}
    for done, split in enumerate(splits, start=1):
        for forecasts in _judge(cells, params, split, growth):
            judged.setdefault((forecasts.protocol, forecasts.horizon), []).append(forecasts)
        if on_split:
            on_split(done, len(splits))
    together = tuple(_together(judged[key]) for key in sorted(judged))
    rows = tuple(row for forecasts in together for row in _scores(cells, forecasts))
    return CellBacktest(rows, together)


def forecasts_from(cells: CellMonths, params: CellParams, origin: int) -> list[CellForecasts]:
    """Return what a model says that knows nothing after ``origin``, a month counted from year 0.

    By horizon, of the cells of that month whose outcome is known; none where there is too little
    to learn from.
    """
    growth = {horizon: cells.growth(horizon) for horizon in CELL_HORIZONS}
    everything = np.ones(len(cells), dtype=bool)
    return list(_judge(cells, params, _at_origin(cells, everything, origin), growth))


def plain_scores(cells: CellMonths, rows: NDArray[np.int64]) -> dict[str, FloatArray]:
    """Return what each plain forecast says of some rows; only the order counts."""
    scores: dict[str, FloatArray] = {DENSITY: cells.feature("known_count")[rows].astype(np.float64)}
    for name, feature in WINDOWS.items():
        own = cells.feature(feature)[rows].astype(np.float64)
        scores[f"own_{name}"] = own
        scores[f"block_{name}"] = 2 * own + cells.feature(f"{feature}_3x3")[rows]
    return scores


@dataclass(frozen=True, slots=True)
class _Split:
    protocol: Protocol
    seen: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    until: int | None = None


def _rolling(cells: CellMonths, params: CellParams) -> Iterator[_Split]:
    """Every so many months, the latest of which a horizon is known; all cells of that month."""
    month = cells.as_of_month
    known = cells.growth(min(CELL_HORIZONS)).rows
    if not len(known):
        return
    everything = np.ones(len(cells), dtype=bool)
    first = int(month.min()) + params.backtest.first_origin_months
    for origin in range(int(month[known].max()), first - 1, -params.backtest.origin_step_months):
        yield _at_origin(cells, everything, origin)


def _at_origin(cells: CellMonths, everything: NDArray[np.bool_], origin: int) -> _Split:
    return _Split(Protocol.ROLLING_ORIGIN, everything, cells.as_of_month == origin, origin)


def _unseen(cells: CellMonths, params: CellParams) -> Iterator[_Split]:
    aois = np.unique(cells.aoi_key)
    folds = min(params.backtest.folds, len(aois))
    dealt = np.random.default_rng(params.seed).permutation(len(aois)) % max(folds, 1)
    fold = dealt[np.searchsorted(aois, cells.aoi_key)]
    for part in range(folds if folds > 1 else 0):
        yield _Split(Protocol.UNSEEN_AOIS, fold != part, fold == part)


def _judge(
    cells: CellMonths, params: CellParams, split: _Split, growth: dict[int, Growth]
) -> Iterator[CellForecasts]:
    known = known_growth(cells, params, among=split.seen, until=split.until)
    if not known:
        return
    model = fit_cells(cells, known, params)
    for horizon, everywhere in growth.items():
        here = everywhere.among(split.judged)
        if len(here.rows):
            probability = model.at(cells.values[here.rows], horizon)
            yield CellForecasts(split.protocol, horizon, here.rows, here.has_grown, probability)


def _together(parts: list[CellForecasts]) -> CellForecasts:
    return CellForecasts(
        parts[0].protocol,
        parts[0].horizon,
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.has_grown for part in parts]),
        np.concatenate([part.probability for part in parts]),
    )


def _scores(cells: CellMonths, forecasts: CellForecasts) -> Iterator[CellBacktestRow]:
    scored = {MODEL: score_probability(forecasts.has_grown, forecasts.probability)}
    for name, score in plain_scores(cells, forecasts.rows).items():
        scored[name] = score_ranking(forecasts.has_grown, score)
    for name, result in scored.items():
        yield CellBacktestRow(forecasts.protocol, forecasts.horizon, name, result)
