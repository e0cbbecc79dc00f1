import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from synthetic.__main__ import app
from synthetic.drawing.chip import build_chip
from synthetic.errors import SyntheticDataError
from synthetic.judging.figures import SUBURBS, Figure, figures, suburb_values
from synthetic.judging.measures import placement, shapes
from synthetic.planning.facts import FOLDER
from synthetic.planning.params import params
from synthetic.planning.plan import Plan
from tests.fixtures.generated import SEED, chip_plan


@pytest.fixture(scope="module")
def found(sample: Path) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(sample)}


def test_the_sample_meets_every_figure_that_means_something_at_its_size(
    found: dict[str, Figure],
) -> None:
    assert [name for name, figure in found.items() if not figure.met] == []
    assert sum(figure.judged for figure in found.values()) == 20
    assert len(found) == 74


def test_a_single_lost_row_is_a_missed_figure(sample: Path, tmp_path: Path) -> None:
    csv = tmp_path / "csvs" / "some.csv"
    csv.parent.mkdir()
    lines = (sample / "csvs" / "sn7_train_ground_truth_pix.csv").read_text().splitlines()
    csv.write_text("\n".join([*lines[:100], *lines[101:]]) + "\n")
    (tmp_path / "synthesis.json").write_bytes((sample / "synthesis.json").read_bytes())
    judged = {figure.name: figure for figure in figures(tmp_path)}
    assert judged["rows off the planned number"].generated == 1
    assert not judged["rows off the planned number"].met
    assert not judged["chip-months with a mask"].met


def test_the_command_shows_the_table_and_fails_when_a_figure_is_missed(
    sample: Path, tmp_path: Path
) -> None:
    runner = CliRunner(env={"COLUMNS": "160"})
    good = runner.invoke(app, ["figures", str(sample)])
    assert good.exit_code == 0, good.output
    assert "20 of 20 figures met" in good.output
    csv = tmp_path / "csvs" / "some.csv"
    csv.parent.mkdir()
    text = (sample / "csvs" / "sn7_train_ground_truth_pix.csv").read_text()
    csv.write_text(text)
    bad = runner.invoke(app, ["figures", str(tmp_path)])
    assert bad.exit_code == 1
    assert "rows off the planned number" in bad.output
    assert "missed:" in bad.output


def test_a_folder_without_csv_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(SyntheticDataError, match=tmp_path.name):
        figures(tmp_path)


def test_a_csv_of_another_form_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "csvs").mkdir()
    (tmp_path / "csvs" / "odd.csv").write_text("filename,id,geometry\nnonsense,1,POINT (1 1)\n")
    with pytest.raises(SyntheticDataError, match=r"odd\.csv"):
        figures(tmp_path)


def test_shapes_are_measured_right() -> None:
    found = shapes(
        pl.Series(
            [
                "POLYGON ((4 2, 0 2, 0 0, 4 0, 4 2))",
                "POLYGON ((10 11, 9 10, 10 9, 11 10, 10 11))",
                (
                    "POLYGON ((1026 8, 1000 8, 1000 0, 1026 0, 1026 8), "
                    "(1001 1, 1001 3, 1003 3, 1001 1))"
                ),
                "POLYGON ((8 8, 4 8, 4 4, 6 4, 6 6, 8 6, 8 8))",
            ]
        )
    )
    assert found.vertices.tolist() == [4, 4, 4, 6]
    assert found.holes.tolist() == [0, 0, 1, 0]
    assert found.area.tolist() == pytest.approx([8, 2, 206, 12])
    assert found.aspect.tolist() == pytest.approx([2, 1, 3.25, 1])
    assert found.axis_aligned.tolist() == [True, False, False, False]
    assert found.crosses.tolist() == [False, False, True, False]
    assert found.bounds.tolist() == [0, 0, 1026, 11]


def test_placement_of_a_regular_grid_is_known() -> None:
    middles = [(16 + 32 * x, 16 + 32 * y) for x in range(32) for y in range(32)]
    grid = placement(
        shapes(pl.Series([f"POLYGON (({x + 1} {y + 1}, {x - 1} {y + 1}, {x - 1} {y - 1}, "
                          f"{x + 1} {y - 1}, {x + 1} {y + 1}))" for x, y in middles]))
    )  # fmt: skip
    assert grid.clark_evans == pytest.approx(2.0)
    assert grid.nearest == pytest.approx(32)
    assert grid.empty == 0
    assert grid.densest_tenth == pytest.approx(102 / 1024)


def _accepted(letter: str) -> dict[str, tuple[float, float]]:
    """Return what is accepted of a suburb's figures, from the list that the command uses."""
    listed = tomllib.loads((FOLDER / "figures.toml").read_text())["figure"]
    tail = f", suburb {letter}"
    return {
        entry["name"].removesuffix(tail): (entry["low"], entry["high"])
        for entry in listed
        if entry["name"].endswith(tail)
    }


def _suburb(full_plan: Plan, letter: str) -> pl.Series:
    """Return the polygons of a suburb's image, generated at full size."""
    chip_id, time_key = SUBURBS[letter]
    plan = chip_plan(full_plan, chip_id)
    data = build_chip(plan, 1.0, SEED, params())
    month = plan.chip.first if time_key == 201707 else plan.chip.last
    return pl.Series([data.text[place] for place in data.seen[month].tolist()])


@pytest.mark.parametrize("letter", ["A", "B"])
def test_the_two_known_suburbs_have_their_shapes_and_places(full_plan: Plan, letter: str) -> None:
    values = suburb_values(_suburb(full_plan, letter))
    for name, (low, high) in _accepted(letter).items():
        assert low <= values[name] <= high, (name, values[name])


@pytest.mark.real_data
def test_the_real_suburb_a_meets_its_own_figures_and_the_synthetic_one_is_like_it(
    real_data: Path, full_plan: Plan
) -> None:
    """Judges the measuring itself: what is accepted must be true of the real polygons."""
    texts = pl.read_csv(real_data / "csvs" / "sn7_train_ground_truth_pix_sample.csv")["geometry"]
    values = suburb_values(texts)
    for name, (low, high) in _accepted("A").items():
        assert low <= values[name] <= high, (name, values[name])
    _alike(shapes(texts).area, shapes(_suburb(full_plan, "A")).area)


@pytest.mark.real_data
def test_the_synthetic_suburb_b_is_like_the_real_one(real_data: Path, full_plan: Plan) -> None:
    chip_id, _ = SUBURBS["B"]
    tile_x, tile_y = (int(part) for part in chip_id.split("_")[1:3])
    path = next((real_data / "train" / chip_id / "labels").glob("*_Buildings.geojson"))
    polygons = shapely.from_wkb(pyogrio.raw.read(path)[2])

    def to_pixels(lonlat: np.ndarray) -> np.ndarray:
        north = np.arcsinh(np.tan(np.radians(lonlat[:, 1]))) / np.pi
        across = (lonlat[:, 0] + 180) / 360 * 8192 - tile_x
        return 1024 * np.stack([across, (1 - north) / 2 * 8192 - tile_y], axis=1)

    real = shapely.area(shapely.transform(polygons, to_pixels))
    _alike(real, shapes(_suburb(full_plan, "B")).area)


def _alike(real: np.ndarray, made: np.ndarray) -> None:
    """Compare quantiles of areas: each within a fifth of the real one."""
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert np.quantile(made, share) == pytest.approx(np.quantile(real, share), rel=0.2), share
