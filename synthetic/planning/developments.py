"""Developments: what is built within a few months in a few neighbouring cells.

Surges add births to a chip; they are rare. Estates add none: they gather what is built anyway, one
after the other, so that growth has its hot spots while the chip's total goes on as before.
"""

from dataclasses import dataclass

import numpy as np

from synthetic.planning.facts import CALENDAR, Chip
from synthetic.planning.params import GrowthParams
from synthetic.steady import Floats, Ints, exp, normal


@dataclass(frozen=True, slots=True)
class Burst:
    """One development: when it starts (position in the calendar), how long, and how large."""

    start: int
    months: int
    size: float

    def rate(self, positions: Ints) -> Floats:
        """Return the part of the first count that is built in the months at ``positions``."""
        return self.size * profile(positions - self.start, self.months)


def profile(since: Ints | Floats, months: int | float | Ints) -> Floats:
    """Return the part of a development of ``months`` that is built in a month.

    Args:
        since: Months since it started; the first one is 0.
        months: How long it takes.
    """
    return _done((since + 1) / months) - _done(since / months)


def _done(part: Floats) -> Floats:
    within = np.clip(part, 0.0, 1.0)
    return within * within * (3 - 2 * within)


def surges(
    chip: Chip, pull: float, rng: np.random.Generator, tunables: GrowthParams
) -> tuple[Burst, ...]:
    """Draw the chip's surges; the first may be under way when the data start.

    Args:
        chip: The chip.
        pull: Factor of room and climate on their size.
        rng: Where chance comes from.
        tunables: How often, how long, how large.
    """
    shortest, longest = tunables.surge_months
    positions = range(chip.first - longest, len(CALENDAR))
    starts = rng.random(len(positions)) < tunables.surge
    months = rng.integers(shortest, longest + 1, len(positions))
    sizes = pull * tunables.surge_share * exp(normal(rng, len(positions)) * tunables.surge_spread)
    return tuple(
        Burst(positions[at], int(months[at]), float(sizes[at])) for at in np.flatnonzero(starts)
    )


def estates(chip: Chip, rng: np.random.Generator, tunables: GrowthParams) -> tuple[Burst, ...]:
    """Draw the chip's estates, one after the other; the first is under way when the data start."""
    found: list[Burst] = []
    start = chip.first - int(rng.integers(0, tunables.estate_months[1]))
    while start <= chip.last:
        months = int(rng.integers(tunables.estate_months[0], tunables.estate_months[1] + 1))
        found.append(Burst(start, months, 1.0))
        start += max(1, months - int(rng.integers(0, tunables.estate_overlap + 1)))
    return tuple(found)


def split(usual: Floats, extra: Floats, sites: tuple[Burst, ...], share: float) -> Floats:
    """Return which part of each month's births every development gets.

    Args:
        usual: Births to expect outside of surges, by month.
        extra: Those of each surge, shape (surges, months).
        sites: The estates.
        share: Of the usual births, what estates get while there is one.

    Returns:
        Parts from 0 to 1, shape (surges and estates, months); what lacks to 1 is scattered.
    """
    months = np.arange(len(usual))
    pace = np.array([site.rate(months) for site in sites]).reshape(-1, len(usual))
    busy = total(pace)
    weights = np.concatenate([extra, share * usual * pace / np.where(busy > 0, busy, 1.0)])
    whole = usual + total(extra)
    return weights / np.where(whole > 0, whole, 1.0)


def total(rows: Floats) -> Floats:
    """Return the sum of the rows, added in their order; 0 when there is none."""
    return np.cumsum(rows, axis=0)[-1] if len(rows) else np.zeros(rows.shape[1])
