import numpy as np
import pytest
import shapely

from synthetic.drawing import rings, shapes
from synthetic.planning.plan import Plan
from synthetic.steady import Purpose, stream


def _boxes(x: list[float], y: list[float], side: float) -> np.ndarray:
    middle = np.stack([np.array(x), np.array(y)], axis=1)[:, None, :]
    return middle + side / 2 * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])


def test_polygons_reach_over_the_edge_as_little_as_the_real_ones() -> None:
    edge = [0.5, 0.5, 1023.5, 1023.5, 500.0] * 200
    across = [0.5, 500.0, 1023.5, 500.0, 500.0] * 200
    boxes = _boxes(edge, across, 60.0)
    moved = shapes._within(boxes, stream(7, Purpose.SHAPES))
    assert moved.min() > -6
    assert moved.max() < 1026
    assert moved.min() < -5
    assert moved.max() > 1025.5
    assert np.array_equal(moved[4::5], boxes[4::5]), "boxes within the tile stay"


@pytest.mark.parametrize("seed", range(40))
def test_polygons_with_more_corners_are_valid_and_lie_within_their_box(seed: int) -> None:
    box = _boxes([100.0], [200.0], 8.0)[0]
    ring = rings.with_more_corners(box, stream(seed, Purpose.SHAPES))
    polygon = shapely.from_wkt(rings.wkt([ring]))
    assert shapely.is_valid(polygon)
    assert len(ring) in rings.VERTICES
    assert shapely.get_num_coordinates(polygon) == len(ring) + 1
    assert shapely.within(polygon, shapely.box(96, 196, 104, 204))
    assert 0.3 * 64 < polygon.area == pytest.approx(rings.area_of(ring))


def test_a_hole_lies_within_its_polygon() -> None:
    box = _boxes([100.0], [200.0], 10.0)[0]
    polygon = shapely.from_wkt(rings.wkt(rings.with_hole(box)))
    assert shapely.is_valid(polygon)
    assert polygon.area == pytest.approx(100 * (1 - rings.HOLE**2))


def test_boxes_along_the_axes_lie_on_the_drawing_grid(full_plan: Plan) -> None:
    chip = full_plan.chips[0].chip
    boxes = _boxes([100.3, 200.7], [50.1, 60.9], 5.0)
    snapped = shapes._snapped(boxes, chip, stream(7, Purpose.SHAPES))
    sides = (snapped[:, 0] - snapped[:, 2]) / shapes.QUANTUM
    assert sides == pytest.approx(np.round(sides), abs=1e-6)
    assert np.abs(snapped - boxes).max() < 0.2


def test_numbers_have_sixteen_digits_and_no_trailing_zeros() -> None:
    ring = [(1 / 3, 1023.125), (-2.5, 100.0), (2 / 3, 1e-3)]
    assert rings.wkt([ring]) == (
        "POLYGON ((0.3333333333333333 1023.125, -2.5 100, 0.6666666666666666 0.001, "
        "0.3333333333333333 1023.125))"
    )
