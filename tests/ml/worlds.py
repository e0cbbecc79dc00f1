"""A small made-up world of growing chips, with features and targets of the marts' own columns.

Nothing here is read from files: counts follow a logistic growth with a rate of each chip's own, so
there is something to learn, and births are Poisson, so there is something that cannot be learnt.
"""

from dataclasses import dataclass

import numpy as np

HORIZONS = (1, 3, 6, 12)

Row = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class World:
    """Rows of ``features.chip_month`` and ``features.chip_target``."""

    features: list[Row]
    targets: list[Row]


def time_key(month_no: int) -> int:
    """Return the time key of the ``month_no``-th month after 2017-07."""
    year, month = divmod(2017 * 12 + 6 + month_no, 12)
    return year * 100 + month + 1


def grow(*, chips: int = 60, months: int = 25, seed: int = 7, mean_count: float = 47) -> World:
    """Grow a world of ``chips`` chips seen in about ``months`` months each."""
    random = np.random.default_rng(seed)
    features: list[Row] = []
    targets: list[Row] = []
    aois = random.integers(0, max(chips // 2, 1), chips)
    aoi_rates = random.gamma(1.2, 0.0045, chips)
    for chip in range(chips):
        start = int(random.choice([0, 6], p=[0.4, 0.6])) if months > 6 else 0
        size = mean_count * random.lognormal(-0.5, 1.0)
        rate = 0.5 * aoi_rates[aois[chip]] + 0.5 * random.gamma(1.2, 0.0055)
        counts = _counts(random, months=months, size=size, rate=rate)
        observed = random.random(months) > 0.01
        observed[[0, -1]] = True
        _append_rows(features, targets, chip, start, counts, observed)
    return World(features=features, targets=targets)


def _counts(random: np.random.Generator, *, months: int, size: float, rate: float) -> np.ndarray:
    capacity = size * random.uniform(1.1, 2.5)
    counts = np.empty(months)
    counts[0] = max(round(size), 1)
    for month in range(1, months):
        here = counts[month - 1]
        births = random.poisson(max(here * rate * (1 - here / capacity) * 1.3, 0))
        deaths = random.random() < 0.02 * here / 50
        counts[month] = max(here + births - deaths, 0)
    return counts


def _append_rows(
    features: list[Row],
    targets: list[Row],
    chip: int,
    start: int,
    counts: np.ndarray,
    observed: np.ndarray,
) -> None:
    previous = None
    for month in np.flatnonzero(observed):
        row = _feature_row(counts, observed, int(month))
        row |= {
            "chip_key": 1000 + chip,
            "as_of": time_key(start + int(month)),
            "months_since_previous": None if previous is None else int(month - previous),
        }
        features.append(row)
        previous = month
        for horizon in HORIZONS:
            later = month + horizon
            if later < len(counts) and observed[later]:
                targets.append(
                    {
                        "chip_key": 1000 + chip,
                        "as_of": time_key(start + int(month)),
                        "horizon": horizon,
                        "net_change": int(counts[later] - counts[month]),
                    }
                )


def _feature_row(counts: np.ndarray, observed: np.ndarray, month: int) -> Row:
    now = counts[month]
    row: Row = {
        "month": (month + 6) % 12 + 1,
        "months_since_first": month,
        "building_count": int(now),
        "known_count": int(now),
        "built_area_m2": float(now * 120),
        "mean_area_m2": 120.0,
        "usable_share": 1.0,
        "occupied_cell_share": float(min(now / 1024, 1)),
    }
    for window in HORIZONS:
        known = month >= window and observed[month - window]
        change = int(now - counts[month - window]) if known else None
        row[f"net_change_{window}"] = change
        if window > 1:
            past = counts[month - window] if known else 0
            row[f"growth_rate_{window}"] = (
                None if change is None or past == 0 else float(change / past / window)
            )
    return row
