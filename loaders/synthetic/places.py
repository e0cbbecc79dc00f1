"""Where buildings may stand in a chip: cells of 32 px, street grids and the lots along them.

A chip has districts with a street grid each; a cell belongs to the district nearest to it. Cells
are ranked by a smooth field with a few centres: the best ranked are developed, the next ones are
the frontier where bursts of development may go, the rest stays empty. A smaller data set develops
fewer cells, not thinner ones, so that cells fill up in it as they do at full size.
"""

from dataclasses import dataclass

import numpy as np

from loaders.synthetic.params import PlaceParams
from loaders.synthetic.plan import ChipPlan
from loaders.synthetic.steady import (
    Bools,
    Floats,
    Ints,
    Purpose,
    cosine_sine,
    order,
    stream,
)

CELL = 32.0
SIDE = 32
CELLS = SIDE * SIDE
TILE = 1024.0
FRONTIER = 0.4
"""Frontier cells in relation to the developed ones."""
CROWDED = 0.8
"""Largest share of all lots of the developed cells that the buildings may need."""


@dataclass(frozen=True, slots=True)
class Lots:
    """The lots of one chip, sorted by cell and, within it, by the order in which they fill.

    Attributes:
        x, y: Where the building stands, px.
        cosine, sine: Direction of its street.
        district: Number of its district.
        first: Where the lots of each cell begin; one more entry than cells.
        rank: Ranks of the cells, 0 = developed first.
        developed: Number of developed cells.
        profile: Exponent of the counts over the developed cells; large = few cells hold most.
        pitch: Distance from building to building along the street, px.
        depth: Distance from row to row, back to back, px.
    """

    x: Floats
    y: Floats
    cosine: Floats
    sine: Floats
    district: Ints
    first: Ints
    rank: Ints
    developed: int
    profile: float
    pitch: float
    depth: float

    @property
    def room(self) -> Ints:
        """Number of lots of each cell."""
        return np.diff(self.first)


def lay_out(plan: ChipPlan, scale: float, seed: int, tunables: PlaceParams) -> Lots:
    """Lay out the lots of the chip of ``plan``."""
    rng = stream(seed, Purpose.PLACES, plan.chip.index)
    per_cell = plan.full_size / 1024
    rank = _cell_ranks(rng)
    usual = 1 / (1 + (tunables.half_empty / per_cell) ** 0.9)
    built_up = round(min(0.97, max(0.015, usual + 0.06 * (rng.random() - 0.5))), 9)
    developed = max(2, round(CELLS * built_up * min(1.0, scale)))
    profile = min(3.0, max(0.7, 2.9 / (1 + per_cell / 10)))
    lot = _between(tunables.lot, rng)
    rows = tunables.rows
    needed = float(plan.standing.max()) / (CROWDED * developed * CELL * CELL)
    shrink = min(1.0, (1 / (needed * lot * (rows[0] + rows[1]) / 2)) ** 0.5)
    shrink = round(shrink, 9)
    used = rank < min(CELLS, developed + max(2, round(FRONTIER * developed)))
    lattice = _Lattice(lot * shrink, rows[0] * shrink, rows[1] * shrink)
    return _lots(lattice, rank, used, (developed, profile), rng, tunables)


@dataclass(frozen=True, slots=True)
class _Lattice:
    pitch: float
    depth: float
    street: float


def _between(limits: tuple[float, float], rng: np.random.Generator) -> float:
    return limits[0] + (limits[1] - limits[0]) * rng.random()


def _cell_ranks(rng: np.random.Generator) -> Ints:
    """Rank the cells by a field of a dozen centres; ties do not occur thanks to the noise."""
    across, down = np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5)
    field = 0.22 * rng.random(CELLS)
    for _ in range(12):
        x, y, reach, height = rng.random(4) * (SIDE, SIDE, 4.0, 1.0)
        far = ((across - x) ** 2 + (down - y) ** 2).ravel() / (1.2 + reach) ** 2
        field += (0.3 + height) / (1 + far) ** 2
    rank = np.empty(CELLS, dtype=np.int64)
    rank[order(-field)] = np.arange(CELLS)
    return rank


def _districts(rng: np.random.Generator, tunables: PlaceParams) -> tuple[Ints, Floats]:
    """Return the district of each cell and the street angle of each district, radians."""
    number = int(rng.integers(tunables.districts[0], tunables.districts[1] + 1))
    seeds = rng.random((number, 2)) * SIDE
    across, down = np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5)
    far = (across.reshape(-1, 1) - seeds[:, 0]) ** 2 + (down.reshape(-1, 1) - seeds[:, 1]) ** 2
    streets = (rng.random(2) - 0.5) * np.pi / 2
    wobble = np.round((rng.random(number) - 0.5) * 0.02, 9)
    choice = rng.integers(0, 3, number)
    angles = np.where(choice == 2, 0.0, streets[np.minimum(choice, 1)] + wobble)
    return np.argmin(far, axis=1).astype(np.int64), angles


def _lots(
    lattice: _Lattice,
    rank: Ints,
    used: Bools,
    field: tuple[int, float],
    rng: np.random.Generator,
    tunables: PlaceParams,
) -> Lots:
    districts, angles = _districts(rng, tunables)
    cells = np.flatnonzero(used)
    cosines, sines = cosine_sine(angles)
    cosine, sine = cosines[districts[cells]], sines[districts[cells]]
    left, top = (cells % SIDE) * CELL, (cells // SIDE) * CELL
    along = (left + CELL / 2) * cosine + (top + CELL / 2) * sine
    across = -(left + CELL / 2) * sine + (top + CELL / 2) * cosine
    reach = CELL * 0.7072
    block = lattice.depth + lattice.street
    columns = np.arange(-1, int(2 * reach / lattice.pitch) + 2)
    rows = np.arange(-2, 2 * int(2 * reach / block) + 4)
    column = np.floor((along - reach) / lattice.pitch)[:, None, None] + columns[None, :, None]
    first_row = 2 * np.floor((across - reach) / block)[:, None, None]
    row = first_row + rows[None, None, :]
    u = (column * lattice.pitch) + 0 * row
    v = np.floor(row / 2) * block + (row % 2) * lattice.depth + 0 * column
    x = u * cosine[:, None, None] - v * sine[:, None, None]
    y = u * sine[:, None, None] + v * cosine[:, None, None]
    inside = (
        (x >= left[:, None, None])
        & (x < left[:, None, None] + CELL)
        & (y >= top[:, None, None])
        & (y < top[:, None, None] + CELL)
    )
    cell = np.broadcast_to(cells[:, None, None], x.shape)[inside]
    street = (row + 0.02 * (column - column.min()))[inside]
    return _filling(
        (x[inside], y[inside], cell, street),
        (districts, cosines, sines),
        rank,
        field,
        lattice,
        rng,
        tunables,
    )


def _filling(
    placed: tuple[Floats, Floats, Ints, Floats],
    grids: tuple[Ints, Floats, Floats],
    rank: Ints,
    field: tuple[int, float],
    lattice: _Lattice,
    rng: np.random.Generator,
    tunables: PlaceParams,
) -> Lots:
    """Sort the lots by cell and, within it, along the streets with some scatter."""
    x, y, cell, street = placed
    districts, cosines, sines = grids
    number = len(x)
    lowest = np.full(CELLS, np.inf)
    np.minimum.at(lowest, cell, street)
    turn = (street - lowest[cell]) / 10 * (1 - tunables.scatter) + rng.random(number) * (
        tunables.scatter
    )
    by_cell = np.lexsort((turn, cell))
    jitter = (rng.random((2, number)) - 0.5) * 2 * tunables.jitter * min(1.0, lattice.pitch / 5)
    x, y = np.clip(x + jitter[0], 0.6, TILE - 0.6), np.clip(y + jitter[1], 0.6, TILE - 0.6)
    district = districts[cell[by_cell]]
    return Lots(
        x=x[by_cell],
        y=y[by_cell],
        cosine=cosines[district],
        sine=sines[district],
        district=district,
        first=np.searchsorted(cell[by_cell], np.arange(CELLS + 1)).astype(np.int64),
        rank=rank,
        developed=field[0],
        profile=field[1],
        pitch=lattice.pitch,
        depth=lattice.depth,
    )
