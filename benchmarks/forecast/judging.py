"""Both protocols on some data sets of the generator, and real histories beside them."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.forecast.oracle import oracle_quantiles
from benchmarks.forecast.panel import Panel, panel, panel_of
from ml.data.histories import read_histories
from ml.judging.backtest import MODEL, PLAIN, Backtest, Protocol, plain_quantiles, run_backtest
from ml.judging.metrics import Score, score
from ml.model.grid import HORIZONS, MEDIAN, Target
from ml.model.history import History
from ml.model.manifest import HISTORY
from ml.training.fitting import fit_model
from ml.training.params import Params
from synthetic.planning.facts import CALENDAR
from synthetic.planning.params import params as generator
from synthetic.planning.plan import make_plan

KNOWN_MONTHS: Final = 3
"""Months that must be known of a real history before it is judged."""
_FIRST: Final = CALENDAR[0] // 100 * 12 + CALENDAR[0] % 100 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """One horizon: the model beside the best plain forecast, and the oracle if there is one.

    Attributes:
        horizon: Months ahead.
        best: Name of the plain forecast with the least loss.
        plain: Its score.
        model: The model's.
        oracle: That of who knows the generator's state.
    """

    horizon: int
    best: str
    plain: Score
    model: Score
    oracle: Score | None = None

    @property
    def gain(self) -> float:
        """Share of the best plain forecast's loss that the model saves."""
        return 1 - self.model.pinball / self.plain.pinball

    @property
    def share(self) -> float:
        """Share of the oracle's gain that the model reaches; NaN without an oracle."""
        if self.oracle is None:
            return float("nan")
        return (self.plain.pinball - self.model.pinball) / (
            self.plain.pinball - self.oracle.pinball
        )


def generated(
    seed: int, params: Params, *, name: str = Target.COUNT, scale: float = 1.0
) -> dict[Protocol, list[Line]]:
    """Judge a model on one data set of the generator, by protocol."""
    plan = make_plan(scale, seed, generator())
    data = panel(plan)
    backtest = run_backtest(data.examples, params, name=name)
    known = oracle_quantiles(plan, data, seed=seed)
    return {protocol: _lines(backtest, protocol, data, known) for protocol in Protocol}


def _lines(backtest: Backtest, protocol: Protocol, data: Panel, known: np.ndarray) -> list[Line]:
    scores = {name: backtest.scores(protocol, name) for name in (MODEL, *PLAIN)}
    rows = next(one.rows for one in backtest.predictions if one.protocol is protocol)
    lines = []
    for horizon in HORIZONS:
        at = rows[data.examples.horizon[rows] == horizon]
        best = min(PLAIN, key=lambda name: scores[name][horizon].pinball)
        oracle = score(data.examples.net_change[at], known[at], point=known[at][:, MEDIAN])
        lines.append(Line(horizon, best, scores[best][horizon], scores[MODEL][horizon], oracle))
    return lines


def real(path: Path, seed: int, params: Params) -> list[Line]:
    """Judge the model of bare histories on real ones; trained on one generated data set alone.

    Origins are all months from the third known one on. Losses are shares of the count; a horizon
    that no history reaches has no line.
    """
    train = panel(make_plan(1.0, seed, generator())).examples
    model = fit_model(train, params, HISTORY)
    histories = [_in_calendar(history) for history in read_histories(path).values()]
    places = [history for history in histories if len(history.months) > KNOWN_MONTHS]
    nowhere = np.zeros(len(places))
    data = panel_of(places, lat=nowhere, aoi=np.arange(len(places)))
    test = data.examples.take(_known_months(places, data) >= KNOWN_MONTHS)
    level = np.maximum(test.features.column("known_count"), 1)
    answers = {MODEL: model.quantiles(test.features, test.horizon)}
    answers |= {name: plain_quantiles(name, train, test, params) for name in PLAIN}
    judged = [months for months in HORIZONS if (test.horizon == months).any()]
    return [_line(answers, test.net_change, level, test.horizon == at, at) for at in judged]


def _line(
    answers: dict[str, np.ndarray], actual: np.ndarray, level: np.ndarray, at: np.ndarray, h: int
) -> Line:
    scores = {}
    for name, quantiles in answers.items():
        shares = quantiles[at] / level[at][:, None]
        scores[name] = score(actual[at] / level[at], shares, point=shares[:, MEDIAN])
    best = min(PLAIN, key=lambda name: scores[name].pinball)
    return Line(h, best, scores[best], scores[MODEL])


def _in_calendar(history: History) -> History:
    return History(history.months - _FIRST, history.counts)


def _known_months(places: list[History], data: Panel) -> np.ndarray:
    chips = data.examples.chip_key
    return np.array(
        [
            np.searchsorted(places[chip].months, position, side="right")
            for chip, position in zip(chips, data.position, strict=True)
        ]
    )


def mean_lines(runs: Iterable[list[Line]], of: Callable[[Line], float]) -> list[float]:
    """Return the mean over runs of a figure at each horizon."""
    figures = np.array([[of(line) for line in run] for run in runs])
    means: list[float] = figures.mean(axis=0).tolist()
    return means


def write_csv(path: Path, runs: dict[tuple[int, str], list[Line]]) -> None:
    """Write every line, by seed and protocol."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        scores = [f"{who}_{what}" for who in ("plain", "model", "oracle") for what in _FIGURES]
        writer.writerow(["seed", "protocol", "horizon", "rows", "best_plain", *scores])
        for (seed, protocol), lines in runs.items():
            for line in lines:
                figures = [*_figures(line.plain), *_figures(line.model), *_figures(line.oracle)]
                key = (seed, protocol, line.horizon, line.model.rows, line.best)
                writer.writerow([*key, *figures])


_FIGURES: Final = ("pinball", "mae", "coverage")


def _figures(score: Score | None) -> list[str]:
    return ["" if score is None else f"{getattr(score, name):.6g}" for name in _FIGURES]
