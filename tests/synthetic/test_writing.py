import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthetic import synthesize
from synthetic.errors import ForeignFolderError, SizeError
from tests.fixtures.generated import COMMANDS
from warehouse.connection.settings import PROJECT_ROOT


class _StopError(Exception):
    pass


def _stop(done: int, planned: int) -> None:
    raise _StopError


def test_a_folder_with_foreign_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(ForeignFolderError, match="not synthetic data"):
        synthesize(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("precious")
    with pytest.raises(ForeignFolderError, match="is a file"):
        synthesize(out)
    assert out.read_text() == "precious"


@pytest.mark.parametrize(("factor", "seed"), [(0, 7), (-1, 7), (10_000, 7), (float("nan"), 7)])
def test_impossible_factors_are_refused(tmp_path: Path, factor: float, seed: int) -> None:
    with pytest.raises(SizeError, match="factor"):
        synthesize(tmp_path / "out", factor=factor, seed=seed)
    assert list(tmp_path.iterdir()) == []


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SizeError, match="seed"):
        synthesize(tmp_path / "out", seed=-1)


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(_StopError):
        synthesize(tmp_path / "out", on_rows=_stop)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_keeps_what_an_earlier_one_wrote(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "synthesis.json").write_text("{}")
    (out / "old.txt").write_text("old")
    with pytest.raises(_StopError):
        synthesize(out, on_rows=_stop)
    assert (out / "old.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_earlier_data_set_is_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "synthesis.json").write_text("{}")
    (out / "old.txt").write_text("old")
    report = synthesize(out)
    assert report.rows == 66_647
    assert sorted(path.name for path in out.iterdir()) == [
        "csvs", "synthesis.json", "train", "truth",
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_killed_run_can_be_repeated(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", COMMANDS, "synthesize", "--size", "full", "--out", str(out)]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".out.partial-*/csvs/*.csv")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not out.exists()
    assert len(list(tmp_path.iterdir())) == 1
    assert synthesize(out).rows == 66_647
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_two_runs_into_one_folder_do_not_remove_each_others_work(tmp_path: Path) -> None:
    living = tmp_path / f".out.partial-{os.getppid()}"
    living.mkdir()
    synthesize(tmp_path / "out")
    assert living.is_dir()


def test_progress_ends_with_all_rows(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    synthesize(tmp_path / "out", on_rows=lambda done, planned: steps.append((done, planned)))
    assert len(steps) == 60
    assert steps[-1] == (66_647, 66_647)
    assert {planned for _, planned in steps} == {66_647}
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_the_command_ends_a_mistake_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    command = [sys.executable, "-c", COMMANDS, "synthesize", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
