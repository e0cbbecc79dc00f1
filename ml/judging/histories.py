"""Judging the model of bare histories on places that are no data of the warehouse.

Such as real ones, where the warehouse holds generated data. Nothing is learnt from them: the plain
forecasts, too, have the quantiles of their errors in the training data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.data.examples import Examples
from ml.data.histories import history_examples
from ml.judging.backtest import MODEL, PLAIN, plain_quantiles
from ml.judging.metrics import Score, score
from ml.model.grid import HORIZONS, MEDIAN
from ml.model.history import History
from ml.model.quantiles import QuantileModel
from ml.training.params import Params

KNOWN_MONTHS: Final = 3
"""Months that must be known of a history before it is forecast."""


@dataclass(frozen=True, slots=True)
class HistoryScores:
    """Scores at one horizon, in shares of the count at the as-of month.

    Attributes:
        horizon: Months ahead.
        places: Histories that reach so far.
        scores: By forecaster.
    """

    horizon: int
    places: int
    scores: Mapping[str, Score]


def judge_histories(
    model: QuantileModel, train: Examples, histories: Sequence[History], params: Params
) -> list[HistoryScores]:
    """Forecast each history from its third known month on, and score the model and the plain ones.

    Args:
        model: The one of bare histories.
        train: What it learned from.
        histories: Places.
        params: The tunables.

    Returns:
        One entry per horizon that a history reaches.
    """
    examples = history_examples(histories)
    test = examples.take(_known_months(histories, examples) >= KNOWN_MONTHS)
    if not len(test):
        return []
    level = np.maximum(test.features.column("known_count"), 1)
    answers = {MODEL: model.quantiles(test.features, test.horizon)}
    answers |= {name: plain_quantiles(name, train, test, params) for name in PLAIN}
    found = []
    for horizon in (months for months in HORIZONS if (test.horizon == months).any()):
        at = test.horizon == horizon
        actual = test.net_change[at] / level[at]
        shares = {name: one[at] / level[at][:, None] for name, one in answers.items()}
        scores = {name: score(actual, one, point=one[:, MEDIAN]) for name, one in shares.items()}
        found.append(HistoryScores(horizon, len(np.unique(test.chip_key[at])), scores))
    return found


def _known_months(histories: Sequence[History], examples: Examples) -> np.ndarray:
    places = zip(examples.chip_key.tolist(), examples.as_of_month.tolist(), strict=True)
    return np.array([np.searchsorted(histories[at].months, month, "right") for at, month in places])
