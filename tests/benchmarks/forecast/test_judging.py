"""The forecast beside the generator: its examples, its oracle, its lines of figures."""

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks.forecast.judging import Line, mean_lines, real, write_csv
from benchmarks.forecast.oracle import oracle_quantiles
from benchmarks.forecast.panel import Panel, panel
from ml.judging.metrics import Score
from ml.model.grid import HORIZONS
from ml.model.pinball import pinball_loss
from synthetic.planning.facts import CALENDAR
from synthetic.planning.plan import Plan
from synthetic.planning.surroundings import regions
from tests.fixtures.frames import quick_params


@pytest.fixture(scope="module")
def data(full_plan: Plan) -> Panel:
    return panel(full_plan)


def test_examples_tell_what_stands_in_the_plan(full_plan: Plan, data: Panel) -> None:
    examples, features = data.examples, data.examples.features
    assert len(examples) == 4145
    for row in range(0, len(examples), 97):
        made, position = full_plan.chips[examples.chip_key[row]], int(data.position[row])
        now, horizon = made.standing[position], int(examples.horizon[row])
        assert examples.as_of[row] == CALENDAR[position]
        assert features.column("known_count")[row] == now
        assert examples.net_change[row] == made.standing[position + horizon] - now
        first = made.standing[made.chip.first]
        assert features.column("net_change_since_first")[row] == now - first
        assert features.column("lat")[row] == made.chip.latitude


def test_a_chip_knows_the_others_of_its_region(full_plan: Plan, data: Panel) -> None:
    where = regions(tuple(made.chip for made in full_plan.chips))
    row = next(
        row
        for row in range(len(data.position))
        if data.examples.features.column("aoi_building_months")[row] > 0
    )
    chip, position = int(data.examples.chip_key[row]), int(data.position[row])
    change = months = 0.0
    for other, made in enumerate(full_plan.chips):
        if other != chip and where[other] == where[chip] and position in made.chip.observed:
            now, first = made.standing[position], made.standing[made.chip.first]
            change += now - first
            months += (position - made.chip.first) * (now + first) / 2
    assert data.examples.features.column("aoi_net_change")[row] == pytest.approx(change)
    assert data.examples.features.column("aoi_building_months")[row] == pytest.approx(months)


def test_the_oracle_loses_less_than_who_knows_nothing(full_plan: Plan, data: Panel) -> None:
    some = np.flatnonzero(data.examples.chip_key < 4)
    few = Panel(data.examples.take(some), data.position[some])
    known = oracle_quantiles(full_plan, few, seed=1)
    actual = few.examples.net_change
    pooled = np.array([np.quantile(actual, (0.1, 0.5, 0.9))] * len(actual))
    assert (np.diff(known, axis=1) >= 0).all()
    assert pinball_loss(actual, known).mean() < 0.6 * pinball_loss(actual, pooled).mean()


def test_a_line_tells_gain_and_share_of_the_oracles() -> None:
    plain, model, oracle = (Score(9, loss, loss, 0.8) for loss in (10.0, 9.0, 6.0))
    line = Line(3, "no_change", plain, model, oracle)
    assert line.gain == pytest.approx(0.1)
    assert line.share == 0.25
    other = Line(3, "no_change", plain, oracle, oracle)
    assert mean_lines([[line], [other]], lambda one: one.share) == [0.625]
    assert np.isnan(Line(3, "no_change", plain, model).share)


def test_real_histories_are_judged_from_the_third_known_month(tmp_path: Path) -> None:
    """Two places of six months: months 3 to 5 tell the next one, month 3 the third from it."""
    file = tmp_path / "counts.csv"
    rows = [
        f"{place},2019-{month:02d},{size + 3 * month}"
        for place, size, months in (("a", 900, 6), ("b", 4000, 6), ("c", 50, 3))
        for month in range(1, months + 1)
    ]
    file.write_text("place,month,count\n" + "\n".join(rows) + "\n", encoding="utf-8")
    lines = real(file, 7, quick_params())
    assert [line.horizon for line in lines] == [1, 3]
    assert [line.model.rows for line in lines] == [6, 2]
    write_csv(tmp_path / "out.csv", {(7, "real_histories"): lines})
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as out:
        found = list(csv.DictReader(out))
    assert [row["horizon"] for row in found] == ["1", "3"]
    assert float(found[0]["model_pinball"]) == pytest.approx(lines[0].model.pinball, rel=1e-5)
    assert found[0]["oracle_pinball"] == ""
    assert set(HORIZONS) > {line.horizon for line in lines}
