"""What the raw tables hold after loads that go well."""

import gzip
import hashlib
import io
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.load import load
from tests.fixtures.sources import CHIP, OTHER_CHIP, Raw, Row, csv_text, filename, row, square

WriteCsv = Callable[..., Path]
MONTHS = ("2018_01", "2018_02", "2018_03")


def some_rows() -> list[Row]:
    return [
        row(n, month, chip) for chip in (OTHER_CHIP, CHIP) for month in MONTHS for n in range(5)
    ]


@pytest.mark.real_data
def test_real_sample_comes_back_to_the_byte(raw: Raw, real_data: Path) -> None:
    path = real_data / "csvs" / "sn7_train_ground_truth_pix_sample.csv"
    report = load(path)
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    assert report.rows_loaded == len(lines) == 2775
    assert sorted('{},{},"{}"'.format(*values) for values in raw.rows()) == sorted(lines)


def test_each_distinct_polygon_is_kept_once(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(some_rows()))
    assert raw.query("select count(*) from raw.observation") == [(30,)]
    assert raw.query("select count(*) from raw.footprint") == [(10,)]
    assert raw.rows() == sorted(some_rows())


def test_image_metadata_is_what_the_filename_says(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv([row(0)]))
    assert raw.query(
        """
        select chip_key, time_key, mosaic, year, month, chip_id, quad_e, quad_n, tile_x, tile_y,
            zoom, row_count
        from raw.image
        """
    ) == [
        (
            6460 * 8192 + 3370,
            201801,
            "global_monthly_2018_01_mosaic",
            2018,
            1,
            CHIP,
            1615,
            1205,
            6460,
            3370,
            13,
            1,
        )
    ]


def test_second_polygon_of_a_building_gets_number_two(raw: Raw, write_csv: WriteCsv) -> None:
    rows = [
        row(0, "2018_01", polygon=square(1)),
        row(0, "2018_02", polygon=square(2)),
        row(0, "2018_03", polygon=square(1)),
    ]
    load(write_csv(rows))
    assert raw.query("select time_key, footprint_no from raw.observation order by time_key") == [
        (201801, 1),
        (201802, 2),
        (201803, 1),
    ]
    assert raw.rows() == rows


def test_same_file_again_changes_nothing(raw: Raw, write_csv: WriteCsv) -> None:
    path = write_csv(some_rows())
    first = load(path)
    before = raw.query("select * from raw.image order by filename")
    again = load(path)
    assert (first.state, again.state) == ("loaded", "unchanged")
    assert (again.rows_read, again.images_unchanged, again.images_changed) == (30, 6, 0)
    assert raw.query("select * from raw.image order by filename") == before
    assert raw.rows() == sorted(some_rows())


def test_same_rows_under_another_path_change_no_image(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(some_rows()))
    versions = raw.versions()
    report = load(write_csv(some_rows(), "copy.csv"))
    assert (report.state, report.images_unchanged, report.images_changed) == ("loaded", 6, 0)
    assert raw.versions() == versions


def test_order_of_rows_does_not_matter(raw: Raw, write_csv: WriteCsv) -> None:
    rows = [
        row(n, month, chip) for chip in (OTHER_CHIP, CHIP) for month in MONTHS for n in range(40)
    ]
    random.Random(3).shuffle(rows)
    load(write_csv(rows))
    assert raw.rows() == sorted(rows)
    assert raw.is_consistent()


def is_sorted_by_building(raw: Raw) -> bool:
    found = raw.query(
        """
        select bool_and(building_ids = array(select unnest(building_ids) order by 1))
        from raw.image_rows
        """
    )
    return bool(found[0][0])


def test_rows_of_an_image_lie_by_building(raw: Raw, write_csv: WriteCsv) -> None:
    rows = some_rows()
    random.Random(3).shuffle(rows)
    load(write_csv(sorted(rows, key=lambda values: CHIP in values[0])))
    assert raw.query("select count(*) from raw.image_rows") == [(6,)]
    assert is_sorted_by_building(raw)


def test_source_may_come_back_to_a_chip(raw: Raw, write_csv: WriteCsv, tmp_path: Path) -> None:
    (tmp_path / "csvs").mkdir()
    rows = [row(n, month, chip) for month in MONTHS for chip in (OTHER_CHIP, CHIP) for n in (1, 0)]
    for start in range(0, len(rows), 2):  # each file is a batch: a chip, a month
        write_csv(rows[start : start + 2], f"csvs/{start:02}.csv")
    report = load(tmp_path)
    assert report.rows_loaded == len(rows)
    assert raw.rows() == sorted(rows)
    assert raw.is_consistent()
    assert is_sorted_by_building(raw)


def test_shuffled_file_equals_the_sorted_one_image_by_image(raw: Raw, write_csv: WriteCsv) -> None:
    rows = some_rows()
    load(write_csv(rows), source="labels")
    random.Random(3).shuffle(rows)
    report = load(write_csv(rows), source="labels")
    assert (report.images_changed, report.images_unchanged) == (0, 6)


@pytest.mark.parametrize("number", [0, 131071, 131072, 5_000_000, 2**31 - 1])
def test_ids_of_any_size_come_back(raw: Raw, write_csv: WriteCsv, number: int) -> None:
    rows = [row(number, month) for month in MONTHS] + [row(7, "2018_02")]
    load(write_csv(rows))
    load(write_csv([*rows, row(2**31 - 2, "2018_02")]))
    assert raw.rows() == sorted([*rows, row(2**31 - 2, "2018_02")])
    assert raw.is_consistent()


def test_crlf_and_byte_order_mark_are_no_part_of_the_values(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "windows.csv"
    path.write_bytes(b"\xef\xbb\xbf" + csv_text(some_rows()).replace("\n", "\r\n").encode())
    assert load(path).rows_rejected == 0
    assert raw.rows() == sorted(some_rows())


def test_last_line_needs_no_line_feed(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "open.csv"
    path.write_text(csv_text(some_rows()).rstrip("\n"), encoding="utf-8")
    assert load(path).rows_loaded == 30


def test_header_alone_is_a_source_without_rows(raw: Raw, write_csv: WriteCsv) -> None:
    report = load(write_csv([]))
    assert (report.state, report.rows_read, report.images_changed) == ("loaded", 0, 0)


def test_quoted_values_are_values(raw: Raw, tmp_path: Path) -> None:
    name, number, polygon = row(3)
    path = tmp_path / "quoted.csv"
    path.write_text(f'"filename","id","geometry"\n"{name}","{number}","{polygon}"\n', "utf-8")
    assert load(path).rows_loaded == 1
    assert raw.rows() == [row(3)]


def test_gzip_is_read_as_its_content(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv.gz"
    half, other = csv_text(some_rows())[:500], csv_text(some_rows())[500:]
    path.write_bytes(gzip.compress(half.encode()) + gzip.compress(other.encode()))
    assert load(path).rows_loaded == 30
    assert raw.rows() == sorted(some_rows())


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_every_csv_of_a_tar_is_read(raw: Raw, tmp_path: Path, mode: str) -> None:
    path = tmp_path / "labels.tar.gz"
    parts = {"csvs/a.csv": some_rows()[:15], "csvs/b.csv": some_rows()[15:], "readme.txt": []}
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, rows in parts.items():
            content = csv_text(rows).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert load(path).rows_loaded == 30
    assert raw.rows() == sorted(some_rows())


def test_every_csv_of_a_folder_is_read(raw: Raw, tmp_path: Path) -> None:
    (tmp_path / "csvs").mkdir()
    (tmp_path / "csvs" / "a.csv").write_text(csv_text(some_rows()[:15]), encoding="utf-8")
    compressed = gzip.compress(csv_text(some_rows()[15:]).encode())
    (tmp_path / "csvs" / "b.csv.gz").write_bytes(compressed)
    assert load(tmp_path).rows_loaded == 30
    assert load(tmp_path).state == "unchanged"


def test_pieces_of_any_size_give_the_same(
    raw: Raw, write_csv: WriteCsv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.forms.streams.PIECE_BYTES", 97)
    load(write_csv(some_rows()))
    assert raw.rows() == sorted(some_rows())
    assert raw.is_consistent()


def test_ledger_tells_what_was_read(raw: Raw, write_csv: WriteCsv) -> None:
    path = write_csv([*some_rows(), (filename("2018_13"), 1, square())])
    report = load(path, source="mine")
    assert raw.query(
        """
        select load_id, source, source_kind, size_bytes, rows_read, rows_loaded, rows_rejected,
            images_changed, state, finished_at >= started_at
        from raw.load_run
        """
    ) == [(report.load_id, "mine", "csv", path.stat().st_size, 31, 30, 1, 6, "loaded", True)]


def test_digest_of_the_ledger_is_the_files_sha256(raw: Raw, write_csv: WriteCsv) -> None:
    path = write_csv(some_rows())
    load(path)
    assert raw.query("select content_sha256 from raw.load_run") == [
        (hashlib.sha256(path.read_bytes()).hexdigest(),)
    ]
