"""Bad rows: each is rejected with its line and reason, and the rows around it are loaded."""

import csv
from pathlib import Path
from typing import Final

import pytest

from loaders.errors import NothingLoadedError
from loaders.load import load
from loaders.terms.reasons import Reason
from tests.fixtures.sources import CHIP, HEADER, Raw, filename, line, row, square

GOOD: Final = [row(n) for n in range(3)]
NAME: Final = filename()


def with_polygon(polygon: str) -> bytes:
    return line((NAME, 9, polygon)).encode()


def with_points(*points: str) -> bytes:
    return with_polygon("POLYGON (({}))".format(", ".join(points)))


def with_id(number: str) -> bytes:
    return f'{NAME},{number},"{square()}"'.encode()


def with_name(name: str) -> bytes:
    return f'{name},9,"{square()}"'.encode()


def with_chip(chip: str) -> bytes:
    return with_name(f"global_monthly_2018_01_mosaic_{chip}")


BAD_ROWS: Final[dict[str, tuple[bytes, Reason]]] = {
    "latin-1 byte": (with_name("caf\xe9").decode().encode("latin-1"), Reason.ENCODING),
    "cut utf-8 sequence": (with_id("9")[:-1] + b"\xe2\x82", Reason.ENCODING),
    "utf-16 line": (with_id("9").decode().encode("utf-16-le"), Reason.COLUMNS),
    "empty line": (b"", Reason.EMPTY_LINE),
    "line of spaces": (b"   ", Reason.EMPTY_LINE),
    "nul byte in polygon": (with_polygon("POLYGON ((0 0\x00))"), Reason.POLYGON_FORM),
    "quote that does not end": (with_id("9")[:-1], Reason.QUOTES),
    "quote within a value": (with_polygon('POLYGON ((0 0"x"))'), Reason.QUOTES),
    "text after a quote": (with_id("9") + b"x", Reason.QUOTES),
    "bare carriage return": (f'{NAME}\r,9,"{square()}"'.encode(), Reason.QUOTES),
    "one column": (NAME.encode(), Reason.COLUMNS),
    "two columns": (f"{NAME},9".encode(), Reason.COLUMNS),
    "four columns": (with_id("9") + b",1", Reason.COLUMNS),
    "polygon without quotes": (f"{NAME},9,{square()}".encode(), Reason.COLUMNS),
    "semicolons": (f'{NAME};9;"{square()}"'.encode(), Reason.COLUMNS),
    "header once more": (HEADER.encode(), Reason.ID_FORM),
    "id missing": (with_id(""), Reason.ID_FORM),
    "id fractional": (with_id("9.5"), Reason.ID_FORM),
    "id in words": (with_id("nine"), Reason.ID_FORM),
    "id with underscore": (with_id("1_000"), Reason.ID_FORM),
    "id in arabic digits": (with_id("٩"), Reason.ID_FORM),
    "id not a number": (with_id("nan"), Reason.ID_FORM),
    "id hexadecimal": (with_id("0x9"), Reason.ID_FORM),
    "id negative": (with_id("-1"), Reason.ID_NEGATIVE),
    "id beyond four bytes": (with_id("2147483648"), Reason.ID_TOO_LARGE),
    "id beyond eight bytes": (with_id("99999999999999999999"), Reason.ID_TOO_LARGE),
    "filename missing": (with_name(""), Reason.FILENAME_FORM),
    "filename with a space after": (with_name(NAME + " "), Reason.FILENAME_FORM),
    "filename of another mosaic": (
        with_name(NAME.replace("monthly", "weekly")),
        Reason.FILENAME_FORM,
    ),
    "filename in capitals": (with_name(NAME.upper()), Reason.FILENAME_FORM),
    "filename of another level": (
        with_chip("L14-1615E-1205N_6460_3370_13"),
        Reason.FILENAME_FORM,
    ),
    "tile with leading zero": (with_chip("L15-0161E-1205N_0646_3370_13"), Reason.FILENAME_FORM),
    "chip without a tile": (with_chip("L15-1615E-1205N"), Reason.FILENAME_FORM),
    "month 00": (with_name(filename("2018_00")), Reason.FILENAME_MONTH),
    "month 13": (with_name(filename("2018_13")), Reason.FILENAME_MONTH),
    "year 0000": (with_name(filename("0000_01")), Reason.FILENAME_MONTH),
    "year 2081": (with_name(filename("2081_01")), Reason.FILENAME_FUTURE),
    "zoom 14": (with_chip("L15-1615E-1205N_6460_3370_14"), Reason.FILENAME_ZOOM),
    "tile beyond the world": (with_chip("L15-2048E-1205N_8192_3370_13"), Reason.FILENAME_TILE),
    "quad of another column": (with_chip("L15-1614E-1205N_6460_3370_13"), Reason.QUAD_TILE),
    "quad of another row": (with_chip("L15-1615E-1206N_6460_3370_13"), Reason.QUAD_TILE),
    "x and y changed over": (with_chip("L15-1615E-1205N_3370_6460_13"), Reason.QUAD_TILE),
    "polygon missing": (f"{NAME},9,".encode(), Reason.POLYGON_MISSING),
    "polygon of quotes": (f'{NAME},9,""'.encode(), Reason.POLYGON_MISSING),
    "polygon empty": (with_polygon("POLYGON EMPTY"), Reason.POLYGON_EMPTY),
    "point": (with_polygon("POINT (1 2)"), Reason.POLYGON_TYPE),
    "line string": (with_polygon("LINESTRING (0 0, 1 1)"), Reason.POLYGON_TYPE),
    "multipolygon of two parts": (
        with_polygon("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))"),
        Reason.POLYGON_TYPE,
    ),
    "polygon z without a third number": (
        with_polygon("POLYGON Z ((0 0, 1 0, 1 1, 0 0))"),
        Reason.POLYGON_DIMENSION,
    ),
    "three numbers in some points": (
        with_points("0 0 1", "1 0", "1 1 1", "0 0 1"),
        Reason.POLYGON_DIMENSION,
    ),
    "polygon as long as no building's": (
        with_polygon("POLYGON ((" + "0 0, " * 250_000 + "0 0))"),
        Reason.POLYGON_LONG,
    ),
    "collection": (with_polygon("GEOMETRYCOLLECTION EMPTY"), Reason.POLYGON_TYPE),
    "one number a point": (with_points("0", "1", "1", "0"), Reason.POLYGON_FORM),
    "bracket missing": (with_polygon(square()[:-1]), Reason.POLYGON_FORM),
    "text after the polygon": (with_polygon(square() + " x"), Reason.POLYGON_FORM),
    "words for numbers": (with_points("a b", "c d", "e f", "a b"), Reason.POLYGON_FORM),
    "number with plus": (with_points("+1 0", "9 0", "9 9", "+1 0"), Reason.POLYGON_FORM),
    "decimal commas": (with_points("0,0 0,0", "1,0 0,0", "1,0 1,0"), Reason.POLYGON_FORM),
    "srid before the polygon": (with_polygon("SRID=3857;" + square()), Reason.POLYGON_FORM),
    "binary geometry": (with_polygon("0103000000010000000400"), Reason.POLYGON_FORM),
    "geojson geometry": (with_polygon("{'type': 'Polygon'}"), Reason.POLYGON_FORM),
    "nan coordinate": (with_points("nan 0", "9 0", "9 9", "nan 0"), Reason.POLYGON_NOT_FINITE),
    "infinite coordinate": (with_points("0 0", "inf 0", "9 9", "0 0"), Reason.POLYGON_NOT_FINITE),
    "overflowing coordinate": (
        with_points("0 0", "1e999 0", "9 9", "0 0"),
        Reason.POLYGON_NOT_FINITE,
    ),
    "huge coordinate": (with_points("0 0", "1e12 0", "9 9", "0 0"), Reason.POLYGON_RANGE),
    "metres for pixels": (
        with_points("11563000 4120000", "11563009 4120000", "11563009 4120009", "11563000 4120000"),
        Reason.POLYGON_RANGE,
    ),
    "coordinate far below": (with_points("0 0", "-1025 0", "9 9", "0 0"), Reason.POLYGON_RANGE),
    "three points": (with_points("0 0", "9 0", "0 0"), Reason.POLYGON_SHORT),
    "ring not closed": (with_points("0 0", "9 0", "9 9", "0 9"), Reason.POLYGON_UNCLOSED),
    "ring that crosses itself": (
        with_points("0 0", "9 9", "9 0", "0 9", "0 0"),
        Reason.POLYGON_INVALID,
    ),
    "ring without area": (with_points("0 0", "5 0", "9 0", "0 0"), Reason.POLYGON_INVALID),
    "all points the same": (with_points("1 1", "1 1", "1 1", "1 1"), Reason.POLYGON_INVALID),
    "hole outside": (
        with_polygon("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (20 20, 21 20, 21 21, 20 20))"),
        Reason.POLYGON_INVALID,
    ),
    "hole not closed": (
        with_polygon("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 3 2, 3 3, 2 3))"),
        Reason.POLYGON_UNCLOSED,
    ),
    "key read before": (line(GOOD[0]).encode(), Reason.DUPLICATE),
    "key read before, another polygon": (
        line((NAME, 0, square(99))).encode(),
        Reason.DUPLICATE,
    ),
}


@pytest.mark.parametrize(("bad", "reason"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_rejected_and_the_rest_is_loaded(
    raw: Raw, tmp_path: Path, bad: bytes, reason: Reason
) -> None:
    path = tmp_path / "labels.csv"
    lines = [HEADER.encode(), *(line(values).encode() for values in GOOD)]
    at = len(lines) if reason is Reason.DUPLICATE else 2
    lines.insert(at, bad)
    path.write_bytes(b"\n".join(lines) + b"\n")
    report = load(path)
    assert raw.rows() == GOOD
    assert [(n, why.partition(":")[0]) for n, why in raw.rejected()] == [(at + 1, reason.value)]
    assert (report.rows_read, report.rows_loaded, report.rows_rejected) == (4, 3, 1)
    assert report.rejected_reasons == ((reason.value, 1),)


def test_there_are_at_least_forty_kinds_of_bad_rows() -> None:
    assert len(BAD_ROWS) >= 40
    assert {reason for _, reason in BAD_ROWS.values()} == set(Reason) - {
        Reason.FILE,
        Reason.ID_MISSING,
        Reason.OTHER_IMAGE,
    }


def test_all_kinds_at_once_are_each_told_apart(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    lines = [HEADER.encode(), *(line(values).encode() for values in GOOD)]
    lines += [bad for bad, _ in BAD_ROWS.values()]
    path.write_bytes(b"\n".join(lines) + b"\n")
    report = load(path)
    assert raw.rows() == GOOD
    assert [why.partition(":")[0] for _, why in raw.rejected()] == [
        reason.value for _, reason in BAD_ROWS.values()
    ]
    assert report.rows_read == report.rows_loaded + report.rows_rejected == len(lines) - 1


def test_the_rejected_text_is_the_line(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    bad = [with_id("x"), with_chip("L15-1614E-1205N_6460_3370_13"), with_polygon("POINT (1 2)")]
    path.write_bytes(b"\n".join([HEADER.encode(), *bad]) + b"\n")
    with pytest.raises(NothingLoadedError):
        load(path)
    found = raw.query("select source_file, text from raw.rejected_row order by line")
    assert found == [("labels.csv", text.decode()) for text in bad]


def test_bytes_that_are_no_text_are_shown_escaped(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(HEADER.encode() + b"\n\xff\xfe,\x00\n")
    with pytest.raises(NothingLoadedError):
        load(path)
    assert raw.query("select text from raw.rejected_row") == [("\\xff\\xfe,\\x00",)]


def test_a_duplicate_says_whether_its_polygon_differs(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    rows = [row(0), row(0), row(0, polygon=square(99)), row(0, "2018_02")]
    path.write_text("\n".join([HEADER, *map(line, rows)]) + "\n", encoding="utf-8")
    load(path)
    assert raw.rejected() == [
        (3, "key was read before: with the same polygon"),
        (4, "key was read before: with another polygon"),
    ]
    assert raw.rows() == [row(0), row(0, "2018_02")]
    assert raw.is_consistent()


def test_a_bad_polygon_does_not_take_the_key_of_a_good_row(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    rows = [row(0, polygon="POINT (1 2)"), row(0), row(0, polygon="POLYGON EMPTY")]
    path.write_text("\n".join([HEADER, *map(line, rows)]) + "\n", encoding="utf-8")
    load(path)
    assert raw.rows() == [row(0)]
    assert [at for at, _ in raw.rejected()] == [2, 4]
    assert raw.query("select footprint_no from raw.footprint") == [(1,)]


def test_a_quote_that_does_not_end_swallows_no_other_line(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    open_quote = f'{NAME},9,"POLYGON ((0 0,'
    lines = [HEADER, line(GOOD[0]), open_quote, line(GOOD[1]), ' 9 9))"', line(GOOD[2])]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    load(path)
    assert raw.rows() == GOOD
    assert [at for at, _ in raw.rejected()] == [3, 5]


def test_one_bad_row_among_many_thousands_is_found(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    rows = [line(row(n, polygon=square(n % 900, n // 900))) for n in range(20_000)]
    rows[12_345] = rows[12_345].replace(",12345,", ",12345x,")
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    report = load(path)
    assert (report.rows_loaded, report.rows_rejected) == (19_999, 1)
    assert raw.rejected() == [(12_347, "id is not an integer: '12345x'")]


def test_a_very_long_polygon_is_loaded(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    top = ", ".join(f"{x / 100} {x % 2 / 1000}" for x in range(50_000))
    polygon = f"POLYGON (({top}, 500 9, 0 9, 0.0 0.0))"
    path.write_text(f'{HEADER}\n{NAME},1,"{polygon}"\n', encoding="utf-8")
    assert load(path).rows_loaded == 1
    assert raw.rows() == [(NAME, 1, polygon)]
    assert len(polygon) > csv.field_size_limit() or csv.field_size_limit() > 131_072


@pytest.mark.parametrize(
    "polygon",
    [
        "POLYGON((0 0, 9 0, 9 9, 0 0))",
        "POLYGON ((0 0,9 0,9 9,0 0))",
        "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 3 2, 3 3, 2 2))",
        "POLYGON ((-6.02 0, 9e0 0, 9 1026.14, -6.02 0))",
        "POLYGON ((0 0, 9 0, 9 0, 9 9, 0 0))",
        "POLYGON ((0 0, 5 0, 9 0, 9 9, 0 0))",
        "POLYGON ((0 0, 9 3, 0 9, 3 3, 0 0))",
    ],
)
def test_unusual_but_right_polygons_are_loaded_to_the_letter(
    raw: Raw, tmp_path: Path, polygon: str
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f'{HEADER}\n{NAME},1,"{polygon}"\n', encoding="utf-8")
    load(path)
    assert raw.rows() == [(NAME, 1, polygon)]
    assert raw.query("select st_isvalid(st_geomfromtext(geometry)) from raw.pixel_row") == [(True,)]


def test_the_chips_of_the_tests_are_real() -> None:
    assert CHIP in NAME
