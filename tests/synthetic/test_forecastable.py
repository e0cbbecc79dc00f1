"""There must be something to learn: a quick model beats the plain baselines on growth alone."""

import lightgbm
import numpy as np
import pytest

from synthetic.planning.plan import Plan

CUTS = (15, 18, 21, 24)
"""As-of months at which a model is trained on what was known and judged on the next three."""


def _counts(plan: Plan) -> np.ndarray:
    counts = np.full((len(plan.chips), 31), np.nan)
    for row, made in enumerate(plan.chips):
        months = slice(made.chip.first, made.chip.last + 1)
        counts[row, months] = made.standing[months]
    return counts


def _damped(counts: np.ndarray, row: int, month: int, horizon: int) -> float:
    step = counts[row, month] - counts[row, max(0, month - 3)]
    rate = 0.0 if np.isnan(step) else step / 3
    return float(rate * sum(0.85**ahead for ahead in range(1, horizon + 1)))


def _mean_past(counts: np.ndarray, row: int, month: int, horizon: int) -> float:
    first = int(np.flatnonzero(~np.isnan(counts[row]))[0])
    return float(horizon * (counts[row, month] - counts[row, first]) / max(1, month - first))


def _features(counts: np.ndarray, row: int, month: int, horizon: int) -> list[float]:
    now = counts[row, month]
    changes = [now - counts[row, max(0, month - lag)] for lag in (1, 2, 3, 6, 12)]
    return [
        now,
        *changes,
        *(change / now for change in changes),
        _damped(counts, row, month, horizon),
        _mean_past(counts, row, month, horizon),
    ]


def _errors(counts: np.ndarray, horizon: int) -> dict[str, float]:
    """Return the mean absolute error of model and baselines over all cuts."""
    found: dict[str, list[float]] = {"model": [], "none": [], "mean": [], "damped": []}
    points = [
        (row, month)
        for row in range(len(counts))
        for month in range(31 - horizon)
        if not np.isnan(counts[row, month] + counts[row, month + horizon])
    ]
    for cut in CUTS:
        past = [point for point in points if point[1] + horizon <= cut]
        tests = [point for point in points if cut <= point[1] < cut + 3]
        truth = np.array([counts[r, m + horizon] - counts[r, m] for r, m in past + tests])
        damped = np.array([_damped(counts, r, m, horizon) for r, m in past + tests])
        size = np.sqrt([counts[r, m] for r, m in past + tests])
        table = np.array([_features(counts, r, m, horizon) for r, m in past + tests])
        split = len(past)
        model = lightgbm.train(
            {"objective": "quantile", "alpha": 0.5, "num_leaves": 7, "learning_rate": 0.04,
             "min_data_in_leaf": 20, "feature_fraction": 0.6, "verbose": -1, "num_threads": 1,
             "seed": 1, "deterministic": True},
            lightgbm.Dataset(
                table[:split], ((truth - damped) / size)[:split], weight=size[:split]
            ),
            120,
        )  # fmt: skip
        guess = damped[split:] + np.asarray(model.predict(table[split:])) * size[split:]
        mean = np.array([_mean_past(counts, r, m, horizon) for r, m in tests])
        for name, values in (
            ("model", guess), ("none", 0 * guess), ("mean", mean), ("damped", damped[split:]),
        ):  # fmt: skip
            found[name] += np.abs(values - truth[split:]).tolist()
    return {name: float(np.mean(values)) for name, values in found.items()}


@pytest.mark.parametrize("horizon", [1, 3, 6])
@pytest.mark.parametrize("size", ["sample_plan", "full_plan"])
def test_a_quick_model_beats_the_baselines(
    size: str, horizon: int, request: pytest.FixtureRequest
) -> None:
    errors = _errors(_counts(request.getfixturevalue(size)), horizon)
    model = errors.pop("model")
    assert model < 0.985 * min(errors.values()), (model, errors)
