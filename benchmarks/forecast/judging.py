"""Both protocols on some data sets of the generator, and real histories beside them."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.forecast.oracle import oracle_quantiles
from benchmarks.forecast.panel import Panel, panel
from ml.data.histories import read_histories
from ml.judging.backtest import MODEL, PLAIN, Backtest, Protocol, run_backtest
from ml.judging.histories import judge_histories
from ml.judging.metrics import Score, score
from ml.model.chip_model import HISTORY
from ml.model.grid import HORIZONS, MEDIAN, Target
from ml.training.fitting import fit_model
from ml.training.params import Params
from synthetic.planning.params import params as generator
from synthetic.planning.plan import make_plan


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

    Losses are shares of the count; a horizon that no history reaches has no line.
    """
    train = panel(make_plan(1.0, seed, generator())).examples
    model = fit_model(train, params, HISTORY)
    histories = list(read_histories(path).values())
    lines = []
    for at in judge_histories(model, train, histories, params):
        best = min(PLAIN, key=lambda name: at.scores[name].pinball)
        lines.append(Line(at.horizon, best, at.scores[best], at.scores[MODEL]))
    return lines


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
