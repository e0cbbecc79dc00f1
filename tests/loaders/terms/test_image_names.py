"""At the edges of what a filename may say, and the reasons with which rows are rejected."""

import polars as pl
import pytest

from loaders.terms.hashes import LOWEST_HASH, hashes_of
from loaders.terms.names import NameRejectedError, parse_filename
from loaders.terms.reasons import Reason, shorten
from loaders.terms.tiles import quad_of


def filename(
    *, month: str = "2017_07", tile: tuple[int, int] = (6460, 3370), zoom: int = 13
) -> str:
    east, north = quad_of(*tile)
    chip = f"L15-{east:04}E-{north:04}N_{tile[0]}_{tile[1]}_{zoom}"
    return f"global_monthly_{month}_mosaic_{chip}"


@pytest.mark.parametrize("month", ["2017_01", "2017_12", "2000_06"])
def test_the_first_and_the_last_month_of_a_year_are_months(month: str) -> None:
    name = parse_filename(filename(month=month))
    assert f"{name.time_key}" == month.replace("_", "")
    assert name.filename == filename(month=month)


@pytest.mark.parametrize("tile", [(0, 0), (8191, 8191), (0, 8191)])
def test_tiles_at_the_edges_of_the_map_are_tiles(tile: tuple[int, int]) -> None:
    name = parse_filename(filename(tile=tile))
    assert (name.tile_x, name.tile_y) == tile


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("notes", "filename has an unknown form: 'notes'"),
        (filename() + ".tif", f"filename has an unknown form: '{filename()[:66]}"),
        (filename(month="2017_00"), "filename names no month: 2017_00"),
        (filename(month="2017_13"), "filename names no month: 2017_13"),
        (filename(month="1999_12"), "filename names no month: 1999_12"),
        (filename(month="0999_07"), "filename names no month: 0999_07"),
        (filename(month="2101_01"), "filename names no month: 2101_01"),
        (filename(zoom=12), "filename names another zoom: 12 instead of 13"),
        (filename(zoom=14), "filename names another zoom: 14 instead of 13"),
        (filename().replace("_6460_", "_8192_"), "filename names no tile: (8192, 3370) of 8192"),
        (filename().replace("_3370_", "_8192_"), "filename names no tile: (6460, 8192) of 8192"),
    ],
)
def test_a_name_that_is_none_is_told_with_what_it_says(text: str, reason: str) -> None:
    with pytest.raises(NameRejectedError) as caught:
        parse_filename(text)
    assert str(caught.value).startswith(reason)


def test_a_long_find_is_cut_to_eighty_characters() -> None:
    assert shorten("x" * 80) == "x" * 80
    assert shorten("x" * 81) == "x" * 79 + "…"
    assert shorten("four", limit=4) == "four"
    assert Reason.COLUMNS.found("y" * 100) == f"wrong number of columns: {'y' * 79}…"


def test_equal_texts_have_equal_hashes_and_none_is_that_of_no_polygon() -> None:
    texts = pl.Series([f"POLYGON {number}" for number in range(1000)])
    hashes = hashes_of(texts)
    assert len(set(hashes.tolist())) == 1000
    assert (hashes_of(texts.reverse())[::-1] == hashes).all()
    assert hashes.min() >= LOWEST_HASH
