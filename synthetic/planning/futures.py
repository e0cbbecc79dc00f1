"""How a chip may go on: the generator's own futures, for an oracle beside forecasts.

An oracle knows what no forecaster sees (rate, drift, room, running surges) but not what is still to
be drawn. Its gain over a plain forecast is the most that any forecast can gain on generated data.
Not part of the data: it draws faster than ``growth.py`` and need not give the same bits everywhere.
"""

import math
from dataclasses import dataclass

import numpy as np

from synthetic.planning.developments import profile
from synthetic.planning.growth import MOST_GONE, Nature
from synthetic.planning.params import GrowthParams
from synthetic.planning.plan import ChipPlan
from synthetic.planning.surroundings import season
from synthetic.steady import Floats


@dataclass(frozen=True, slots=True)
class State:
    """All that decides how a chip goes on after a month.

    Attributes:
        nature: What lasts in it.
        position: The month, as position in the calendar.
        standing: Buildings at its end, at the size of the real data.
        drift: ln of the slow factor on its growth.
        surges: Start, months and size of each surge that has begun, shape (surges, 3).
        times: Buildings of the plan for one of the real size.
    """

    nature: Nature
    position: int
    standing: float
    drift: float
    surges: Floats
    times: float


def state(plan: ChipPlan, position: int) -> State:
    """Return the state of a planned chip at the end of the month at ``position``."""
    course = plan.course
    begun = [
        (burst.start, burst.months, burst.size)
        for burst in course.bursts[: course.surges]
        if burst.start <= position
    ]
    return State(
        nature=course.nature,
        position=position,
        standing=float(course.standing[position]),
        drift=float(course.drift[position]),
        surges=np.array(begun, dtype=np.float64).reshape(-1, 3),
        times=plan.start / course.nature.start,
    )


def futures(
    known: State, months: int, paths: int, rng: np.random.Generator, tunables: GrowthParams
) -> Floats:
    """Draw what may follow.

    The growth over two years that is known of five real chips is not taken into account: their
    futures are those of chips of the same state.

    Args:
        known: Where the chip stands.
        months: How far to look.
        paths: How many futures.
        rng: Where chance comes from.
        tunables: Those that the plan was made with.

    Returns:
        Net change of the count since the month of ``known``, in buildings of the plan, shape
        (paths, months).
    """
    nature, chip = known.nature, known.nature.chip
    spread = math.hypot(tunables.drift_spread, tunables.region_spread)
    fresh = spread * math.sqrt(1 - tunables.memory**2)
    surge = _surges(known, months, paths, rng, tunables)
    standing, drift = np.full(paths, known.standing), np.full(paths, known.drift)
    reached = np.empty((paths, months))
    for ahead in range(months):
        drift = tunables.memory * drift + fresh * rng.standard_normal(paths)
        expected = nature.expected(
            standing,
            np.exp(drift) * season(chip, known.position + 1 + ahead, tunables),
            surge[:, ahead],
            rng.random(paths) < tunables.clearing,
            tunables,
        )
        alone = tunables.singles * expected.births
        births = rng.poisson(alone) + _batches(rng, expected.births - alone, nature.batch)
        gone = np.minimum(rng.poisson(expected.demolitions), MOST_GONE)
        standing = standing + births - gone
        reached[:, ahead] = standing
    return (reached - known.standing) * known.times


def _surges(
    known: State, months: int, paths: int, rng: np.random.Generator, tunables: GrowthParams
) -> Floats:
    """Return what surges build, as part of the first count, shape (paths, months)."""
    coming = known.position + 1 + np.arange(months)
    built = np.zeros((paths, months))
    for start, length, size in known.surges:
        built += size * profile(coming - start, length)
    shortest, longest = tunables.surge_months
    share = known.nature.pull * tunables.surge_share
    for start in coming:
        size = share * np.exp(rng.standard_normal((paths, 1)) * tunables.surge_spread)
        begins = rng.random((paths, 1)) < tunables.surge
        length = rng.integers(shortest, longest + 1, (paths, 1))
        built += begins * size * profile(coming - start, length)
    return built


def _batches(rng: np.random.Generator, mean: Floats, dispersion: float) -> Floats:
    """Draw from the negative binomial distribution of this mean and variance/mean."""
    if dispersion <= 1:
        return rng.poisson(mean).astype(np.float64)
    number = np.maximum(mean / (dispersion - 1), 1e-12)
    return rng.negative_binomial(number, 1 / dispersion).astype(np.float64)
