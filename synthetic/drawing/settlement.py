"""Which lots are built on, when, and when the building goes: the plan's counts find their lots.

A cell that is developed grows the faster the more of it is built and the more of it is free, so it
fills up in an S and then stops. A development (an estate, a surge) has a few neighbouring cells of
its own, fills them from near empty, and is over.
"""

from dataclasses import dataclass

import numpy as np

from synthetic.drawing.lots import CELLS, SIDE, Lots
from synthetic.errors import SizeError
from synthetic.planning.growth import MONTHS
from synthetic.planning.plan import ChipPlan
from synthetic.steady import Floats, Ints, Purpose, order, power, share_out, stream

NEVER = MONTHS
"""End of a building that still stands when the data ends."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The buildings of one chip, in the order of being built.

    Attributes:
        lot: Index into the chip's lots.
        born: First month in which it stands, position in the calendar.
        ended: First month in which it stands no more, or ``NEVER``.
    """

    lot: Ints
    born: Ints
    ended: Ints


def settle(plan: ChipPlan, lots: Lots, seed: int) -> Settlement:
    """Give every planned building a lot, a birth and an end."""
    rng = stream(seed, Purpose.SETTLEMENT, plan.chip.index)
    town = _Town(plan, lots, rng)
    chosen, born = [town.found(plan.start)], [np.full(plan.start, plan.chip.first)]
    for month in range(plan.chip.first + 1, plan.chip.last + 1):
        number = int(plan.births[month])
        if number:
            chosen.append(town.grow(month, number))
            born.append(np.full(number, month))
    births = np.concatenate(born).astype(np.int64)
    return Settlement(np.concatenate(chosen), births, _ends(plan, births, rng))


def _ends(plan: ChipPlan, born: Ints, rng: np.random.Generator) -> Ints:
    """Choose the buildings that go; each has stood for a month at least."""
    ended = np.full(len(born), NEVER, dtype=np.int64)
    luck = order(rng.random(len(born)))
    for month in range(plan.chip.first + 1, plan.chip.last + 1):
        number = int(plan.demolitions[month])
        if number:
            standing = luck[(born[luck] < month) & (ended[luck] == NEVER)]
            ended[standing[:number]] = month
    return ended


class _Town:
    """The cells of one chip while they fill."""

    def __init__(self, plan: ChipPlan, lots: Lots, rng: np.random.Generator) -> None:
        self.plan, self.lots, self.rng = plan, lots, rng
        self.built = np.zeros(CELLS, dtype=np.int64)
        self.limit = lots.room.copy()
        level = np.clip(1 - (lots.rank + 0.5) / lots.developed, 0, 1)
        self.level = level
        self.wish = power(level, lots.profile) * (0.5 + rng.random(CELLS))
        self.sites = np.zeros((0, CELLS))

    def found(self, number: int) -> Ints:
        """Place the buildings of the first month and set how far each cell may fill."""
        at = self._take(number, np.where(self.lots.rank < self.lots.developed, self.wish, 0.0))
        full = np.clip(self.plan.course.nature.saturation * (0.7 + 0.6 * self.level), 0.3, 0.99)
        self.limit = np.minimum(self.lots.room, np.ceil(self.built / full).astype(np.int64))
        self.sites = self._open_sites()
        return at

    def grow(self, month: int, number: int) -> Ints:
        """Place the buildings that are new in ``month``."""
        free = np.maximum(self.limit - self.built, 0)
        base = (self.built + 0.1) * free
        parts = self.plan.course.gathered[:, month]
        scattered = max(0.0, 1.0 - float(np.cumsum(parts)[-1]))
        weights = scattered * _parts(base * (self.limit > 0))
        for site, part in zip(self.sites, parts, strict=True):
            weights = weights + float(part) * _parts(site * free * (self.built + 2.0))
        return self._take(number, weights)

    def _take(self, number: int, weights: Floats) -> Ints:
        """Build on ``number`` lots, cell by cell as weighted, never beyond a cell's limit."""
        before = self.built.copy()
        left = number
        while left:
            free = np.maximum(self.limit - self.built, 0)
            open_weights = np.where(free > 0, weights, 0.0)
            if not open_weights.any():
                free = self.lots.room - self.built
                self.limit = self.lots.room
                open_weights = np.where(free > 0, 1.0 / (1 + self.lots.rank), 0.0)
            if not open_weights.any():
                raise SizeError(
                    f"{self.plan.chip.chip_id} has no lot left; choose a smaller factor"
                )
            given = np.minimum(share_out(left, open_weights, self.rng), free)
            self.built = self.built + given
            left -= int(given.sum())
        new = self.built - before
        cells = np.repeat(np.arange(CELLS), new)
        turn = np.arange(len(cells)) - np.repeat(np.cumsum(new) - new, new)
        taken: Ints = self.lots.first[cells] + before[cells] + turn
        return taken

    def _open_sites(self) -> Floats:
        """Choose each burst's cells: neighbours with room for it, and raise their limits."""
        bursts = self.plan.course.bursts
        sites = np.zeros((len(bursts), CELLS))
        planned = np.cumsum(self.plan.course.gathered * self.plan.births, axis=1)[:, -1]
        reachable = self.lots.room > 0
        for number, wanted in enumerate(planned):
            open_cells = np.flatnonzero(reachable & (self.built < 0.5 * self.lots.room))
            if not len(open_cells):
                continue
            centre = int(open_cells[self.rng.integers(0, len(open_cells))])
            away = (open_cells % SIDE - centre % SIDE) ** 2
            away = away + (open_cells // SIDE - centre // SIDE) ** 2
            near = open_cells[order(away)]
            room = np.cumsum(self.lots.room[near] - self.built[near])
            count = int(np.searchsorted(room, 1.15 * wanted)) + 1
            sites[number, near[:count]] = 1.0
            self.limit[near[:count]] = self.lots.room[near[:count]]
        return sites


def _parts(weights: Floats) -> Floats:
    total = float(np.cumsum(weights)[-1])
    return weights / total if total > 0 else weights
