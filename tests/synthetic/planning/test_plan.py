import numpy as np
import pytest

from synthetic.errors import SizeError
from synthetic.planning.facts import ROWS, chips
from synthetic.planning.params import params
from synthetic.planning.plan import Plan, make_plan

SEED = 7


def test_the_real_chips_and_months_are_there() -> None:
    known = chips()
    assert len(known) == 60
    assert sum(len(chip.observed) for chip in known) == 1408
    assert sum(len(chip.masked) for chip in known) == 186
    assert sum(len(chip.clouded) for chip in known) == 15


def test_full_size_has_exactly_the_real_number_of_rows(full_plan: Plan) -> None:
    assert full_plan.rows == ROWS == 6_664_652


def test_other_sizes_are_exact_too(sample_plan: Plan) -> None:
    assert sample_plan.rows == 66_647
    assert make_plan(3.0, SEED, params()).rows == 19_993_956


def test_every_chip_month_of_the_sample_keeps_a_row(sample_plan: Plan) -> None:
    for made in sample_plan.chips:
        seen = (made.standing - made.hidden - made.gaps)[list(made.chip.observed)]
        assert seen.min() >= 1, made.chip.chip_id


def test_chips_of_known_size_have_it(full_plan: Plan) -> None:
    for made in full_plan.chips:
        if made.chip.mean_count:
            mean = made.rows / len(made.chip.observed)
            assert mean == pytest.approx(made.chip.mean_count, rel=0.02), made.chip.chip_id


def test_chips_of_known_growth_grow_so(full_plan: Plan) -> None:
    known = [made for made in full_plan.chips if made.chip.two_year_growth]
    assert len(known) == 5
    for made in known:
        grown = made.standing[made.chip.last] / made.start - 1
        assert grown == pytest.approx(made.chip.two_year_growth, abs=0.01), made.chip.chip_id


def test_only_months_with_a_mask_hide_buildings_under_one(full_plan: Plan) -> None:
    for made in full_plan.chips:
        hiding = np.flatnonzero(made.hidden).tolist()
        assert set(hiding) <= set(made.chip.masked), made.chip.chip_id


def test_a_chip_never_loses_more_than_a_dozen_houses_in_a_month(full_plan: Plan) -> None:
    assert max(int(made.demolitions.max()) for made in full_plan.chips) <= 12


def test_a_scale_that_leaves_chip_months_without_rows_is_refused() -> None:
    with pytest.raises(SizeError, match="too small"):
        make_plan(0.0001, SEED, params())
