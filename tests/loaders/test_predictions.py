"""Predictions of trackers: loaded by the rules of the truth, side by side, never among it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.errors import NothingLoadedError, TrackerNameError, UnknownTrackerError
from loaders.load import load, load_predictions
from loaders.sources import forget_tracker, known_sources, known_trackers
from tests.fixtures.sources import CHIP, OTHER_CHIP, Raw, Row, filename, row, square
from warehouse.connection.settings import PROJECT_ROOT

WriteCsv = Callable[..., Path]
MONTHS = ("2018_01", "2018_02", "2018_03")


def base() -> list[Row]:
    return [row(n, month) for month in MONTHS for n in range(3)]


def predicted(raw: Raw, tracker: str) -> list[tuple[object, ...]]:
    """Month, id and polygon of every prediction."""
    return raw.query(
        """
        select time_key, building_id, polygon
        from raw.prediction_observation
        inner join raw.prediction_footprint
            using (tracker, chip_key, building_id, footprint_no)
        where tracker = %s
        order by chip_key, time_key, building_id
        """,
        tracker,
    )


def everything(raw: Raw) -> list[object]:
    """All rows of predictions and of the truth."""
    tables = ("image", "image_rows", "footprint")
    return [
        raw.query(f"select * from raw.{prefix}{table} order by 1, 2, 3")
        for prefix in ("", "prediction_")
        for table in tables
    ]


def test_trackers_lie_side_by_side_and_beside_the_truth(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(base()), source="truth")
    rows = raw.rows()
    load_predictions(write_csv([row(7), row(7, "2018_02")], "a.csv"), tracker="a")
    load_predictions(write_csv([row(7, polygon=square(500))], "b.csv"), tracker="b")
    assert raw.rows() == rows
    assert predicted(raw, "a") == [(201801, 7, row(7)[2]), (201802, 7, row(7)[2])]
    assert predicted(raw, "b") == [(201801, 7, square(500))]
    assert [source.name for source in known_sources()] == ["truth"]
    assert [(one.name, one.images, one.rows, one.polygons) for one in known_trackers()] == [
        ("a", 2, 2, 1),
        ("b", 1, 1, 1),
    ]


def test_a_polygon_that_repeats_is_kept_once(raw: Raw, write_csv: WriteCsv) -> None:
    moved = row(1, "2018_03", polygon=square(300))
    load_predictions(write_csv([row(1), row(1, "2018_02"), moved]), tracker="a")
    found = raw.query("select footprint_no, polygon from raw.prediction_footprint order by 1")
    assert found == [(1, row(1)[2]), (2, square(300))]


def test_loading_again_changes_nothing(raw: Raw, write_csv: WriteCsv) -> None:
    path = write_csv(base())
    load_predictions(path, tracker="a")
    before = everything(raw)
    again = load_predictions(path, tracker="a")
    assert (again.state, again.images_changed) == ("unchanged", 0)
    elsewhere = load_predictions(write_csv(base(), "copy.csv"), tracker="a")
    assert elsewhere.state == "unchanged"
    assert everything(raw) == before


def test_the_same_file_as_truth_and_as_predictions_is_two_things(
    raw: Raw, write_csv: WriteCsv
) -> None:
    path = write_csv(base())
    assert load(path).state == "loaded"
    assert load_predictions(path, tracker="a").state == "loaded"
    assert load(path).state == "unchanged"
    assert len(raw.rows()) == len(predicted(raw, "a")) == len(base())


def test_a_later_load_changes_only_the_images_that_differ(raw: Raw, write_csv: WriteCsv) -> None:
    load_predictions(write_csv(base()), tracker="a")
    load_predictions(write_csv(base(), "b.csv"), tracker="b")
    rows = [*(one for one in base() if "2018_03" not in one[0]), row(9, "2018_02")]
    report = load_predictions(write_csv(rows), tracker="a")
    assert (report.images_changed, report.images_unchanged, report.images_removed) == (1, 1, 1)
    versions = raw.query("select time_key, load_id from raw.prediction_image where tracker = 'a'")
    assert sorted(versions) == [(201801, 1), (201802, 3)]
    assert len(predicted(raw, "a")) == len(rows)
    assert len(predicted(raw, "b")) == len(base())


def test_footprints_that_a_tracker_no_longer_has_go_and_those_of_others_stay(
    raw: Raw, write_csv: WriteCsv
) -> None:
    for tracker in ("a", "b"):
        load_predictions(write_csv([row(1), row(2)]), tracker=tracker)
    load_predictions(write_csv([row(1)]), tracker="a")
    found = raw.query("select tracker, building_id from raw.prediction_footprint order by 1, 2")
    assert found == [("a", 1), ("b", 1), ("b", 2)]


def test_an_empty_polygon_says_that_a_month_has_nothing(raw: Raw, write_csv: WriteCsv) -> None:
    nothing = row(0, "2018_02", polygon="POLYGON EMPTY")
    report = load_predictions(write_csv([row(1), nothing]), tracker="a")
    assert (report.rows_read, report.rows_loaded, report.rows_rejected) == (2, 2, 0)
    assert report.other_forms == (("empty polygon: the tracker found nothing in that month", 1),)
    found = raw.query("select time_key, row_count from raw.prediction_image order by 1")
    assert found == [(201801, 1), (201802, 0)]


def test_an_empty_polygon_of_no_image_is_rejected_for_that(raw: Raw, write_csv: WriteCsv) -> None:
    rows = [row(1), (filename("2018_13"), 0, "POLYGON EMPTY")]
    assert load_predictions(write_csv(rows), tracker="a").rows_rejected == 1
    assert raw.rejected() == [(3, "filename names no month: 2018_13")]


def test_an_empty_polygon_is_no_label(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv([row(1), row(0, "2018_02", polygon="POLYGON EMPTY")]))
    assert raw.rejected() == [(3, "polygon is empty")]


def test_bad_predictions_get_the_loaders_words(raw: Raw, write_csv: WriteCsv) -> None:
    rows = [row(1), row(1), row(2, polygon="POINT (1 2)"), row(3, polygon=square(9000))]
    report = load_predictions(write_csv(rows), tracker="a")
    assert report.rows_rejected == 3
    assert [reason.partition(":")[0] for _, reason in raw.rejected()] == [
        "key was read before",
        "geometry is no polygon",
        "coordinate is far outside the chip",
    ]
    with pytest.raises(NothingLoadedError, match=r"none of the 1 rows .*tracker a"):
        load_predictions(write_csv([row(2, polygon="POINT (1 2)")]), tracker="a")
    assert len(predicted(raw, "a")) == 1
    assert raw.states() == ["failed", "loaded"]


def test_predictions_come_as_a_tree_of_geojson(raw: Raw, tmp_path: Path) -> None:
    folder = tmp_path / "tree" / "train" / CHIP / "labels_match_pix"
    folder.mkdir(parents=True)
    polygon = {"type": "Polygon", "coordinates": [[[1, 1], [5, 1], [5, 5], [1, 5], [1, 1]]]}
    for month, features in (("2018_01", [polygon]), ("2018_02", [])):
        collection = {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": {"Id": 4}, "geometry": one} for one in features
            ],
        }
        path = folder / f"{filename(month)}_Buildings.geojson"
        path.write_text(json.dumps(collection), encoding="utf-8")
    report = load_predictions(tmp_path / "tree", tracker="a")
    assert (report.rows_loaded, report.images_changed) == (1, 2)
    assert [found[:2] for found in predicted(raw, "a")] == [(201801, 4)]


def test_a_tracker_is_forgotten_alone(raw: Raw, write_csv: WriteCsv) -> None:
    path = write_csv([*base(), row(1, chip=OTHER_CHIP)])
    load(path)
    for tracker in ("a", "b"):
        load_predictions(path, tracker=tracker)
    assert forget_tracker("a") == 4
    assert [tracker.name for tracker in known_trackers()] == ["b"]
    assert predicted(raw, "a") == []
    assert len(predicted(raw, "b")) == len(raw.rows()) == 10
    assert load_predictions(path, tracker="a").state == "loaded"
    with pytest.raises(UnknownTrackerError, match="no tracker 'c'; the warehouse has: a, b"):
        forget_tracker("c")


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "é", "a" * 64, "a%s"])
def test_a_tracker_has_a_name_that_files_and_addresses_can_have(
    name: str, write_csv: WriteCsv
) -> None:
    with pytest.raises(TrackerNameError, match="is no name of a tracker"):
        load_predictions(write_csv(base()), tracker=name)


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "loaders", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT)


def test_the_commands_load_list_and_forget(raw: Raw, write_csv: WriteCsv) -> None:
    path = str(write_csv(base()))
    done = run("predictions", path, "--tracker", "careful")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{path} (tracker careful) loaded in ")
    listed = run("sources").stdout.splitlines()
    assert "no source was loaded yet" in listed[0]
    assert listed[-1].split()[:4] == ["careful", "3", "9", "3"]
    assert run("forget", "--tracker", "careful").stdout == (
        "tracker careful forgotten: 3 images left\n"
    )
    assert run("forget").returncode != 0
