"""The oracle's futures must be those of the generator itself."""

from dataclasses import replace

import numpy as np
import pytest

from synthetic.planning.futures import futures, state
from synthetic.planning.params import params
from synthetic.planning.plan import Plan, make_plan

MONTHS = 12
PATHS = 200


def _judged(plan: Plan, rng: np.random.Generator) -> list[tuple[float, np.ndarray, float]]:
    """Return truth, futures and size of chips whose growth was not fitted, a year from the 6th."""
    found = []
    for made in plan.chips:
        month = made.chip.first + 6
        if made.chip.two_year_growth is None and month + MONTHS <= made.chip.last:
            drawn = futures(state(made, month), MONTHS, PATHS, rng, params().growth)
            truth = float(made.standing[month + MONTHS] - made.standing[month])
            found.append((truth, drawn[:, -1], float(made.standing[month])))
    return found


@pytest.fixture(scope="module")
def judged() -> list[tuple[float, np.ndarray, float]]:
    rng = np.random.default_rng(1)
    return [one for seed in range(1, 7) for one in _judged(make_plan(1.0, seed, params()), rng)]


def test_the_mean_of_the_futures_is_what_comes(
    judged: list[tuple[float, np.ndarray, float]],
) -> None:
    assert len(judged) > 250
    truth = np.array([one[0] for one in judged])
    mean = np.array([one[1].mean() for one in judged])
    assert truth.sum() == pytest.approx(mean.sum(), rel=0.05)
    away = np.array([(one[0] - one[1].mean()) / one[1].std() for one in judged])
    assert abs(away.mean()) < 0.15
    assert away.std() == pytest.approx(1, abs=0.12)


def test_four_of_five_chips_come_out_within_the_interval(
    judged: list[tuple[float, np.ndarray, float]],
) -> None:
    within = [
        np.quantile(drawn, 0.1) - 0.5 <= truth <= np.quantile(drawn, 0.9) + 0.5
        for truth, drawn, _ in judged
    ]
    assert np.mean(within) == pytest.approx(0.8, abs=0.05)


def test_a_running_surge_goes_on_and_ends(full_plan: Plan) -> None:
    made = max(full_plan.chips, key=lambda made: made.course.nature.start)
    known = state(made, 20)
    quiet = replace(known, surges=np.zeros((0, 3)))
    surging = replace(known, surges=np.array([[19.0, 6.0, 0.05]]))
    rng = np.random.default_rng(1)
    gain = futures(surging, 9, 2000, rng, params().growth).mean(axis=0) - futures(
        quiet, 9, 2000, rng, params().growth
    ).mean(axis=0)
    assert gain[3] > 10 * gain[0] / 4 > 0
    assert gain[8] == pytest.approx(gain[4], rel=0.1)


def test_a_smaller_data_set_has_smaller_futures(full_plan: Plan, sample_plan: Plan) -> None:
    """Counts of one in a hundred; so are their changes."""
    rng = np.random.default_rng(1)
    large, small = (
        np.sum(
            [
                futures(state(made, 12), 6, 100, rng, params().growth)[:, -1].mean()
                for made in plan.chips
            ]
        )
        for plan in (full_plan, sample_plan)
    )
    assert small == pytest.approx(large / 100, rel=0.05)
