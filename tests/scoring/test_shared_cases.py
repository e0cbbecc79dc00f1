"""Known scores: what the challenge's reference implementation gives for two trackers."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from scoring.files.tracker import score_files
from scoring.metric.options import Options


@pytest.mark.real_data
@pytest.mark.parametrize("case", ["careful", "sloppy"])
def test_every_count_and_score_is_the_reference_s(real_data: Path, case: str) -> None:
    folder = real_data.parent / "scot" / case
    if not folder.is_dir():
        pytest.skip(f"the known scores do not lie in {folder}")
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    options = Options(
        threshold=expected["iou_threshold"],
        beta=expected["beta"],
        least_area=expected["min_truth_area_px"],
    )
    score = score_files(folder / "truth.csv", folder / "predictions.csv", options).score
    assert {name: asdict(chip) for name, chip in score.chips.items()} == expected["by_chip"]
    assert score.scot == expected["scot"]
    assert score.too_small == expected["truth_rows_below_min_area"]
