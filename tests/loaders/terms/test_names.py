"""SpaceNet 7's names."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loaders.terms.names import NameRejectedError, parse_filename
from loaders.terms.tiles import METRES_PER_PIXEL, chip_key, quad_of

FACTS = Path(__file__).parents[3] / "synthetic" / "planning" / "facts" / "chip_months.csv"


def test_a_name_is_taken_apart() -> None:
    name = parse_filename("global_monthly_2017_07_mosaic_L15-1615E-1205N_6460_3370_13")
    assert name.chip_id == "L15-1615E-1205N_6460_3370_13"
    assert name.mosaic == "global_monthly_2017_07_mosaic"
    assert (name.chip_key, name.time_key) == (6460 * 8192 + 3370, 201707)
    assert (name.quad_e, name.quad_n, name.tile_x, name.tile_y, name.zoom) == (
        1615,
        1205,
        6460,
        3370,
        13,
    )


def test_quad_and_tile_agree_for_every_real_chip() -> None:
    with FACTS.open(encoding="utf-8") as file:
        chips = {record["chip_id"] for record in csv.DictReader(file)}
    names = [parse_filename(f"global_monthly_2018_01_mosaic_{chip}") for chip in chips]
    assert len({name.chip_key for name in names}) == 60


def test_quads_count_from_the_south_and_tiles_from_the_north() -> None:
    assert quad_of(6460, 3370) == (1615, 1205)
    assert quad_of(0, 0) == (0, 2047)
    assert quad_of(8191, 8191) == (2047, 0)


def test_keys_of_chips_do_not_meet() -> None:
    assert chip_key(1, 0) == chip_key(0, 8191) + 1


def test_a_pixel_has_the_size_that_spacenet_states() -> None:
    assert pytest.approx(4.777314267823516, rel=1e-15) == METRES_PER_PIXEL


def test_the_reason_says_what_was_expected() -> None:
    with pytest.raises(NameRejectedError) as caught:
        parse_filename("global_monthly_2017_07_mosaic_L15-1614E-1205N_6460_3370_13")
    assert str(caught.value) == (
        "quad and tile disagree: quad (1614, 1205), but tile (6460, 3370) lies in quad (1615, 1205)"
    )


def test_a_month_of_the_future_is_rejected_and_this_one_is_not() -> None:
    today = datetime.now(UTC).date()
    later = f"{today.year + today.month // 12}_{today.month % 12 + 1:02}"
    chip = "L15-1615E-1205N_6460_3370_13"
    assert parse_filename(f"global_monthly_{today:%Y_%m}_mosaic_{chip}").month == today.month
    with pytest.raises(NameRejectedError, match=f"month lies in the future: {later}, and the clo"):
        parse_filename(f"global_monthly_{later}_mosaic_{chip}")
