"""How chips grow from month to month: steady or in bursts, even or uneven; real or generated.

A history is what is known of a chip by month: no number where the month was not observed or a mask
hides a part. Medians over large chips tell more than any single chip.
"""

from functools import cache

import numpy as np
import polars as pl

from synthetic.planning.facts import CALENDAR, chips
from synthetic.planning.growth import MONTHS
from synthetic.planning.params import params
from synthetic.planning.plan import Plan, make_plan
from synthetic.steady import Floats

LARGE = 1500
"""Mean count above which a chip is judged; births of smaller ones are too few."""
PAIRS = 12
"""Pairs of successive changes that must be known of it; a chip in constant cloud tells nothing."""
SEEDS = 20
"""Data sets over which the generator itself is judged."""


def plan_histories(plan: Plan) -> Floats:
    """Return what a plan's chips show, shape (chips, months of the calendar), NaN: not known."""
    known = np.full((len(plan.chips), MONTHS), np.nan)
    for row, made in enumerate(plan.chips):
        clear = sorted(set(made.chip.observed) - set(made.chip.masked))
        known[row, clear] = (made.standing - made.gaps)[clear]
    return known


def image_histories(images: pl.DataFrame) -> Floats:
    """Return what images show, shape (chips, months of the calendar), NaN: not known.

    Args:
        images: One row per image: ``chip_id``, ``time_key``, ``rows``, ``masked``.
    """
    row = {chip.chip_id: chip.index for chip in chips()}
    month = {key: position for position, key in enumerate(CALENDAR)}
    known = np.full((len(row), MONTHS), np.nan)
    clear = images.filter(~pl.col("masked")).select("chip_id", "time_key", "rows")
    for chip_id, time_key, rows in clear.iter_rows():
        if chip_id in row and time_key in month:
            known[row[chip_id], month[time_key]] = rows
    return known


def growth_values(histories: Floats) -> dict[str, float]:
    """Return the figures of growth of one data set, over its chips with more than ``LARGE``.

    Args:
        histories: Counts, shape (chips, months), NaN where a month is not known.

    Returns:
        Each figure by its name in ``figures.toml``; none where fewer than two chips tell anything.
    """
    large = [history for history in histories if _tells(history)]
    if len(large) < 2:
        return {}
    changes = [np.diff(history) for history in large]
    every = np.concatenate(changes)
    steps = np.concatenate([np.diff(history) / history[:-1] for history in large])
    return {
        "lag-1 autocorrelation of monthly changes": _median([_memory(one) for one in changes]),
        "variance by mean of monthly changes": _median(
            [_spread(one) / _pace(one) for one in changes]
        ),
        "half the variance of changes' differences by their mean": _median(
            [_spread(np.diff(one)) / 2 / _pace(one) for one in changes]
        ),
        "sd of ln(growth of second by first half)": float(
            np.std([_turn(history) for history in large], ddof=1)
        ),
        "monthly step of large chips, mean": float(np.nanmean(steps)),
        "monthly step of large chips, median": float(np.nanmedian(steps)),
        "level months of large chips": float((every[~np.isnan(every)] == 0).mean()),
    }


@cache
def generator_values(seed: int) -> dict[str, float]:
    """Return the medians of the figures over the plans of ``SEEDS`` seeds from ``seed`` on.

    The plans are made anew at the real size; nothing is drawn, nothing is read.
    """
    plans = (make_plan(1.0, seed + more, params()) for more in range(SEEDS))
    found = [growth_values(plan_histories(plan)) for plan in plans]
    return {name: _median([values[name] for values in found]) for name in found[0]}


def _tells(history: Floats) -> bool:
    """Tell whether a chip is large, known for long enough without a break, and ever changes."""
    pairs = np.count_nonzero(~np.isnan(np.diff(history, n=2)))
    return bool(pairs >= PAIRS and np.nanmean(history) > LARGE and np.nanvar(np.diff(history)) > 0)


def _median(values: list[float]) -> float:
    return float(np.nanmedian(values))


def _spread(values: Floats) -> float:
    return float(np.nanvar(values, ddof=1))


def _pace(changes: Floats) -> float:
    """Return the mean change, a building in two years at least."""
    return max(1 / 24, float(np.nanmean(changes)))


def _memory(changes: Floats) -> float:
    """Return the autocorrelation at lag 1, from the pairs of months that are both known."""
    away = changes - np.nanmean(changes)
    return float(np.nanmean(away[:-1] * away[1:]) / np.nanvar(changes))


def _turn(history: Floats) -> float:
    """Return ln of the monthly growth of the second half by that of the first, each 1 at least."""
    months = np.flatnonzero(~np.isnan(history))
    middle = months[np.abs(months - (months[0] + months[-1]) / 2).argmin()]
    before, after = middle - months[0], months[-1] - middle
    first = max(1.0, float(history[middle] - history[months[0]])) / before
    second = max(1.0, float(history[months[-1]] - history[middle])) / after
    return float(np.log(second / first))
