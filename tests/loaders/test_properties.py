"""Whatever a file holds: nothing crashes, every row is loaded or rejected, order is nothing."""

import random
from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.assembly.batches import Assembly
from loaders.forms.csv_rows import read_line, read_lines
from loaders.forms.parts import ROW_SCHEMA, Batch, FileLines, Rejections
from loaders.forms.streams import Piece, count_lines, pieces
from loaders.terms.polygons import reason_of, reasons_of, suspects_among
from tests.fixtures.sources import (
    CHIP,
    HEADER,
    OTHER_CHIP,
    Row,
    csv_text,
    filename,
    line,
    row,
    square,
)

LINES = [
    line(row(1)),
    line(row(2, "2018_02")),
    f'"{filename()}","3","{square()}"',
    f"{filename()},4,POINT",
    f'{filename()},05,"{square()}"',
    f'{filename()},6,"POLYGON ((0 0, ""1 1))"',
    "",
    ",,",
    '"',
    "\x00",
    "é",
    f"{filename()},7,",
    f'{filename()},8,"{square()}",more',
]
POLYGONS = [
    square(),
    square(1, 2),
    "POLYGON ((0 0, 9 9, 9 0, 0 9, 0 0))",
    "POLYGON EMPTY",
    "POINT (1 2)",
]


def whole(text: bytes) -> Piece:
    return Piece(text, count_lines(text), FileLines(("labels.csv",), (2,)))


class Chunks:
    """A stream that gives its bytes in portions of its own choice."""

    def __init__(self, content: bytes, sizes: Iterator[int]) -> None:
        self.content, self.sizes = content, sizes

    def read(self, size: int, /) -> bytes:
        count = min(size, next(self.sizes))
        read, self.content = self.content[:count], self.content[count:]
        return read


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=40)), min_size=1, max_size=30))
def test_every_line_is_a_row_or_a_rejection(lines: list[str]) -> None:
    lines = [text.replace("\n", " ") for text in lines]
    text = "".join(f"{each}\n" for each in lines).encode("utf-8", errors="surrogatepass")
    found: dict[int, object] = {}
    for part in read_lines(whole(text)):
        if isinstance(part, Rejections):
            found.update((each.line, each.reason) for each in part.rows)
        elif isinstance(part, Batch):
            lines_of = (line + 2 for line in part.lines.tolist())
            found.update(zip(lines_of, part.frame.rows(), strict=True))
    read = [read_line(each) for each in text[:-1].split(b"\n")]
    expected = [each if isinstance(each, str) else each.row for each in read]
    assert [found[number] for number in range(2, 2 + len(lines))] == expected


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_line_by_line(content: bytes) -> None:
    text = content + b"\n"
    parts = list(read_lines(whole(text)))
    read = sum(
        len(part.rows) if isinstance(part, Rejections) else part.frame.height for part in parts
    )
    assert read == text.count(b"\n")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1), st.booleans())
def test_pieces_join_to_the_file(sizes: list[int], ends: bool) -> None:
    rows = [line(row(n)) for n in range(20)]
    text = "\n".join([HEADER, *rows]) + ("\n" if ends else "")
    stream = Chunks(text.encode(), iter(sizes + [10**6] * 100))
    found = list(pieces(stream, source_file="labels.csv"))
    assert b"".join(piece.lines for piece in found).decode().splitlines() == rows
    assert [piece.files.first_lines[0] for piece in found] == [
        2 + sum(piece.line_count for piece in found[:at]) for at in range(len(found))
    ]


def batch(rows: list[Row]) -> Batch:
    frame = pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row")
    return Batch(frame, np.arange(len(rows)), FileLines(("labels.csv",), (0,)))


def nothing_known(_: int) -> tuple[np.ndarray, np.ndarray, pl.Series]:
    return np.zeros(0, np.int32), np.zeros(0, np.int16), pl.Series([], dtype=pl.String)


def assembled(rows: list[Row], sizes: Iterator[int]) -> tuple[list[Row], dict[int, str]]:
    """Assemble rows in batches; return the rows that can be given back, and the rejected ones."""
    assembly = Assembly(nothing_known)
    polygons: dict[tuple[int, int, int], str] = {}
    row_count = 0
    rejected: dict[int, str] = {}
    start = 0
    while start < len(rows):
        size = next(sizes)
        part = batch(rows[start : start + size])
        found = assembly.add(part)
        for chip_key, building_id, number, polygon in found.footprints.rows():
            assert (chip_key, building_id, number) not in polygons
            polygons[chip_key, building_id, number] = polygon
        row_count += found.row_count
        for each in found.rejections:
            rejected[start + each.line] = each.reason.partition(":")[0]
        start += size
    keys = []
    for image in assembly.images:
        found_rows = image.rows()
        ids, numbers = found_rows.building_ids.tolist(), found_rows.footprint_nos.tolist()
        assert ids == sorted(ids)
        keys += [(*image.key, *values) for values in zip(ids, numbers, strict=True)]
    names = {image.key: image.name.filename for image in assembly.images}
    loaded = [(names[c, t], b, polygons[c, b, n]) for c, t, b, n in keys]
    used = {(c, b, n) for c, _, b, n in keys}
    assert used == set(polygons)
    assert sum(image.row_count for image in assembly.images) == len(keys) == row_count
    return loaded, rejected


def simplest(rows: list[Row]) -> tuple[list[Row], dict[int, set[str]]]:
    """What a load has to do, in the plainest way; a row may be wrong in two ways."""
    seen: set[tuple[str, int]] = set()
    loaded: list[Row] = []
    rejected: dict[int, set[str]] = {}
    for at, (name, number, polygon) in enumerate(rows):
        bad = reason_of(polygon)
        reasons = {bad.partition(":")[0]} if bad is not None else set()
        if (name, number) in seen:
            reasons.add("key was read before")
        if reasons:
            rejected[at] = reasons
        else:
            seen.add((name, number))
            loaded.append((name, number, polygon))
    return loaded, rejected


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [filename(m, c) for m in ("2018_01", "2018_02") for c in (CHIP, OTHER_CHIP)]
            ),
            st.sampled_from([0, 1, 2, 131_071, 131_072, 2**31 - 1]),
            st.sampled_from(POLYGONS),
        ),
        max_size=60,
    ),
    st.lists(st.integers(1, 20), min_size=60, max_size=60),
)
def test_assembling_gives_what_the_plainest_way_gives(rows: list[Row], sizes: list[int]) -> None:
    loaded, rejected = assembled(rows, iter(sizes))
    expected, expected_rejected = simplest(rows)
    assert sorted(loaded) == sorted(expected)
    assert rejected.keys() == expected_rejected.keys()
    assert all(reason in expected_rejected[at] for at, reason in rejected.items())


def test_many_short_runs_are_grouped_and_equal_few_long_ones() -> None:
    rows = [
        row(n, month, chip)
        for chip in (CHIP, OTHER_CHIP)
        for month in ("2018_01", "2018_02")
        for n in range(60)
    ]
    rows += rows[:5]
    random.Random(2).shuffle(rows)
    loaded, rejected = assembled(rows, iter([10**6]))
    expected, expected_rejected = simplest(rows)
    assert sorted(loaded) == sorted(expected)
    assert rejected.keys() == expected_rejected.keys()


COORDINATES = st.one_of(
    st.integers(-3, 3), st.floats(-1100, 2100, allow_nan=False).map(lambda x: round(x, 3))
)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=4, max_size=6), st.booleans())
def test_quick_looks_at_polygons_agree_with_the_close_one(
    points: list[tuple[float, float]], closed: bool
) -> None:
    ring = [*points[:-1], points[0]] if closed else points
    text = "POLYGON (({}))".format(", ".join(f"{x} {y}" for x, y in ring))
    reason = reason_of(text)
    texts = pl.Series([square(), text, square()], dtype=pl.String)
    found = reasons_of(texts, suspects_among(texts))
    assert found == ({} if reason is None else {1: reason})


@pytest.mark.parametrize("count", [0, 1, 3])
def test_csv_text_of_the_tests_is_what_is_read(count: int) -> None:
    text = csv_text(row(n) for n in range(count)).encode()
    found = list(pieces(Chunks(text, iter([10**6] * 9)), source_file="x"))
    assert sum(piece.line_count for piece in found) == count
