"""A source that changed replaces just what changed."""

import random
from collections.abc import Callable
from pathlib import Path

from loaders.load import load
from loaders.sources import forget
from tests.fixtures.sources import CHIP, OTHER_CHIP, Raw, Row, filename, row, square

WriteCsv = Callable[..., Path]


def base() -> list[Row]:
    return [row(n, month) for month in ("2018_01", "2018_02", "2018_03") for n in range(4)]


def test_only_a_corrected_month_is_written(raw: Raw, write_csv: WriteCsv) -> None:
    first = load(write_csv(base()))
    rows = [row(0, "2018_02", polygon=square(500)) if r == row(0, "2018_02") else r for r in base()]
    second = load(write_csv(rows))
    assert (second.images_changed, second.images_unchanged) == (1, 2)
    assert raw.versions() == {
        filename("2018_01"): first.load_id,
        filename("2018_02"): second.load_id,
        filename("2018_03"): first.load_id,
    }
    assert raw.rows() == sorted(rows)
    assert raw.is_consistent()


def test_rows_that_are_gone_go(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(base()))
    rows = [r for r in base() if r[1] != 2]
    report = load(write_csv(rows))
    assert report.images_changed == 3
    assert raw.rows() == sorted(rows)
    assert raw.is_consistent()


def test_a_chip_that_was_added_leaves_the_others_alone(raw: Raw, write_csv: WriteCsv) -> None:
    first = load(write_csv(base()))
    rows = [*base(), row(0, "2018_01", OTHER_CHIP)]
    report = load(write_csv(rows))
    assert (report.images_changed, report.images_unchanged) == (1, 3)
    assert raw.versions()[filename("2018_01", CHIP)] == first.load_id
    assert raw.rows() == sorted(rows)


def test_an_image_that_its_source_no_longer_has_goes(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(base()))
    rows = [r for r in base() if "2018_02" not in r[0]]
    report = load(write_csv(rows))
    assert (report.images_removed, report.images_unchanged) == (1, 2)
    assert raw.rows() == sorted(rows)
    assert raw.is_consistent()


def test_one_more_month_from_another_file_adds_to_it(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(base()))
    month = [row(n, "2018_04") for n in range(6)]
    report = load(write_csv(month, "april.csv"))
    assert (report.images_changed, report.images_removed) == (1, 0)
    assert raw.rows() == sorted(base() + month)
    assert raw.query("select count(*) from raw.footprint") == [(6,)]


def test_an_image_stays_while_another_source_has_it(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path
) -> None:
    load(write_csv(base()))
    load(write_csv([r for r in base() if "2018_02" in r[0]], "february.csv"))
    report = load(write_csv([r for r in base() if "2018_02" not in r[0]]))
    assert report.images_removed == 0
    assert raw.rows() == sorted(base())
    assert len(forget(str(tmp_path / "february.csv")).withdrawn.images) == 1
    assert raw.is_consistent()


def test_the_newest_load_that_brings_an_image_decides_its_rows(
    raw: Raw, write_csv: WriteCsv
) -> None:
    load(write_csv(base()))
    corrected = [row(n, "2018_02", polygon=square(300 + n)) for n in range(2)]
    load(write_csv(corrected, "corrected.csv"))
    rest = [r for r in base() if "2018_02" not in r[0]]
    assert raw.rows() == sorted(rest + corrected)
    assert load(write_csv(base())).state == "unchanged"
    assert raw.rows() == sorted(rest + corrected)


def test_an_overridden_image_can_be_brought_back(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(base()))
    load(write_csv([row(9, "2018_02")], "corrected.csv"), source="corrected")
    forget("corrected")
    assert filename("2018_02") not in raw.versions()
    assert load(write_csv(base())).state == "loaded"
    assert raw.rows() == sorted(base())
    assert raw.is_consistent()


def test_a_footprint_that_nobody_uses_goes_and_its_number_may_return(
    raw: Raw, write_csv: WriteCsv
) -> None:
    later = [row(0, "2018_01", polygon=square(1)), row(0, "2018_02", polygon=square(2))]
    load(write_csv(later))
    load(write_csv([later[1]]))
    assert raw.query("select footprint_no, polygon from raw.footprint") == [(2, square(2))]
    load(write_csv([later[1], row(0, "2018_03", polygon=square(3))]))
    assert raw.query("select footprint_no from raw.footprint order by 1") == [(2,), (3,)]
    assert raw.is_consistent()


def test_many_random_corrections_end_where_a_single_load_ends(
    raw: Raw, write_csv: WriteCsv
) -> None:
    chance = random.Random(11)
    for _ in range(8):
        rows = [
            row(n, month, chip, square(10 * n, chance.choice([5, 5, 5, 9])))
            for chip in (CHIP, OTHER_CHIP)
            for month in ("2018_01", "2018_02", "2018_03")
            for n in range(6)
            if chance.random() < 0.8
        ]
        chance.shuffle(rows)
        load(write_csv(rows))
        assert raw.rows() == sorted(rows)
        assert raw.is_consistent()
