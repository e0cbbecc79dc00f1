"""A bad delivery takes nothing away: unreadable is not absent."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.errors import (
    NothingLoadedError,
    SourceDamagedError,
)
from loaders.load import load
from tests.fixtures.sources import (
    HEADER,
    OTHER_CHIP,
    Raw,
    Row,
    csv_text,
    filename,
    line,
    row,
    square,
)
from warehouse.connection.settings import PROJECT_ROOT

WriteCsv = Callable[..., Path]
MONTHS = ("2018_01", "2018_02", "2018_03")


def base() -> list[Row]:
    return [row(n, month) for month in MONTHS for n in range(5)]


def with_name(values: Row) -> str:
    return line((values[0].replace("monthly", "weekly"), values[1], values[2]))


def with_id(values: Row) -> str:
    return line(values).replace(f",{values[1]},", f",b{values[1]},")


def with_polygon(values: Row) -> str:
    return line((values[0], values[1], "POINT (1 2)"))


def without_polygon(values: Row) -> str:
    return f"{values[0]},{values[1]},"


def with_open_quote(values: Row) -> str:
    return line(values)[:-1]


SPOILT: dict[str, Callable[[Row], str]] = {
    "names": with_name,
    "ids": with_id,
    "geometries": with_polygon,
    "no geometries": without_polygon,
    "quotes": with_open_quote,
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loaders", *arguments]
    environment = os.environ | {"COLUMNS": "80"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT, env=environment
    )


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("name", ["labels.csv", "other.csv"], ids=["same source", "another"])
def test_a_source_of_which_nothing_can_be_loaded_changes_nothing(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path, spoil: Callable[[Row], str], name: str
) -> None:
    load(write_csv(base()))
    before = raw.whole()
    bad = write(tmp_path / name, [spoil(values) for values in base()])
    with pytest.raises(NothingLoadedError, match="none of the 15 rows of") as caught:
        load(bad)
    assert "\n" not in str(caught.value)
    assert raw.whole() == before
    assert raw.query(
        """
        select state, rows_read, rows_loaded, rows_rejected, message from raw.load_run
        order by load_id desc limit 1
        """
    ) == [("failed", 15, 0, 15, str(caught.value))]
    assert raw.query("select count(*), min(load_id) from raw.rejected_row") == [(15, 2)]


def test_a_source_without_rows_takes_nothing_away(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path
) -> None:
    load(write_csv(base()))
    before = raw.whole()
    bare = write(tmp_path / "labels.csv", [])
    with pytest.raises(NothingLoadedError, match=f"{bare} has no rows.* forget {bare}"):
        load(bare)
    assert raw.whole() == before


def test_of_an_empty_warehouse_a_bad_source_leaves_it_empty(raw: Raw, tmp_path: Path) -> None:
    bad = write(tmp_path / "labels.csv", [with_polygon(values) for values in base()])
    with pytest.raises(NothingLoadedError):
        load(bad)
    assert not any(raw.whole())
    write(bad, [line(values) for values in base()])
    assert load(bad).rows_loaded == 15
    assert raw.is_consistent()


def test_a_bad_source_ends_in_one_sentence_and_exit_code_1(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path
) -> None:
    load(write_csv(base()))
    write(tmp_path / "labels.csv", [with_polygon(values) for values in base()])
    done = run("load", str(tmp_path / "labels.csv"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("error: none of the 15 rows of ")
    assert "geometry is no polygon" in done.stderr


def test_a_bad_source_is_no_loaded_one(raw: Raw, write_csv: WriteCsv, tmp_path: Path) -> None:
    load(write_csv(base()))
    bad = write(tmp_path / "bad.csv", [with_polygon(values) for values in base()])
    for _ in range(2):
        with pytest.raises(NothingLoadedError):
            load(bad)
    assert load(write_csv(base())).state == "unchanged"


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("name", ["labels.csv", "other.csv"], ids=["same source", "another"])
def test_an_image_of_which_nothing_can_be_loaded_keeps_its_rows(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path, spoil: Callable[[Row], str], name: str
) -> None:
    load(write_csv(base()))
    corrected = [(values[0], values[1], square(500, values[1] * 9)) for values in base()]
    lines = [spoil(values) if "2018_02" in values[0] else line(values) for values in corrected]
    report = load(write(tmp_path / name, lines))
    expected = [
        old if "2018_02" in old[0] else new for old, new in zip(base(), corrected, strict=True)
    ]
    assert raw.rows() == sorted(expected)
    assert (report.rows_loaded, report.rows_rejected, report.images_removed) == (10, 5, 0)
    is_known = spoil is not with_name
    assert len(report.warnings) == (1 if is_known or name == "labels.csv" else 0)
    assert raw.is_consistent()


def test_what_could_not_be_loaded_is_said_by_name(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path
) -> None:
    load(write_csv(base()))
    lines = [with_polygon(v) if "2018_02" in v[0] else line(v) for v in base()]
    path = write(tmp_path / "labels.csv", lines)
    done = run("load", str(path))
    assert done.returncode == 0
    assert f"warning: nothing of 1 image ({filename('2018_02')}) could be read" in done.stdout
    again = load(path)
    assert again.state == "unchanged"
    assert len(again.warnings) == 1
    assert raw.query("select warnings from raw.load_run where load_id = 2") == [
        (list(again.warnings),)
    ]


def test_an_image_that_loses_rows_with_rejected_ones_is_named(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path
) -> None:
    load(write_csv(base()))
    lines = [with_polygon(v) if v[1] == 3 and "2018_03" in v[0] else line(v) for v in base()]
    report = load(write(tmp_path / "labels.csv", lines))
    assert report.rows_loaded == 14
    assert [text for text in report.warnings if filename("2018_03") in text and "lost rows" in text]


def test_a_new_image_of_which_nothing_can_be_loaded_is_not_there(raw: Raw, tmp_path: Path) -> None:
    lines = [line(row(1)), with_polygon(row(1, "2018_02", OTHER_CHIP))]
    load(write(tmp_path / "labels.csv", lines))
    assert raw.query("select filename from raw.image") == [(filename(),)]
    assert raw.query("select count(*) from raw.town") == [(1,)]


def test_images_stay_while_a_rejected_row_names_none(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path
) -> None:
    load(write_csv(base()))
    february = [line(values) for values in base() if "2018_02" in values[0]]
    report = load(write(tmp_path / "labels.csv", [*february, "garbage"]))
    assert report.images_removed == 0
    assert "2 images that the source does not name stayed" in report.warnings[0]
    assert raw.rows() == sorted(base())
    report = load(write(tmp_path / "labels.csv", february))
    assert (report.images_removed, report.warnings) == (2, ())
    assert raw.rows() == [values for values in base() if "2018_02" in values[0]]


@pytest.mark.parametrize("kept", [0.98, 0.6, 0.3])
@pytest.mark.parametrize("form", ["alone", "in a folder", "in an archive"])
def test_a_csv_that_ends_within_a_line_changes_nothing(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path, form: str, kept: float
) -> None:
    load(write_csv(base()))
    before = raw.whole()
    whole = csv_text(base()).encode()
    end = int(len(whole) * kept)
    content = whole[: end - whole[end - 1 : end].count(b"\n")]
    path = tmp_path / "cut.csv"
    if form == "in a folder":
        (tmp_path / "cut" / "csvs").mkdir(parents=True)
        (tmp_path / "cut" / "csvs" / "good.csv").write_bytes(whole)
        path = tmp_path / "cut" / "csvs" / "labels.csv"
    path.write_bytes(content)
    if form == "in an archive":
        with tarfile.open(tmp_path / "cut.tar", "w") as archive:
            archive.add(path, "csvs/labels.csv")
    found = {"alone": path, "in a folder": path.parents[1], "in an archive": tmp_path / "cut.tar"}
    with pytest.raises(SourceDamagedError, match=r"ends within line .* cut off"):
        load(found[form])
    assert raw.whole() == before
