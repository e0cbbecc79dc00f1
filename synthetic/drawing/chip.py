"""One chip, complete: its buildings with their ids, who is seen when, and what is true."""

from dataclasses import dataclass

import numpy as np

from synthetic.drawing.clouds import Sky, cover
from synthetic.drawing.lots import TILE, lay_out
from synthetic.drawing.settlement import Settlement, settle
from synthetic.drawing.shapes import Footprints, draw
from synthetic.planning.facts import Chip
from synthetic.planning.growth import MONTHS
from synthetic.planning.params import Params
from synthetic.planning.plan import ChipPlan
from synthetic.steady import Bools, Ints, Purpose, order, stream


@dataclass(frozen=True, slots=True)
class ChipData:
    """The buildings of one chip, in the order in which a month's file lists them.

    Attributes:
        chip: The chip.
        building_id: Id: 0..N-1 by decreasing area in the first month, then maximum + 1.
        born: Month in which it first stands, position in the calendar.
        ended: Month in which it first stands no more, or ``NEVER``.
        text: Its polygon.
        redrawn: Building → month from which its polygon is another one, and that one.
        seen: Month → buildings with a row.
        hidden, gaps: Month → buildings that stand but have no row, under a mask or without one.
        sky: The masks.
    """

    chip: Chip
    building_id: Ints
    born: Ints
    ended: Ints
    text: list[str]
    redrawn: dict[int, tuple[int, str]]
    seen: dict[int, Ints]
    hidden: dict[int, Ints]
    gaps: dict[int, Ints]
    sky: Sky


def build_chip(plan: ChipPlan, scale: float, seed: int, tunables: Params) -> ChipData:
    """Carry out the plan of one chip."""
    lots = lay_out(plan, scale, seed, tunables)
    town = settle(plan, lots, seed)
    shapes = draw(plan.chip, lots, town.lot, seed, tunables.shapes)
    sky = cover(plan, town, shapes, seed)
    seen = _seen(plan.chip, town, sky)
    first = _first_seen(seen, len(town.born))
    listed = order(_file_order(plan.chip, shapes, seed, tunables.lots.clump))
    listed = listed[first[listed] < MONTHS]
    place = np.full(len(first), -1)
    place[listed] = np.arange(len(listed))
    identity = _identities(first[listed], shapes, listed)

    def listing(months: dict[int, Ints]) -> dict[int, Ints]:
        return {month: np.sort(place[at][place[at] >= 0]) for month, at in months.items()}

    return ChipData(
        chip=plan.chip,
        building_id=identity,
        born=town.born[listed],
        ended=town.ended[listed],
        text=[shapes.text[at] for at in listed.tolist()],
        redrawn=_redrawn(plan.chip, shapes, place, town),
        seen=listing(seen),
        hidden=listing(sky.hidden),
        gaps=listing(sky.gaps),
        sky=sky,
    )


def _seen(chip: Chip, town: Settlement, sky: Sky) -> dict[int, Ints]:
    found = {}
    for month in chip.observed:
        there: Bools = (town.born <= month) & (town.ended > month)
        for missing in (sky.hidden.get(month), sky.gaps.get(month)):
            if missing is not None:
                there[missing] = False
        found[month] = np.flatnonzero(there)
    return found


def _first_seen(seen: dict[int, Ints], number: int) -> Ints:
    first = np.full(number, MONTHS, dtype=np.int64)
    for month in sorted(seen, reverse=True):
        first[seen[month]] = month
    return first


def _identities(first: Ints, shapes: Footprints, listed: Ints) -> Ints:
    """Number buildings by the month in which they are first seen, then by decreasing area."""
    identity = np.empty(len(first), dtype=np.int64)
    identity[np.lexsort((-shapes.area[listed], first))] = np.arange(len(first))
    return identity


def _file_order(chip: Chip, shapes: Footprints, seed: int, clump: float) -> np.ndarray:
    """Return sort keys that put buildings of the same block of ``clump`` px behind each other."""
    rng = stream(seed, Purpose.LOTS, 1000 + chip.index)
    side = int(TILE / clump) + 1
    column, row = (shapes.x // clump).astype(np.int64), (shapes.y // clump).astype(np.int64)
    walk = np.where(row % 2 == 0, column, side - 1 - column) + row * side
    return walk + 1.9 * rng.random(len(walk))


def _redrawn(
    chip: Chip, shapes: Footprints, place: Ints, town: Settlement
) -> dict[int, tuple[int, str]]:
    """Choose when polygons are drawn anew: half-way between birth and the last month."""
    changed = {}
    for at, text in shapes.redrawn.items():
        month = int(town.born[at] + max(1, (chip.last - town.born[at]) // 2))
        if place[at] >= 0 and month <= chip.last:
            changed[int(place[at])] = (month, text)
    return changed
