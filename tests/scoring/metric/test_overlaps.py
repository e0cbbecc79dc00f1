"""IoU of pairs of polygons."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from scoring.metric.overlaps import overlaps
from scoring.metric.rows import Polygons
from tests.fixtures.trackers import box


def array(*polygons: BaseGeometry) -> Polygons:
    found = np.empty(len(polygons), dtype=np.object_)
    found[:] = polygons
    return found


def iou_of(one: BaseGeometry, other: BaseGeometry, threshold: float = 0.0) -> float:
    found = overlaps(array(one), array(other), threshold)
    return float(found.iou[0]) if found.iou.size else 0.0


BOW_TIE = Polygon([(0, 0), (4, 4), (4, 0), (0, 8)])
L_SHAPE = Polygon([(0, 0), (6, 0), (6, 2), (2, 2), (2, 6), (0, 6)])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (box(0), box(0), 1),
        (box(0), box(2), 8 / 24),
        (box(0), box(2, 2), 4 / 28),
        (box(0), box(4), 0),
        (box(0), box(40), 0),
        (box(0), rotate(box(0), 45), (32 * (math.sqrt(2) - 1)) / (32 - 32 * (math.sqrt(2) - 1))),
        (L_SHAPE, box(2, 2), 0),
        (L_SHAPE, box(0), 12 / 24),
    ],
)
def test_iou_is_intersection_over_union(
    one: BaseGeometry, other: BaseGeometry, expected: float
) -> None:
    assert iou_of(one, other) == pytest.approx(expected, abs=1e-12)
    assert iou_of(other, one) == pytest.approx(expected, abs=1e-12)


def test_pairs_are_named_by_their_places_and_only_those_above_the_threshold() -> None:
    found = overlaps(array(box(50), box(0)), array(box(1), box(90), box(51.5)), 0.5)
    assert found.predicted.tolist() == [0]
    assert found.truth.tolist() == [1]
    found = overlaps(array(box(50), box(0)), array(box(1), box(90), box(51.5)), 0.25)
    assert found.predicted.tolist() == [0, 2]
    assert found.truth.tolist() == [1, 0]


def test_a_hole_is_no_part_of_a_polygon() -> None:
    frame = box(0, width=8, height=8).difference(box(2, 2))
    assert iou_of(frame, box(2, 2)) == 0
    assert iou_of(frame, box(0, width=8, height=8)) == pytest.approx(48 / 64)


def test_a_bow_tie_has_its_area_as_drawn_and_its_intersection_after_a_repair() -> None:
    repaired = shapely.make_valid(BOW_TIE)
    drawn = shapely.area(BOW_TIE)
    assert drawn != pytest.approx(repaired.area)
    other = box(0, width=4, height=8)
    common = repaired.intersection(other).area
    assert iou_of(BOW_TIE, other) == pytest.approx(common / (drawn + 32 - common))


def test_a_bow_tie_that_has_no_area_as_drawn_is_still_found() -> None:
    even = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    assert shapely.area(even) == 0
    assert iou_of(box(0), even, 0.25) == pytest.approx(8 / (16 - 8))
    assert iou_of(even, even) == 1, "never above 1, whatever the areas say"


def test_nothing_overlaps_nothing() -> None:
    assert overlaps(array(), array(box(0)), 0.25).iou.size == 0
    assert overlaps(array(box(0)), array(), 0.25).iou.size == 0


@st.composite
def quadrilaterals(draw: st.DrawFn) -> BaseGeometry:
    """Boxes on a coarse grid, many of them in the same place, some turned."""
    x, y = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    width, height = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    turn = draw(st.sampled_from([0, 0, 90, 30, 45]))
    polygon: BaseGeometry = rotate(box(x, y, width=width, height=height), turn)
    return polygon


@settings(max_examples=150, deadline=None)
@given(
    st.lists(quadrilaterals(), max_size=6),
    st.lists(quadrilaterals(), max_size=6),
    st.sampled_from([0.0, 0.25, 0.5, 1 / 3]),
)
def test_all_pairs_above_the_threshold_are_found_as_geos_sees_them(
    truth: list[BaseGeometry], predicted: list[BaseGeometry], threshold: float
) -> None:
    found = overlaps(array(*truth), array(*predicted), threshold)
    seen = {(t, p): iou for t, p, iou in zip(found.truth, found.predicted, found.iou, strict=True)}
    assert len(seen) == len(found.iou)
    expected = {}
    for t, one in enumerate(truth):
        for p, other in enumerate(predicted):
            common = one.intersection(other).area
            iou = common / (one.area + other.area - common)
            if iou > threshold:
                expected[t, p] = iou
    assert seen.keys() == expected.keys()
    assert all(seen[pair] == pytest.approx(iou, abs=1e-9) for pair, iou in expected.items())
