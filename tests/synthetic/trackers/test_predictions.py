"""Trackers that never were: every kind of error is there, the same seed writes the same bytes."""

import hashlib
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from scoring.files.tracker import score_files
from scoring.metric.options import Options
from scoring.metric.whole import TrackerScore
from synthetic.errors import ForeignFolderError, SizeError, SyntheticDataError
from synthetic.trackers.disturbing import FIRST_ID, Labels, Predictions, disturb
from synthetic.trackers.predictions import predict
from synthetic.trackers.styles import Errors, Style
from synthetic.writing import CSV
from tests.fixtures.generated import COMMANDS
from tests.fixtures.sources import CHIP, row
from tests.fixtures.trackers import box
from warehouse.connection.settings import PROJECT_ROOT

FLAWLESS = {
    "moved": 0, "scaled": 0, "missed": 0, "overlooked": 0, "late": 0, "most_late": 1,
    "split": 0, "switched": 0, "invented": 0, "blank_months": 0,
}  # fmt: skip
MONTHS, BUILDINGS, NEW = 6, 200, 100


def labels() -> Labels:
    """200 buildings of which 100 come in the third month."""
    month, building = np.nonzero(
        (np.arange(BUILDINGS) < BUILDINGS - NEW) | (np.arange(MONTHS)[:, None] >= 2)
    )
    polygons = np.empty(BUILDINGS, dtype=np.object_)
    polygons[:] = [box(10 * (at % 20), 10 * (at // 20)) for at in range(BUILDINGS)]
    return Labels(MONTHS, month, building, building, polygons)


def said(**errors: float) -> Predictions:
    return disturb(labels(), Errors.model_validate(FLAWLESS | errors), np.random.default_rng(1))


def first_months(predictions: Predictions) -> dict[int, int]:
    found: dict[int, int] = {}
    for identity, month in zip(predictions.identity, predictions.month, strict=True):
        found.setdefault(int(identity), int(month))
    return found


def test_without_errors_the_labels_come_back_under_other_ids() -> None:
    found = said()
    assert found.identity.tolist() == (labels().building_id + FIRST_ID).tolist()
    assert found.month.tolist() == labels().month.tolist()
    assert found.text[0] == "POLYGON ((4 0, 4 4, 0 4, 0 0, 4 0))"


def test_polygons_move_anew_every_month() -> None:
    assert len(set(said(moved=0.5).text)) == len(labels().month)


@pytest.mark.parametrize(("errors", "share"), [({"missed": 0.3}, 0.7), ({"overlooked": 0.3}, 0.7)])
def test_rows_and_whole_buildings_are_missed(errors: dict[str, float], share: float) -> None:
    found = said(**errors)
    assert len(found.month) == pytest.approx(share * len(labels().month), rel=0.15)
    whole = len(set(found.identity.tolist()))
    assert (whole < BUILDINGS) == ("overlooked" in errors)


def test_new_buildings_are_told_late_and_old_ones_are_not() -> None:
    found = said(late=1, most_late=2)
    first = first_months(found)
    assert {first[FIRST_ID + at] for at in range(BUILDINGS - NEW)} == {0}
    assert {first[FIRST_ID + at] for at in range(BUILDINGS - NEW, BUILDINGS)} == {3, 4}


def test_a_split_building_is_two_halves_from_some_month_on() -> None:
    found = said(split=1)
    halves = len(found.month) - len(labels().month)
    assert 0.2 * len(labels().month) < halves < 0.8 * len(labels().month)
    keys = set(zip(found.month.tolist(), found.identity.tolist(), strict=True))
    assert len(keys) == len(found.month)
    assert "POLYGON ((2 0, 2 4, 0 4, 0 0, 2 0))" in found.text
    assert "POLYGON ((4 0, 4 4, 2 4, 2 0, 4 0))" in found.text


def test_a_switched_building_goes_on_under_another_id() -> None:
    found = said(switched=1)
    assert len(found.month) == len(labels().month)
    assert BUILDINGS < len(set(found.identity.tolist())) <= 2 * BUILDINGS


def test_what_is_invented_stands_in_one_place_for_some_months() -> None:
    found = said(invented=0.5)
    ghosts = found.identity >= FIRST_ID + BUILDINGS
    texts = set(found.text[ghosts].tolist())
    assert len(texts) == len(set(found.identity[ghosts].tolist())) == 100


def test_in_a_blank_month_nothing_is_said() -> None:
    assert len(said(blank_months=1, invented=0.5).month) == 0


def test_a_month_without_predictions_has_an_empty_polygon(
    write_csv: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blank = Errors.model_validate(FLAWLESS | {"blank_months": 1})
    monkeypatch.setattr("synthetic.trackers.predictions.errors_of", lambda style: blank)
    out = tmp_path / "p.csv"
    truth = write_csv([row(1), row(2, "2018_03")])
    report = predict(truth, out, style=Style.CAREFUL)
    assert out.read_text("utf-8").splitlines() == [
        "filename,id,geometry",
        f'global_monthly_2018_01_mosaic_{CHIP},0,"POLYGON EMPTY"',
        f'global_monthly_2018_03_mosaic_{CHIP},0,"POLYGON EMPTY"',
    ]
    assert (report.labels, report.rows) == (2, 2)
    assert score_files(truth, out, Options()).refusals == []


def scores(sample: Path, folder: Path, style: Style) -> TrackerScore:
    predict(sample / CSV, folder / "p.csv", style=style)
    found = score_files(sample / CSV, folder / "p.csv", Options())
    assert found.refusals == []
    return found.score


def test_the_careful_tracker_is_far_better_than_the_sloppy_one(
    sample: Path, tmp_path: Path
) -> None:
    careful, sloppy = (scores(sample, tmp_path, style) for style in Style)
    assert len(careful.chips) == len(sloppy.chips) == 60
    assert careful.scot > 0.8
    assert 0.1 < sloppy.scot < 0.5
    tracks = [chip.track_score for chip in sloppy.chips.values()]
    assert 0.5 < np.mean(tracks) < 0.85


def test_another_process_on_an_older_processor_writes_the_same_bytes(
    sample: Path, tmp_path: Path
) -> None:
    kernels = importlib.import_module("numpy._core._multiarray_umath")
    newer = [name for name in kernels.__cpu_dispatch__ if kernels.__cpu_features__.get(name)]
    environment = os.environ | {
        "NPY_DISABLE_CPU_FEATURES": " ".join(newer),
        "POLARS_MAX_THREADS": "1",
        "PYTHONHASHSEED": "12345",
    }
    there, here, other = (tmp_path / f"{name}.csv" for name in ("there", "here", "other"))
    arguments = ["predictions", str(sample / CSV), "--style", "sloppy", "--out", str(there)]
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, *arguments],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "predictions from 66,647 labels of 60 chips" in done.stdout
    predict(sample / CSV, here, style=Style.SLOPPY)
    predict(sample / CSV, other, style=Style.SLOPPY, seed=8)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (there, here, other)]
    assert digests[0] == digests[1] != digests[2]


def test_predictions_stand_by_chip_and_month_and_each_id_once(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.csv"
    predict(sample / CSV, out, style=Style.SLOPPY)
    frame = pl.read_csv(out)
    runs = frame["filename"].rle().struct.field("value")
    assert runs.n_unique() == len(runs) == 1408
    assert frame.select(pl.struct("filename", "id").is_unique().all()).item()


def test_what_cannot_be_done_is_said(write_csv: Callable[..., Path], tmp_path: Path) -> None:
    good = write_csv([row(1)])
    bad = write_csv([row(1), row(2, polygon="POINT (1 2)")], "bad.csv")
    with pytest.raises(SyntheticDataError, match="lines that are no labels"):
        predict(bad, tmp_path / "p.csv", style=Style.CAREFUL)
    with pytest.raises(ForeignFolderError, match="the labels themselves"):
        predict(good, good, style=Style.CAREFUL)
    with pytest.raises(SizeError, match="negative"):
        predict(good, tmp_path / "p.csv", style=Style.CAREFUL, seed=-1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "labels.csv"]
