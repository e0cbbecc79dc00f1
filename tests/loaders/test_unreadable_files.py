"""Label files and masks that cannot be read, or have another name, take nothing away."""

import json
from pathlib import Path
from typing import Any

import pytest

from loaders.errors import LoaderError, NothingLoadedError, SourceMissingError
from loaders.load import LoadReport, load
from tests.fixtures.sources import (
    CHIP,
    Raw,
    csv_text,
    filename,
    row,
)

MONTHS = ("2018_01", "2018_02", "2018_03")
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
    before = raw.whole()
    labels_of(tree, "2018_02").write_text(content, encoding="utf-8")
    report = load(tree)
    assert (report.rows_loaded, report.rows_rejected, report.images_removed) == (2, 1, 0)
    assert filename("2018_02") in report.warnings[0]
    assert raw.whole() == before
    labels_of(tree, "2018_02").unlink()
    assert load(tree).images_removed == 1


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_folder_of_which_no_file_can_be_read_changes_nothing(
    raw: Raw, tree: Path, content: str
) -> None:
    load(tree)
    before = raw.whole()
    for month in MONTHS:
        labels_of(tree, month).write_text(content, encoding="utf-8")
    with pytest.raises(NothingLoadedError, match="none of the 3 rows of"):
        load(tree)
    assert raw.whole() == before


def test_a_label_file_of_another_name_takes_no_month_away(raw: Raw, tree: Path) -> None:
    load(tree)
    before = raw.whole()
    path = labels_of(tree, "2018_02")
    path.rename(path.with_name("february_Buildings.geojson"))
    report = load(tree)
    assert report.images_removed == 0
    assert "1 image that the source does not name stayed" in report.warnings[0]
    assert raw.whole() == before


@pytest.mark.parametrize("what_is_left", ["folders", "nothing"])
def test_an_emptied_folder_changes_nothing(raw: Raw, tree: Path, what_is_left: str) -> None:
    load(tree)
    before = raw.whole()
    for month in MONTHS:
        labels_of(tree, month).unlink()
    if what_is_left == "nothing":
        labels_of(tree, "2018_01").parent.rmdir()
    with pytest.raises(SourceMissingError):
        load(tree)
    assert raw.whole() == before


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
    (root / "csvs" / "labels.csv").write_text(csv_text([row(1)]), encoding="utf-8")
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
    before = raw.whole()
    for month in MONTHS:
        labels_of(tree, month).write_text("{", encoding="utf-8")
    mask_of(tree).write_text(mask(OTHER_AREA), encoding="utf-8")
    assert isinstance(report_of(tree), NothingLoadedError)
    assert raw.whole() == before
