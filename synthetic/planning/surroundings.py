"""What a chip shares with its surroundings: climate, season, and the drift of its region."""

import math

import numpy as np

from synthetic.planning.facts import CALENDAR, Chip
from synthetic.planning.params import GrowthParams
from synthetic.steady import Floats, Purpose, normal, stream

REGION_TILES = 70
"""Chips closer than this many tiles (about 340 km at the equator) share a part of their drift."""
WARM = 30.0
"""Latitude that parts the fast growing zone from the slow one, degrees."""
SWING = (-1.0, -0.87, -0.5, 0.0, 0.5, 0.87, 1.0, 0.87, 0.5, 0.0, -0.5, -0.87)
"""Building season of the northern hemisphere, January to December."""


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


def region_drift(region: int, seed: int, tunables: GrowthParams) -> Floats:
    """Return ln of the region's factor on all growth, month by month."""
    rng = stream(seed, Purpose.REGIONS, region)
    return walk(rng, tunables.region_spread, tunables.memory)


def walk(rng: np.random.Generator, spread: float, memory: float) -> Floats:
    """Draw a stationary autoregressive walk around 0, by position in the calendar.

    Args:
        rng: Where chance comes from.
        spread: Its standard deviation.
        memory: How much of a month's level stays in the next, 0 to 1.
    """
    shocks = normal(rng, len(CALENDAR)) * spread
    fresh = math.sqrt(1 - memory * memory)
    levels = [shocks[0]]
    for shock in shocks[1:]:
        levels.append(memory * levels[-1] + fresh * shock)
    return np.asarray(levels)


def zone(chip: Chip, tunables: GrowthParams) -> float:
    """Return the factor of the chip's climate: towns near the equator grow faster."""
    return tunables.warm if abs(chip.latitude) < WARM else 1 / tunables.warm


def season(chip: Chip, position: int, tunables: GrowthParams) -> float:
    """Return the factor of the season on the chip's growth in the month at ``position``."""
    south = chip.latitude < 0
    month = (CALENDAR[0] % 100 - 1 + position + (6 if south else 0)) % 12
    swing = tunables.season * (1.0 if abs(chip.latitude) > tunables.tropics else 0.5)
    return 1 + swing * SWING[month]
