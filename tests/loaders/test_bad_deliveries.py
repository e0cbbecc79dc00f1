"""A bad delivery takes nothing away: unreadable is not absent."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loaders.errors import (
    LoaderError,
    NothingLoadedError,
    SourceDamagedError,
    SourceMissingError,
)
from loaders.load import LoadReport, load
from tests.fixtures.sources import (
    CHIP,
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


def state_of(raw: Raw) -> list[list[tuple[object, ...]]]:
    """All that a load may change, the ledger and rejected rows left out."""
    tables = ("image", "image_source", "image_rows", "footprint", "unusable_area", "image_mask")
    return [raw.query(f"select * from raw.{table} order by 1, 2, 3") for table in tables] + [
        raw.query("select chip_key from raw.town order by 1")
    ]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("name", ["labels.csv", "other.csv"], ids=["same source", "another"])
def test_a_source_of_which_nothing_can_be_loaded_changes_nothing(
    raw: Raw, write_csv: WriteCsv, tmp_path: Path, spoil: Callable[[Row], str], name: str
) -> None:
    load(write_csv(base()))
    before = state_of(raw)
    bad = write(tmp_path / name, [spoil(values) for values in base()])
    with pytest.raises(NothingLoadedError, match="none of the 15 rows of") as caught:
        load(bad)
    assert "\n" not in str(caught.value)
    assert state_of(raw) == before
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
    before = state_of(raw)
    bare = write(tmp_path / "labels.csv", [])
    with pytest.raises(NothingLoadedError, match=f"{bare} has no rows.* forget {bare}"):
        load(bare)
    assert state_of(raw) == before


def test_of_an_empty_warehouse_a_bad_source_leaves_it_empty(raw: Raw, tmp_path: Path) -> None:
    bad = write(tmp_path / "labels.csv", [with_polygon(values) for values in base()])
    with pytest.raises(NothingLoadedError):
        load(bad)
    assert not any(state_of(raw))
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
    before = state_of(raw)
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
    assert state_of(raw) == before


RING = [[10, 20], [14, 20], [14, 24], [10, 24], [10, 20]]
AREA = [[99.0, 30.0], [99.01, 30.0], [99.01, 30.01], [99.0, 30.0]]
OTHER_AREA = [[99.1, 30.0], [99.11, 30.0], [99.11, 30.01], [99.1, 30.0]]


def collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


def feature(number: int, *, key: str = "Id", kind: str = "Polygon") -> dict[str, Any]:
    coordinates: object = {"Polygon": [RING], "Point": RING[0]}[kind]
    return {
        "type": "Feature",
        "properties": {key: number},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def labels_of(root: Path, month: str, chip: str = CHIP) -> Path:
    folder = root / "train" / chip / "labels_match_pix"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{filename(month, chip)}_Buildings.geojson"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder of three months with one building each."""
    root = tmp_path / "tree"
    for number, month in enumerate(MONTHS):
        labels_of(root, month).write_text(collection(feature(number)), encoding="utf-8")
    return root


UNREADABLE = {
    "cut short": collection(feature(1))[:-30],
    "empty": "",
    "a web page": "<html><body>404</body></html>",
    "another object": '{"type": "Topology", "objects": {}}',
    "ids in lower case": collection(feature(1, key="ID of building")),
    "points": collection(feature(1, kind="Point")),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_label_file_that_cannot_be_read_keeps_its_month(
    raw: Raw, tree: Path, content: str
) -> None:
    load(tree)
    before = state_of(raw)
    labels_of(tree, "2018_02").write_text(content, encoding="utf-8")
    report = load(tree)
    assert (report.rows_loaded, report.rows_rejected, report.images_removed) == (2, 1, 0)
    assert filename("2018_02") in report.warnings[0]
    assert state_of(raw) == before
    labels_of(tree, "2018_02").unlink()
    assert load(tree).images_removed == 1


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_folder_of_which_no_file_can_be_read_changes_nothing(
    raw: Raw, tree: Path, content: str
) -> None:
    load(tree)
    before = state_of(raw)
    for month in MONTHS:
        labels_of(tree, month).write_text(content, encoding="utf-8")
    with pytest.raises(NothingLoadedError, match="none of the 3 rows of"):
        load(tree)
    assert state_of(raw) == before


def test_a_label_file_of_another_name_takes_no_month_away(raw: Raw, tree: Path) -> None:
    load(tree)
    before = state_of(raw)
    path = labels_of(tree, "2018_02")
    path.rename(path.with_name("february_Buildings.geojson"))
    report = load(tree)
    assert report.images_removed == 0
    assert "1 image that the source does not name stayed" in report.warnings[0]
    assert state_of(raw) == before


@pytest.mark.parametrize("what_is_left", ["folders", "nothing"])
def test_an_emptied_folder_changes_nothing(raw: Raw, tree: Path, what_is_left: str) -> None:
    load(tree)
    before = state_of(raw)
    for month in MONTHS:
        labels_of(tree, month).unlink()
    if what_is_left == "nothing":
        labels_of(tree, "2018_01").parent.rmdir()
    with pytest.raises(SourceMissingError):
        load(tree)
    assert state_of(raw) == before


def test_an_empty_label_file_of_the_right_form_says_that_nothing_was_seen(
    raw: Raw, tree: Path
) -> None:
    load(tree)
    labels_of(tree, "2018_02").write_text(collection(), encoding="utf-8")
    report = load(tree)
    assert (report.images_changed, report.warnings) == (1, ())
    assert raw.query("select row_count from raw.image where month = 2") == [(0,)]


def mask_of(root: Path, month: str = "2018_01") -> Path:
    folder = root / "train" / CHIP / "labels"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{filename(month)}_UDM.geojson"


def mask(*rings: list[list[float]]) -> str:
    return collection(
        *(
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
            for ring in rings
        )
    )


def masked(root: Path, *rings: list[list[float]]) -> Path:
    (root / "csvs").mkdir(parents=True, exist_ok=True)
    write(root / "csvs" / "labels.csv", [line(row(1))])
    mask_of(root).write_text(mask(*rings), encoding="utf-8")
    return root


def areas(raw: Raw) -> list[str]:
    found = raw.query("select left(polygon, 13) from raw.unusable_area order by time_key, area_no")
    return [str(polygon) for (polygon,) in found]


FIRST, SECOND = "POLYGON ((99 ", "POLYGON ((99."


@pytest.mark.parametrize("content", ["", mask(AREA)[:-20], "<html/>", collection(feature(1))])
def test_a_mask_that_cannot_be_read_stays(raw: Raw, tmp_path: Path, content: str) -> None:
    root = masked(tmp_path / "a", AREA)
    load(root)
    if content == collection(feature(1)):  # an area, but one that crosses itself
        crossing = [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
        content = mask(crossing)
    mask_of(root).write_text(content, encoding="utf-8")
    report = load(root)
    assert areas(raw) == [FIRST]
    assert "nothing of 1 mask could be read" in report.warnings[0]


def test_a_mask_file_of_another_name_takes_no_mask_away(raw: Raw, tmp_path: Path) -> None:
    root = masked(tmp_path / "a", AREA)
    load(root)
    mask_of(root).rename(mask_of(root).with_name("cloud_UDM.geojson"))
    load(root)
    assert areas(raw) == [FIRST]


def alternate(tmp_path: Path) -> tuple[Path, Path]:
    return masked(tmp_path / "a", AREA), masked(tmp_path / "b", OTHER_AREA)


def test_a_mask_is_not_lost_when_sources_alternate(raw: Raw, tmp_path: Path) -> None:
    one, other = alternate(tmp_path)
    load(one)
    load(other)
    assert areas(raw) == [SECOND]
    mask_of(other).unlink()
    load(other)
    assert areas(raw) == [FIRST]
    assert load(one).state == "unchanged"
    assert areas(raw) == [FIRST]
    changed = raw.query("select load_id from raw.unusable_area")
    assert changed == [(3,)], "what stands anew is a change for those who build on it"


def test_the_newest_mask_holds(raw: Raw, tmp_path: Path) -> None:
    one, other = alternate(tmp_path)
    load(one)
    load(other)
    mask_of(one).write_text(mask(AREA, OTHER_AREA), encoding="utf-8")
    load(one)
    assert areas(raw) == [FIRST, SECOND]
    mask_of(one).write_text(mask(), encoding="utf-8")
    load(one)
    assert areas(raw) == []
    mask_of(one).unlink()
    load(one)
    assert areas(raw) == [SECOND]


def report_of(path: Path) -> LoadReport | LoaderError:
    try:
        return load(path)
    except LoaderError as error:
        return error


def test_a_source_of_a_bad_label_file_alone_and_good_masks_changes_nothing(
    raw: Raw, tree: Path
) -> None:
    mask_of(tree).write_text(mask(AREA), encoding="utf-8")
    load(tree)
    before = state_of(raw)
    for month in MONTHS:
        labels_of(tree, month).write_text("{", encoding="utf-8")
    mask_of(tree).write_text(mask(OTHER_AREA), encoding="utf-8")
    assert isinstance(report_of(tree), NothingLoadedError)
    assert state_of(raw) == before
