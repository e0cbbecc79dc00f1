"""A tracker's report: one file with its pictures, from two CSVs or from the warehouse."""

import base64
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from scoring.files.tracker import matches_of, score_files
from scoring.metric.options import Options
from scoring.metric.whole import Scope
from scoring.reporting.page import worst_chip
from tests.fixtures.sources import CHIP, OTHER_CHIP, Row, row, square
from warehouse.connection.settings import PROJECT_ROOT

WriteCsv = Callable[..., Path]
MONTHS = ("2018_01", "2018_02", "2018_04")
PNG = b"\x89PNG"


def town(chip: str, count: int = 10) -> list[Row]:
    return [
        row(number, month, chip, square(20 * number, 20, side=5))
        for at, month in enumerate(MONTHS)
        for number in range(count + at)
    ]


def test_the_report_holds_pictures_and_every_chip(write_csv: WriteCsv, tmp_path: Path) -> None:
    truth = write_csv([*town(CHIP), *town(OTHER_CHIP)], "t.csv")
    said = write_csv([*town(CHIP), *town(OTHER_CHIP, 4)], "p.csv")
    out = tmp_path / "made" / "report.html"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "scoring", "--truth", truth, "--predictions", said),
            *("--report", out),
        ],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"report: {out}\n")
    page = out.read_text("utf-8")
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == 5
    assert all(base64.b64decode(picture).startswith(PNG) for picture in pictures)
    score = score_files(truth, said, Options()).score
    assert f"is {score.scot:.4f}, the mean over 2 chips" in page
    for name, chip in score.chips.items():
        assert f"<td>{name}</td>" in page
        assert f'<td class="amount">{chip.scot:.4f}</td>' in page
    assert f"{OTHER_CHIP} in its last scored month" in page


def test_the_chip_that_is_shown_is_the_worst(write_csv: WriteCsv) -> None:
    truth = write_csv([*town(CHIP), *town(OTHER_CHIP)], "t.csv")
    said = write_csv([*town(CHIP), *town(OTHER_CHIP, 4)], "p.csv")
    score = score_files(truth, said, Options()).score
    assert worst_chip(score) == OTHER_CHIP
    matched = matches_of(truth, said, Options(), Scope(), OTHER_CHIP)
    assert len(matched.truth) == len(town(OTHER_CHIP))
    assert len(matched.truth_at) == len(town(OTHER_CHIP, 4))
