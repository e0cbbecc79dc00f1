"""Which polygon texts can be loaded, and why the others cannot."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.terms import polygons
from loaders.terms.polygons import reason_of

SQUARE = "POLYGON ((10 10, 20 10, 20 20, 10 20, 10 10))"


def box(left: float, right: float) -> str:
    return f"POLYGON (({left} 0, {right} 0, {right} 9, {left} 9, {left} 0))"


@pytest.mark.parametrize(
    "text",
    [
        SQUARE,
        "POLYGON ((10 10, 20 10, 15 20, 10 10))",
        "POLYGON((10 10,20 10,20 20,10 10))",
        "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 4 2, 4 4, 2 2))",
        "POLYGON ((-1.5e1 0, 9.25 0, 9 9e-1, -15 9, -15 0))",
        box(-1024, 2048),
    ],
)
def test_a_polygon_near_its_chip_can_be_loaded(text: str) -> None:
    assert reason_of(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "polygon is missing"),
        (" \t", "polygon is missing"),
        ("point (1 2)", "geometry is no polygon: POINT"),
        (" MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))", "geometry is no polygon: MULTIPOLYGON"),
        ("no polygon", "polygon is not well-known text: 'no polygon'"),
        ("polygon empty", "polygon is empty"),
        ("POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))", "polygon is not two-dimensional: POLYGON Z"),
        ("POLYGON zm ((0 0 1 1))", "polygon is not two-dimensional: POLYGON ZM"),
        (
            "POLYGON ((0 0 1, 1 0 1, 1 1 1, 0 0 1))",
            "polygon is not two-dimensional: 3 numbers in a point",
        ),
        (
            "POLYGON ((0 0 1 1, 1 0 1 1, 1 1, 0 0))",
            "polygon is not two-dimensional: 4 numbers in a point",
        ),
        ("POLYGON 0 0, 1 1", "polygon is not well-known text: 'POLYGON 0 0, 1 1'"),
        ("POLYGON ((0 0, nan 0, 1 1, 0 0))", "coordinate is not finite: nan"),
        ("POLYGON ((0 0, 9 -Inf, 1 1, 0 0))", "coordinate is not finite: -Inf"),
        ("POLYGON ((0 0, 1e999 0, 1 1, 0 0))", "coordinate is not finite: inf"),
        (
            "POLYGON ((0 0, x 0, 1 1, 0 0))",
            "polygon is not well-known text: 'POLYGON ((0 0, x 0, 1 1, 0 0))'",
        ),
        ("POLYGON ((0 0, 1 0, 0 0))", "ring has fewer than four points: 3"),
        (
            "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 4 2))",
            "ring has fewer than four points: 2",
        ),
        (
            "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 4 2, 2 2))",
            "ring has fewer than four points: 3",
        ),
        (
            "POLYGON ((0 0, 1 0, 1 1, 0 0)",
            "polygon is not well-known text: 'POLYGON ((0 0, 1 0, 1 1, 0 0)'",
        ),
        ("POLYGON ((0 0, 1 0, 1 1, 0 1))", "ring is not closed: (0.0, 0.0) is not (0.0, 1.0)"),
        (box(-1024.5, 3), "coordinate is far outside the chip: -1024.5"),
        (box(3, 2048.5), "coordinate is far outside the chip: 2048.5"),
        ("POLYGON ((0 0, 9 9, 9 0, 0 9, 0 0))", "polygon is not valid: Self-intersection[4.5 4.5]"),
        (
            "POLYGON ((0 0, 9 0, 9 9, 0 0), (20 0, 29 0, 29 9, 20 0))",
            "polygon is not valid: Hole lies outside shell[20 0]",
        ),
    ],
)
def test_the_reason_says_what_was_found(text: str, reason: str) -> None:
    assert reason_of(text) == reason


NUMBERS = st.integers(-30, 50).map(lambda step: step * 50) | st.floats(-5, 5)
CORNERS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=4, max_size=4)


@given(corners=CORNERS)
def test_what_the_quick_looks_take_for_right_is_right(
    corners: list[tuple[float, float]],
) -> None:
    """Both quick looks, at whole batches, agree with the slow one at a single text."""
    ring = [*corners, corners[0]]
    text = "POLYGON ((" + ", ".join(f"{x} {y}" for x, y in ring) + "))"
    texts = pl.Series([SQUARE, text])
    convex = polygons._are_convex_quadrilaterals(texts)
    valid = polygons._are_valid(texts)
    assert convex[0]
    assert valid[0]
    assert valid[1] == (reason_of(text) is None)
    assert valid[1] or not convex[1]


@pytest.mark.parametrize(
    ("text", "convex", "valid"),
    [
        (SQUARE, True, True),
        ("POLYGON ((10 20, 20 20, 20 10, 10 10, 10 20))", True, True),
        ("POLYGON ((0 0, 9 0, 2 2, 0 9, 0 0))", False, True),
        ("POLYGON ((0 0, 4 0, 9 0, 9 9, 0 0))", False, True),
        ("POLYGON ((0 0, 9 9, 9 0, 0 9, 0 0))", False, False),
        ("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 1))", False, False),
        ("POLYGON ((0 0, 9 0, 9 9, 0 9, 1 0))", False, False),
        (box(-1024, 2048), True, True),
        (box(-1025, 3), False, False),
        (box(3, 2049), False, False),
        ("POLYGON ((0 0, 9 0, 9 9, 0 9, nan 0))", False, False),
    ],
)
def test_a_convex_quadrilateral_needs_no_further_look(text: str, convex: bool, valid: bool) -> None:
    texts = pl.Series([SQUARE, text, SQUARE])
    assert polygons._are_convex_quadrilaterals(texts).tolist() == [True, convex, True]
    assert polygons._are_valid(texts).tolist() == [True, valid, True]
