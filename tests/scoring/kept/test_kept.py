"""Trackers of the warehouse: scored like files, kept, and scored again only where they changed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.load import load, load_predictions
from loaders.sources import forget_tracker
from scoring.errors import NoTruthError, TablesMissingError, TestNameError, UnknownTrackerError
from scoring.files.tracker import score_files
from scoring.kept.tracker import score_all, score_tracker, trackers
from scoring.metric.options import Options
from scoring.metric.whole import Scope
from synthetic.trackers.predictions import predict
from synthetic.trackers.styles import Style
from tests.fixtures.sources import CHIP, OTHER_CHIP, Raw, Row, row, square
from warehouse.connection.settings import PROJECT_ROOT

WriteCsv = Callable[..., Path]
MONTHS = ("2018_01", "2018_02", "2018_03", "2018_05")


def town(chip: str = CHIP) -> list[Row]:
    """Forty buildings, of which one more appears every month."""
    return [
        row(number, month, chip, square(12 + 24 * number, 40, side=6))
        for at, month in enumerate(MONTHS)
        for number in range(36 + at)
    ]


@pytest.fixture
def scored(raw: Raw, write_csv: WriteCsv, tmp_path: Path) -> Raw:
    """The truth of two chips, and a sloppy tracker of it."""
    labels = write_csv([*town(), *town(OTHER_CHIP)], "truth.csv")
    predict(labels, tmp_path / "sloppy.csv", style=Style.SLOPPY)
    load(labels)
    load_predictions(tmp_path / "sloppy.csv", tracker="sloppy")
    return raw


def runs(raw: Raw) -> dict[object, object]:
    """Number of the run in which each chip was scored."""
    found = raw.query("select chip_key, run_no from scores.chip_score where tracker = 'sloppy'")
    return {chip_key: run_no for chip_key, run_no in found}  # noqa: C416 (rows are no pairs to mypy)


def test_a_tracker_of_the_warehouse_scores_as_its_file_does(scored: Raw, tmp_path: Path) -> None:
    file = score_files(tmp_path / "truth.csv", tmp_path / "sloppy.csv", Options()).score
    kept = score_tracker("sloppy").score
    assert kept.chips == file.chips
    assert kept.scot == file.scot
    assert kept.lateness.equals(file.lateness)
    without_cloud = kept.breakdown.filter(kept.breakdown["dimension"] != "cloud")
    assert without_cloud.equals(file.breakdown)


def test_matches_are_kept_month_by_month(scored: Raw) -> None:
    kept = score_tracker("sloppy").score
    found = scored.query(
        """
        select
            chip_key,
            count(iou) - count(*) filter (where mismatch),
            count(*) filter (where building_id is null) + count(*) filter (where mismatch),
            count(*) filter (where predicted_id is null) + count(*) filter (where mismatch)
        from scores.image_match
        cross join lateral unnest(building_ids, predicted_ids, ious, mismatches)
            as one (building_id, predicted_id, iou, mismatch)
        group by chip_key
        order by chip_key
        """
    )
    assert [counts for _, *counts in found] == [
        [chip.track_tp, chip.track_fp, chip.track_fn] for chip in kept.chips.values()
    ]


def test_what_did_not_change_is_not_scored_again(scored: Raw) -> None:
    first = score_tracker("sloppy")
    assert (first.chips_scored, first.chips_kept) == (2, 0)
    before = scored.query("select * from scores.run")
    again = score_tracker("sloppy")
    assert (again.chips_scored, again.chips_kept) == (0, 2)
    assert again.score.scot == first.score.scot
    assert scored.query("select * from scores.run") == before


def test_a_chip_is_scored_again_when_its_truth_changes(scored: Raw, write_csv: WriteCsv) -> None:
    score_tracker("sloppy")
    before = runs(scored)
    load(write_csv([*town()[:-1], *town(OTHER_CHIP)], "truth.csv"))
    assert score_tracker("sloppy").chips_scored == 1
    after = runs(scored)
    assert [key for key in before if before[key] != after[key]] == [6460 * 8192 + 3370]


def test_a_chip_is_scored_again_when_its_predictions_change(
    scored: Raw, write_csv: WriteCsv
) -> None:
    score_tracker("sloppy")
    load_predictions(write_csv([*town(), *town(OTHER_CHIP)], "p.csv"), tracker="sloppy")
    scoring = score_tracker("sloppy")
    assert scoring.chips_scored == 2
    assert scoring.score.scot == 1


def test_other_options_score_all_again_and_are_remembered(scored: Raw) -> None:
    score_tracker("sloppy")
    strict = score_tracker("sloppy", Options(threshold=0.9))
    assert strict.chips_scored == 2
    assert score_tracker("sloppy").score.scot == strict.score.scot
    assert score_tracker("sloppy", Options()).score.scot > strict.score.scot


def test_truth_held_back_is_scored_alone(scored: Raw, tmp_path: Path, write_csv: WriteCsv) -> None:
    months = frozenset({201802, 201803})
    kept = score_tracker("sloppy", scope=Scope(frozenset({CHIP}), months)).score
    assert list(kept.chips) == [CHIP]
    part = [one for one in town() if one[0][15:22] in {"2018_02", "2018_03"}]
    predictions = [
        tuple(line.split(",", maxsplit=2))
        for line in (tmp_path / "sloppy.csv").read_text().splitlines()[1:]
    ]
    said = [
        (name, int(number), polygon.strip('"'))
        for name, number, polygon in predictions
        if CHIP in name and name[15:22] in {"2018_02", "2018_03"}
    ]
    alone = score_files(write_csv(part, "t2.csv"), write_csv(said, "p2.csv"), Options()).score
    assert kept.chips == alone.chips
    of_file = score_files(
        tmp_path / "truth.csv",
        tmp_path / "sloppy.csv",
        Options(),
        scope=Scope(frozenset({CHIP}), months),
    )
    assert of_file.score.chips == alone.chips


def test_a_chip_named_as_test_that_is_none_is_said(scored: Raw) -> None:
    with pytest.raises(TestNameError, match="the truth has no chip 'L15'"):
        score_tracker("sloppy", scope=Scope(frozenset({"L15"})))


def test_buildings_under_cloud_are_told_from_others(scored: Raw) -> None:
    """A mask over the western half of the chip's tile in one month."""
    west, south, east, north = scored.query(
        """
        select st_xmin(b), st_ymin(b), (st_xmin(b) + st_xmax(b)) / 2, st_ymax(b)
        from (select st_transform(st_tileenvelope(13, 6460, 3370), 4326)::box2d as b) as tile
        """
    )[0]
    scored.query(
        """
        insert into raw.unusable_area (chip_key, time_key, area_no, polygon, load_id)
        values (%s, 201802, 1, st_astext(st_makeenvelope(%s, %s, %s, %s)), 1)
        returning 1
        """,
        *(6460 * 8192 + 3370, west, south, east, north),
    )
    kept = score_tracker("sloppy").score.breakdown
    cloud = {
        part: tp + fn
        for part, tp, fn in kept.filter(kept["dimension"] == "cloud")
        .select("part", "tp", "fn")
        .iter_rows()
    }
    clouded = sum(12 + 24 * number + 3 < 512 for number in range(37))
    assert cloud == {"clear": 2 * len(town()) - clouded, "under cloud": clouded}


def test_trackers_that_were_forgotten_leave_their_scores(scored: Raw, tmp_path: Path) -> None:
    load_predictions(tmp_path / "sloppy.csv", tracker="other")
    assert set(score_all()) == {"other", "sloppy"}
    forget_tracker("sloppy")
    assert set(score_all()) == {"other"} == set(trackers())
    for table in ("run", "chip_score", "chip_part", "change", "image_match"):
        assert scored.query(f"select distinct tracker from scores.{table}") == [("other",)]


def test_without_trackers_the_tables_are_there(raw: Raw, write_csv: WriteCsv) -> None:
    load(write_csv(town()))
    assert score_all() == {}
    assert raw.query("select count(*) from scores.image_match") == [(0,)]
    with pytest.raises(UnknownTrackerError, match=r"no predictions of 'a'; it has those of: none"):
        score_tracker("a")


def test_without_truth_nothing_is_kept(raw: Raw, write_csv: WriteCsv) -> None:
    load_predictions(write_csv(town()), tracker="a")
    with pytest.raises(NoTruthError, match="no polygon of 4 square pixels or more"):
        score_tracker("a")
    assert raw.query("select * from scores.chip_score") == []
    assert isinstance(score_all()["a"], NoTruthError)


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "scoring", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT)


def test_the_command_prints_the_table_of_a_tracker(scored: Raw) -> None:
    done = run("sloppy", "--months", "2018-02..2018-03", "--chips", CHIP)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:3] == ["chip", "mism.", "tp"]
    assert "mean of 1" in done.stdout
    assert scored.query("select test_chips, test_months from scores.run") == [
        ([CHIP], [201802, 201803])
    ]
    for arguments, said in (
        (("nobody",), "no predictions of 'nobody'"),
        (("sloppy", "--months", "July"), "'July' is no month"),
        (("sloppy", "--chips", "x"), "no chip 'x'"),
    ):
        done = run(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert said in done.stderr


def test_a_warehouse_without_tables_says_what_to_load(
    create_database: Callable[[str | None], str],
    template_database: str,
    use_database: Callable[[str], str],
) -> None:
    use_database(create_database(template_database))
    with pytest.raises(TablesMissingError, match="nothing was loaded"):
        score_tracker("a")
