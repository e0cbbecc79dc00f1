"""``python -m scoring`` as a user runs it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.fixtures.sources import CHIP, OTHER_CHIP, row, square
from warehouse.connection.settings import PROJECT_ROOT

WriteCsv = Callable[..., Path]


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "scoring", *map(str, arguments)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_table_has_counts_and_scores_by_chip_and_their_mean(write_csv: WriteCsv) -> None:
    truth = [
        *(row(1, month, chip) for chip in (CHIP, OTHER_CHIP) for month in ("2018_01", "2018_02")),
        row(2, "2018_02", CHIP),
        row(3, "2018_02", OTHER_CHIP, square(700, side=1)),
    ]
    predicted = [
        row(1, "2018_01", CHIP),
        row(2, "2018_02", CHIP),
        row(4, "2018_02", CHIP, square(500)),
        row(5, "2018_02", CHIP, "POINT (1 2)"),
        row(6, "2018_07", CHIP),
    ]
    done = run("--truth", write_csv(truth, "t.csv"), "--predictions", write_csv(predicted, "p.csv"))
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [CHIP, "0", "2", "1", "1", "0.6667", "1", "1", "0", "0.6667", "0.6667"] in lines
    assert [OTHER_CHIP, "0", "0", "0", "2", "0.0000", "0", "0", "0", "0.0000", "0.0000"] in lines
    assert ["mean", "of", "2", "0.3333"] in lines
    assert "1 rows of truth are below the least area and left out" in done.stdout
    assert "1 predictions lie in chips or months without truth" in done.stdout
    assert "geometry is no polygon (1); first in line 5" in done.stdout


def test_a_user_s_error_is_one_sentence(write_csv: WriteCsv, tmp_path: Path) -> None:
    good = write_csv([row(1)], "t.csv")
    for arguments, said in (
        (("--truth", tmp_path / "absent.csv", "--predictions", good), "absent.csv"),
        (("--truth", good, "--predictions", good, "--threshold", "1.5"), "threshold 1.5"),
        (("--truth", good, "--predictions", good, "--least-area", "99"), "no polygon of 99"),
    ):
        done = run(*arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert said in done.stderr
