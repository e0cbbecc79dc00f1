"""Where buildings may stand in a chip: cells of 32 px, street grids and the lots along them.

A chip has districts with a street grid each; a cell belongs to the district nearest to it. Cells
are ranked by a smooth field with a few centres: the best ranked are developed, the next ones are
the frontier where bursts of development may go, the rest stays empty. A smaller data set develops
fewer cells, not thinner ones, so that cells fill up in it as they do at full size.
"""

from dataclasses import dataclass

import numpy as np

from synthetic.planning.facts import Chip
from synthetic.planning.params import LotParams, Params, between
from synthetic.planning.plan import ChipPlan
from synthetic.steady import (
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
SUBURBS = {"L15-1615E-1205N_6460_3370_13": 1.0, "L15-0331E-1257N_1327_3160_13": 0.0}
"""The two chips whose shapes are known; the others lie between them (0 small boxes, 1 mixed)."""
CLOSER = 0.35
"""How much closer the small boxes of suburb B stand along the street than those of A, px."""
BORDER = 0.42
"""Room between two street grids: this part of a lot's width on either side."""
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
        street: Cosine and sine of the chip's main street that is not along the axes.
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
    street: tuple[float, float]
    pitch: float
    depth: float

    @property
    def room(self) -> Ints:
        """Number of lots of each cell."""
        return np.diff(self.first)


def character(chip: Chip, seed: int) -> float:
    """Return where the chip lies between the two known suburbs, 0..1."""
    drawn = float(stream(seed, Purpose.SHAPES, 1000 + chip.index).random())
    return SUBURBS.get(chip.chip_id, drawn)


def lay_out(plan: ChipPlan, scale: float, seed: int, params: Params) -> Lots:
    """Lay out the lots of the chip of ``plan``."""
    rng, tunables = stream(seed, Purpose.LOTS, plan.chip.index), params.lots
    per_cell = plan.full_size / 1024
    rank = _cell_ranks(rng)
    usual = 1 / (1 + (tunables.half_empty / per_cell) ** 0.9)
    built_up = round(min(0.97, max(0.015, usual + 0.06 * (rng.random() - 0.5))), 9)
    developed = max(2, round(CELLS * built_up * min(1.0, scale)))
    profile = min(3.6, max(0.8, tunables.peak / (1 + per_cell / tunables.peak_density)))
    kind = character(plan.chip, seed)
    lot = between(tunables.pitch, rng.random()) - CLOSER * (1 - kind)
    rows = tunables.rows
    needed = float(plan.standing.max()) / (CROWDED * developed * CELL * CELL)
    shrink = min(1.0, (1 / (needed * lot * (rows[0] + rows[1]) / 2)) ** 0.5)
    shrink = round(shrink, 9)
    used = rank < min(CELLS, developed + max(2, round(FRONTIER * developed)))
    lattice = _Lattice(lot * shrink, rows[0] * shrink, rows[1] * shrink)
    return _lots(
        lattice,
        rank,
        used,
        (developed, profile, kind, between(params.shapes.axis, kind)),
        rng,
        tunables,
    )


@dataclass(frozen=True, slots=True)
class _Lattice:
    pitch: float
    depth: float
    street: float


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


def _districts(
    axis: float, rng: np.random.Generator, tunables: LotParams
) -> tuple[Ints, Floats, tuple[float, float]]:
    """Return the district of each cell, the street angle of each district, and two main angles.

    Angles are in radians; as many districts lie along the axes as boxes of the chip do.
    """
    number = int(rng.integers(tunables.districts[0], tunables.districts[1] + 1))
    seeds = rng.random((number, 2)) * SIDE
    across, down = np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5)
    far = (across.reshape(-1, 1) - seeds[:, 0]) ** 2 + (down.reshape(-1, 1) - seeds[:, 1]) ** 2
    streets = 0.1 + rng.random(2) * (np.pi / 2 - 0.2)
    wobble = np.round((rng.random(number) - 0.5) * 0.02, 9)
    angles = streets[rng.integers(0, 2, number)] + wobble
    angles[: round(axis * number)] = 0.0
    return np.argmin(far, axis=1).astype(np.int64), angles, (streets[0], streets[1])


def _lots(
    lattice: _Lattice,
    rank: Ints,
    used: Bools,
    field: tuple[int, float, float, float],
    rng: np.random.Generator,
    tunables: LotParams,
) -> Lots:
    districts, angles, streets = _districts(field[3], rng, tunables)
    main = cosine_sine(np.array(streets[:1]))
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
    inside = _inside(x, y, cells, _margins(districts, lattice))
    cell = np.broadcast_to(cells[:, None, None], x.shape)[inside]
    street = (row + 0.02 * (column - column.min()))[inside]
    return _filling(
        (x[inside], y[inside], cell, street),
        (districts, cosines, sines, (float(main[0][0]), float(main[1][0]))),
        rank,
        field,
        lattice,
        rng,
        tunables,
    )


def _margins(districts: Ints, lattice: _Lattice) -> Floats:
    """Return how far lots keep off the sides of cells whose neighbour has another street grid.

    Shape (cells, 4): left, right, upper, lower side, px.
    """
    grid = districts.reshape(SIDE, SIDE)
    other = np.zeros((SIDE, SIDE, 4), dtype=np.bool_)
    other[:, 1:, 0] = other[:, :-1, 1] = grid[:, 1:] != grid[:, :-1]
    other[1:, :, 2] = other[:-1, :, 3] = grid[1:] != grid[:-1]
    return np.where(other.reshape(CELLS, 4), BORDER * lattice.pitch, 0.0)


def _inside(x: Floats, y: Floats, cells: Ints, margins: Floats) -> Bools:
    """Tell which lots, shape (cells, columns, rows), lie in their cell and off its borders."""
    left, right, upper, lower = (margins[cells, side][:, None, None] for side in range(4))
    across = x - ((cells % SIDE) * CELL)[:, None, None]
    down = y - ((cells // SIDE) * CELL)[:, None, None]
    inside: Bools = (across >= left) & (across < CELL - right)
    inside &= (down >= upper) & (down < CELL - lower)
    return inside


def _filling(
    placed: tuple[Floats, Floats, Ints, Floats],
    grids: tuple[Ints, Floats, Floats, tuple[float, float]],
    rank: Ints,
    field: tuple[int, float, float, float],
    lattice: _Lattice,
    rng: np.random.Generator,
    tunables: LotParams,
) -> Lots:
    """Sort the lots by cell and, within it, along the streets with some scatter."""
    x, y, cell, street = placed
    districts, cosines, sines, street_angle = grids
    number = len(x)
    lowest = np.full(CELLS, np.inf)
    np.minimum.at(lowest, cell, street)
    scatter = tunables.scatter * field[2]
    turn = (street - lowest[cell]) / 10 * (1 - scatter) + rng.random(number) * scatter
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
        street=street_angle,
        pitch=lattice.pitch,
        depth=lattice.depth,
    )
