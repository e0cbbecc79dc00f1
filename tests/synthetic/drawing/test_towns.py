"""How a chip's buildings are placed and how its cells fill."""

import numpy as np
import pytest

from synthetic.drawing.lots import CELL, CELLS, SIDE, Lots, lay_out
from synthetic.drawing.settlement import Settlement, settle
from synthetic.planning.developments import Burst
from synthetic.planning.params import params
from synthetic.planning.plan import ChipPlan, Plan, make_plan
from tests.fixtures.generated import SEED, chip_plan

SUBURB = "L15-0361E"
"""A chip that grows by 23 % in two years."""


@pytest.fixture(scope="module")
def town(full_plan: Plan) -> tuple[ChipPlan, Lots, Settlement]:
    plan = chip_plan(full_plan, SUBURB)
    lots = lay_out(plan, 1.0, SEED, params())
    return plan, lots, settle(plan, lots, SEED)


def _cells(lots: Lots, lot: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(lots.first, lot, side="right") - 1, minlength=CELLS)


def test_buildings_come_and_go_as_planned(town: tuple[ChipPlan, Lots, Settlement]) -> None:
    plan, _, settled = town
    months = range(plan.chip.first, plan.chip.last + 1)
    standing = [((settled.born <= t) & (settled.ended > t)).sum() for t in months]
    assert standing == plan.standing[list(months)].tolist()
    assert (settled.ended > settled.born).all()


def test_no_lot_is_built_on_twice(town: tuple[ChipPlan, Lots, Settlement]) -> None:
    _, lots, settled = town
    assert len(np.unique(settled.lot)) == len(settled.lot)
    assert (_cells(lots, settled.lot) <= lots.room).all()


def test_lots_lie_in_the_cell_that_they_belong_to(
    town: tuple[ChipPlan, Lots, Settlement],
) -> None:
    _, lots, _ = town
    cell = np.repeat(np.arange(CELLS), lots.room)
    middle = np.stack([cell % SIDE, cell // SIDE]) * CELL + CELL / 2
    away = np.abs(np.stack([lots.x, lots.y]) - middle)
    assert away.max() < CELL / 2 + params().lots.jitter + 1e-9


def test_cells_that_are_full_stop_growing(town: tuple[ChipPlan, Lots, Settlement]) -> None:
    _, lots, settled = town
    middle = int(np.median(settled.born[settled.born > settled.born.min()]))
    before = _cells(lots, settled.lot[settled.born <= middle])
    after = _cells(lots, settled.lot[settled.born > middle])
    final = before + after
    full = (before >= 0.97 * lots.room) & (lots.room > 5)
    growing = after >= 3
    assert full.sum() > 5
    assert (after[full] / before[full]).max() < 0.05
    assert growing.sum() >= 10
    assert after[growing].sum() > 0.5 * after.sum(), "growth is gathered in few cells"
    assert (final[growing] / lots.room[growing]).mean() > 0.4


def test_bursts_start_slowly_peak_and_end() -> None:
    burst = Burst(start=10, months=8, size=0.2)
    rates = burst.rate(np.arange(31))
    assert rates.sum() == pytest.approx(0.2)
    assert np.flatnonzero(rates).tolist() == list(range(10, 18))
    assert rates[10] < 0.5 * rates[13]
    assert rates[17] < 0.5 * rates[14]


def test_growth_goes_on_where_it_was(full_plan: Plan) -> None:
    """The last three months tell of the next three, as bursts persist."""
    recent, coming = [], []
    for made in full_plan.chips:
        for month in range(made.chip.first + 3, made.chip.last - 2):
            count = made.standing[month]
            recent.append((count - made.standing[month - 3]) / count)
            coming.append((made.standing[month + 3] - count) / count)
    ranks = [np.argsort(np.argsort(values)) for values in (recent, coming)]
    assert float(np.asarray(np.corrcoef(ranks))[0, 1]) > 0.5


def test_crowded_chips_grow_less(full_plan: Plan) -> None:
    crowding = [made.course.nature.saturation for made in full_plan.chips]
    growth = [made.standing[made.chip.last] / made.start for made in full_plan.chips]
    assert np.corrcoef(crowding, np.log(growth))[0, 1] < -0.4


def test_a_smaller_data_set_has_fewer_cells_not_thinner_ones(
    full_plan: Plan, town: tuple[ChipPlan, Lots, Settlement]
) -> None:
    small = chip_plan(make_plan(0.05, SEED, params()), SUBURB)
    lots = lay_out(small, 0.05, SEED, params())
    few = _cells(lots, settle(small, lots, SEED).lot)
    many = _cells(town[1], town[2].lot)
    assert (few > 0).sum() < 0.1 * (many > 0).sum()
    assert few[few > 0].mean() > 0.6 * many[many > 0].mean()
