"""How the buildings of a chip grow, month by month, at the size of the real data.

No lots here (``settlement.py``) and no other size (``plan.py``). A chip has a rate of its own
that lasts; it is higher with more room (saturating) and in a warm climate, swings with the building
season of its hemisphere, and drifts slowly, part of the drift being its region's. What is built in
a month is drawn: single houses and, more uneven, whole batches. Rarely a surge of some months comes
on top. So the mean of the past tells most about the future, and the last month little.
"""

from dataclasses import dataclass, replace

import numpy as np

from synthetic.planning.developments import Burst, estates, split, surges, total
from synthetic.planning.facts import CALENDAR, Chip
from synthetic.planning.params import GrowthParams
from synthetic.planning.surroundings import season, walk, zone
from synthetic.steady import (
    Bools,
    Floats,
    Purpose,
    evenly_normal,
    exp,
    normal,
    stream,
    whole_number,
)

MONTHS = len(CALENDAR)
MOST_GONE = 10
"""Buildings that a chip of the real data loses in a month at most."""
TWO_YEARS = CALENDAR.index(201801)
"""From this month to the last one the two-year growth of a chip is counted."""
NEAR = 0.001
"""How near a chip comes to its known growth."""
TRIES = 12
"""Times that its rate is fitted to it at most."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a chip starts with, as compared to the others.

    Attributes:
        size: Buildings, at the size of the real data.
        density: 0..1, how its size ranks among the chips; dense chips have less room left.
        lift: Factor on its rate.
    """

    size: float
    density: float
    lift: float


@dataclass(frozen=True, slots=True)
class Nature:
    """What lasts in a chip.

    Attributes:
        chip: The chip.
        start: Buildings in its first month at the size of the real data.
        saturation: ``start`` as share of the room for buildings.
        pull: Factor of room and climate on all growth.
        rate: New buildings per standing building and month while half of the room is free that
            was so at the start, at the middle of drift and season.
        batch: Variance by mean of the number of buildings that come in batches in a month.
    """

    chip: Chip
    start: float
    saturation: float
    pull: float
    rate: float
    batch: float

    def expected(
        self, standing: Floats, factor: Floats, surge: Floats, clears: Bools, tunables: GrowthParams
    ) -> "Expected":
        """Return what to expect of a month.

        Args:
            standing: Buildings at the end of the month before.
            factor: Of drift and season, around 1.
            surge: What surges build in the month, as part of ``start``.
            clears: It is a month in which houses go and hardly any come.
            tunables: Rates.
        """
        free = np.maximum(0.0, 1 - self.saturation * standing / self.start)
        room = np.minimum(1.0, 2 * free / (1 - self.saturation))
        usual = self.rate * factor * standing * room
        pace = np.where(clears, tunables.cleared_births, 1.0)
        leaves = np.where(clears, tunables.cleared, tunables.demolition)
        return Expected(usual, pace * (usual + surge * self.start * room), leaves * standing)


@dataclass(frozen=True, slots=True)
class Expected:
    """Means of a month: births without surges, all births, demolitions; as buildings."""

    usual: Floats
    births: Floats
    demolitions: Floats


@dataclass(frozen=True, slots=True)
class Course:
    """A chip's course by position in the calendar, in buildings at the size of the real data.

    Attributes:
        nature: What lasts in it.
        drift: ln of the slow factor on its growth, its own part and its region's.
        standing: Buildings that stand.
        births: New buildings.
        demolitions: Buildings that go.
        bursts: Its developments: first the surges, then the estates.
        surges: How many of ``bursts`` are surges.
        gathered: Part of the month's births that goes to each development, shape
            (bursts, months); the rest is scattered.
    """

    nature: Nature
    drift: Floats
    standing: Floats
    births: Floats
    demolitions: Floats
    bursts: tuple[Burst, ...]
    surges: int
    gathered: Floats


@dataclass(frozen=True, slots=True)
class _Luck:
    """All chance of a chip's months, so that it stays the same while its rate is fitted."""

    clearing: Floats
    singles: Floats
    batches: Floats
    demolitions: Floats


def lifts(number: int, seed: int, tunables: GrowthParams) -> Floats:
    """Return the factors on the rates of ``number`` chips: every data set has the same ones."""
    rng = stream(seed, Purpose.GROWTH, 1000)
    return exp(evenly_normal(rng, number) * tunables.rate_spread)


def course(chip: Chip, start: Start, region: Floats, seed: int, tunables: GrowthParams) -> Course:
    """Return how ``chip`` grows.

    Args:
        chip: The chip.
        start: What it starts with.
        region: ln of its region's factor, one per month.
        seed: Seed of the data set.
        tunables: Rates.
    """
    rng = stream(seed, Purpose.GROWTH, chip.index)
    nature = _nature(chip, start, rng, tunables)
    drift = walk(rng, tunables.drift_spread, tunables.memory) + region
    luck = _Luck(*(rng.random(MONTHS) for _ in range(4)))
    extra = surges(chip, nature.pull, rng, tunables)
    usual = estates(chip, rng, tunables)
    made = _run(nature, drift, luck, (extra, usual), tunables)
    if chip.two_year_growth is None:
        return made
    for _ in range(TRIES):
        reached = float(made.standing[-1] / made.standing[TWO_YEARS] - 1)
        if abs(reached - chip.two_year_growth) < NEAR:
            break
        factor = min(4.0, chip.two_year_growth / max(reached, 0.001))
        nature = replace(nature, rate=nature.rate * factor)
        extra = tuple(replace(burst, size=burst.size * factor) for burst in extra)
        made = _run(nature, drift, luck, (extra, usual), tunables)
    return made


def _nature(chip: Chip, start: Start, rng: np.random.Generator, tunables: GrowthParams) -> Nature:
    low, high = tunables.saturation
    crowded = tunables.crowding * start.density + (1 - tunables.crowding) * rng.random()
    saturation = round(low + (high - low) * crowded, 6)
    pull = 2 * (1 - saturation) / (2 - low - high) * zone(chip, tunables)
    rate = min((tunables.least + tunables.rate * start.lift) * pull, tunables.most)
    grows = chip.two_year_growth or rate * MONTHS
    unevenness = float(exp(normal(rng, 1) * tunables.batch_spread)[0])
    return Nature(
        chip=chip,
        start=start.size,
        saturation=max(
            min(saturation, 1 / (1 + tunables.room * grows)), start.size / tunables.full
        ),
        pull=pull,
        rate=rate,
        batch=max(1.0, tunables.batch * unevenness),
    )


def _run(
    nature: Nature,
    drift: Floats,
    luck: _Luck,
    bursts: tuple[tuple[Burst, ...], tuple[Burst, ...]],
    tunables: GrowthParams,
) -> Course:
    chip, months = nature.chip, np.arange(MONTHS)
    seasons = np.array([season(chip, position, tunables) for position in range(MONTHS)])
    factor, clears = exp(drift) * seasons, luck.clearing < tunables.clearing
    extra = np.array([burst.rate(months) for burst in bursts[0]]).reshape(-1, MONTHS)
    surge = total(extra)
    standing = np.full(MONTHS, nature.start)
    births, demolitions, usual = np.zeros(MONTHS), np.zeros(MONTHS), np.zeros(MONTHS)
    for t in range(chip.first + 1, MONTHS):
        before = standing[t - 1]
        expected = nature.expected(before, factor[t], surge[t], clears[t], tunables)
        usual[t], mean = expected.usual, float(expected.births)
        alone = tunables.singles * mean
        births[t] = whole_number(luck.singles[t], alone) + whole_number(
            luck.batches[t], mean - alone, nature.batch
        )
        demolitions[t] = min(
            whole_number(luck.demolitions[t], float(expected.demolitions)), MOST_GONE
        )
        standing[t] = before + births[t] - demolitions[t]
    gathered = split(usual, extra * nature.start, bursts[1], tunables.gathered)
    every = (*bursts[0], *bursts[1])
    return Course(nature, drift, standing, births, demolitions, every, len(extra), gathered)
