from pathlib import Path

import pytest

from benchmarks.data import CSV, open_data_set, split_last_month, write_every, write_first_row
from benchmarks.errors import BenchmarkError

HEADER = "filename,id,geometry\n"
NORTH = "L15-1615E-1205N_6460_3370_13"
SOUTH = "L15-0331E-1257N_1327_3160_13"


def row(chip: str, year: int, month: int, number: int) -> str:
    stem = f"global_monthly_{year}_{month:02}_mosaic_{chip}"
    return f'{stem},{number},"POLYGON ((0 0, 1 0, 1 1, 0 0))"\n'


ROWS = [
    row(SOUTH, 2018, 12, 0),
    row(SOUTH, 2019, 1, 0),
    row(SOUTH, 2019, 1, 1),
    row(NORTH, 2018, 2, 0),
    row(NORTH, 2018, 11, 0),
    row(NORTH, 2018, 11, 5),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    csv = tmp_path / "whole" / CSV
    csv.parent.mkdir(parents=True)
    csv.write_text(HEADER + "".join(ROWS))
    for chip, year, month in ((SOUTH, 2018, 12), (NORTH, 2018, 11)):
        stem = f"global_monthly_{year}_{month:02}_mosaic_{chip}"
        mask = tmp_path / "whole" / "train" / chip / "labels" / f"{stem}_UDM.geojson"
        mask.parent.mkdir(parents=True)
        mask.write_text("{}")
    return tmp_path / "whole"


def test_a_data_set_counts_its_rows_without_the_header(folder: Path) -> None:
    data = open_data_set(folder)

    assert data.rows == 6
    assert data.size_bytes == len(HEADER + "".join(ROWS))


def test_a_folder_without_a_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="has no csvs/"):
        open_data_set(tmp_path)


def test_a_share_of_the_rows_is_spread_over_the_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "share.csv"

    assert write_every(folder / CSV, step=3, out=out) == 2
    assert out.read_text() == HEADER + ROWS[0] + ROWS[3]


def test_the_first_row_stands_alone(folder: Path, tmp_path: Path) -> None:
    write_first_row(folder / CSV, tmp_path / "first.csv")

    assert (tmp_path / "first.csv").read_text() == HEADER + ROWS[0]


def test_last_months_of_all_chips_become_one_new_month(folder: Path, tmp_path: Path) -> None:
    before, month = split_last_month(open_data_set(folder), tmp_path / "split")

    assert before.csv.read_text() == HEADER + ROWS[0] + ROWS[3]
    renamed = [row(NORTH, 2019, 1, 0), row(NORTH, 2019, 1, 5)]
    assert month.csv.read_text() == HEADER + "".join([ROWS[1], ROWS[2], *renamed])
    assert (before.rows, month.rows) == (2, 4)


def test_masks_go_with_their_month(folder: Path, tmp_path: Path) -> None:
    before, month = split_last_month(open_data_set(folder), tmp_path / "split")

    assert [mask.name[15:22] for mask in before.folder.rglob("*_UDM.geojson")] == ["2018_12"]
    assert [mask.name[15:22] for mask in month.folder.rglob("*_UDM.geojson")] == ["2019_01"]
