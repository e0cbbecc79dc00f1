"""How the buildings of a chip grow in relation to its first month: rates, bursts, pauses.

No whole numbers here (``plan.py`` makes them) and no lots (``settlement.py``). A chip grows the
faster the more room it has (saturating), in a warm climate, in the building season of its
hemisphere, while its region booms, and in bursts of development that start, peak and end within a
year. So the past tells something about the future that "no change" and "as before" do not see.
"""

import math
from dataclasses import dataclass

import numpy as np

from synthetic.planning.facts import CALENDAR, Chip
from synthetic.planning.params import GrowthParams
from synthetic.steady import Floats, Purpose, exp, normal, stream

MONTHS = len(CALENDAR)
REGION_TILES = 70
"""Chips closer than this many tiles (about 340 km at the equator) share their booms."""
TWO_YEARS = CALENDAR.index(201801)
"""From this month to the last one the two-year growth of a chip is counted."""
WARM = 30.0
"""Latitude that parts the fast growing zone from the slow one, degrees."""
BURST_ROOM = 0.7
"""Share of a chip's room that one burst may take."""
SWING = (-1.0, -0.87, -0.5, 0.0, 0.5, 0.87, 1.0, 0.87, 0.5, 0.0, -0.5, -0.87)
"""Building season of the northern hemisphere, January to December."""


@dataclass(frozen=True, slots=True)
class Burst:
    """One development: when it starts (position in the calendar), how long, and how large."""

    start: int
    months: int
    size: float

    def rate(self, position: int) -> float:
        """Return the part of the first count that is built in the month at ``position``."""
        before = self._done(position - self.start)
        return self.size * (self._done(position - self.start + 1) - before)

    def _done(self, months: int) -> float:
        part = min(1.0, max(0.0, months / self.months))
        return part * part * (3 - 2 * part)


@dataclass(frozen=True, slots=True)
class Course:
    """A chip's course, all in units of its first count, by position in the calendar.

    Attributes:
        standing: Buildings that stand; 1 in the first observed month.
        base_births: New buildings outside of bursts.
        burst_births: New buildings of each burst, shape (bursts, months).
        demolitions: Buildings that go.
        saturation: First count as share of the room for buildings.
        bursts: The developments, in the order of ``burst_births``.
    """

    standing: Floats
    base_births: Floats
    burst_births: Floats
    demolitions: Floats
    saturation: float
    bursts: tuple[Burst, ...]

    @property
    def births(self) -> Floats:
        """All new buildings."""
        total: Floats = np.round(self.base_births + self.burst_births.sum(axis=0), 12)
        return total


def regions(chips: tuple[Chip, ...]) -> list[int]:
    """Return the region of each chip: the first earlier chip close enough, else a new one."""
    leaders: list[Chip] = []
    found = []
    for chip in chips:
        for number, leader in enumerate(leaders):
            apart = max(abs(chip.tile_x - leader.tile_x), abs(chip.tile_y - leader.tile_y))
            if apart < REGION_TILES:
                found.append(number)
                break
        else:
            found.append(len(leaders))
            leaders.append(chip)
    return found


def boom(region: int, seed: int, tunables: GrowthParams) -> Floats:
    """Return the region's factor on all growth, month by month; a slow random walk around 1."""
    shocks = normal(stream(seed, Purpose.REGIONS, region), MONTHS) * tunables.region_spread
    memory = tunables.region_memory
    fresh = math.sqrt(1 - memory * memory)
    level, levels = shocks[0], []
    for shock in shocks:
        level = memory * level + fresh * shock
        levels.append(level)
    return exp(np.asarray(levels))


def course(
    chip: Chip, booming: Floats, density: float, seed: int, tunables: GrowthParams
) -> Course:
    """Return how ``chip`` grows.

    Args:
        chip: The chip.
        booming: Its region's factor, one per month.
        density: 0..1, how its size ranks among the chips; dense chips have less room left.
        seed: Seed of the data set.
        tunables: Rates.
    """
    rng = stream(seed, Purpose.GROWTH, chip.index)
    low, high = tunables.saturation
    saturation = round(
        low + (high - low) * (tunables.crowding * density + (1 - tunables.crowding) * rng.random()),
        6,
    )
    lift = float(exp(normal(rng, 1) * tunables.base_spread)[0])
    pull = 2 * (1 - saturation) / (2 - low - high) * _zone(chip, tunables)
    base = tunables.base * lift * pull
    bursts = _bursts(chip, saturation, pull, rng, tunables)
    pace = np.array([_season(chip, position, tunables) for position in range(MONTHS)]) * booming
    chance = rng.random(MONTHS)
    made = _run(chip, base * pace, bursts, chance, saturation, tunables)
    if chip.two_year_growth is None:
        return made
    for _ in range(12):
        reached = float(made.standing[-1] / made.standing[TWO_YEARS] - 1)
        factor = min(4.0, chip.two_year_growth / max(reached, 0.001))
        base *= factor
        bursts = tuple(Burst(b.start, b.months, b.size * factor) for b in bursts)
        made = _run(chip, base * pace, bursts, chance, saturation, tunables)
    return made


def _bursts(
    chip: Chip, saturation: float, pull: float, rng: np.random.Generator, tunables: GrowthParams
) -> tuple[Burst, ...]:
    """Draw the chip's developments, one after the other with quiet months between them.

    The first may be under way when the data starts. A chip with little room has small ones.
    """
    bursts: list[Burst] = []
    most = BURST_ROOM * (1 / saturation - 1)
    start = chip.first - int(rng.integers(0, tunables.quiet_months[1]))
    while start <= chip.last:
        months = int(rng.integers(tunables.burst_months[0], tunables.burst_months[1] + 1))
        size = pull * tunables.burst_share * float(exp(normal(rng, 1) * tunables.burst_spread)[0])
        bursts.append(Burst(start, months, min(size, most)))
        start += months + int(rng.integers(tunables.quiet_months[0], tunables.quiet_months[1] + 1))
    return tuple(bursts)


def _zone(chip: Chip, tunables: GrowthParams) -> float:
    """Return the factor of the chip's climate: towns near the equator grow faster."""
    return tunables.warm if abs(chip.latitude) < WARM else 1 / tunables.warm


def _season(chip: Chip, position: int, tunables: GrowthParams) -> float:
    south = chip.latitude < 0
    month = (CALENDAR[position] % 100 - 1 + (6 if south else 0)) % 12
    swing = tunables.season * (1.0 if abs(chip.latitude) > tunables.tropics else 0.5)
    return 1 + swing * SWING[month]


def _run(
    chip: Chip,
    base: Floats,
    bursts: tuple[Burst, ...],
    chance: Floats,
    saturation: float,
    tunables: GrowthParams,
) -> Course:
    standing, demolitions, base_births = np.ones(MONTHS), np.zeros(MONTHS), np.zeros(MONTHS)
    burst_births = np.zeros((len(bursts), MONTHS))
    rates = np.array([[burst.rate(t) for t in range(MONTHS)] for burst in bursts])
    for t in range(chip.first + 1, MONTHS):
        before = standing[t - 1]
        room = max(0.0, 1 - saturation * before) / (1 - saturation)
        clearing = chance[t] < tunables.clearing
        paused = tunables.clearing <= chance[t] < tunables.clearing + tunables.pause
        active = 0.08 if clearing else 0.0 if paused else 1.0
        base_births[t] = active * base[t] * before * room
        if bursts:
            burst_births[:, t] = active * rates[:, t] * min(1.0, 2 * room)
        if not paused:
            gone = tunables.cleared if clearing else tunables.demolition
            demolitions[t] = gone * before
        standing[t] = before + base_births[t] + burst_births[:, t].sum() - demolitions[t]
    return Course(standing, base_births, burst_births, demolitions, saturation, bursts)
