"""``params.yaml``: what is refused."""

from pathlib import Path

import pytest

from ml.errors import ParamsError
from ml.training.params import PARAMS_PATH, load_params


def test_the_projects_tunables_are_in_range() -> None:
    assert load_params().backtest.folds >= 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("damping: 0.9", "damping: 1.5", "baselines.damping"),
        ("seed: 7", "sead: 7", "sead|seed"),
        ("memory: 0.93", "memory: 1", "growth.usual.memory"),
        ("extra_features: []", "extra_features: [lon, lon]", "a name stands twice"),
        ("categorical: []", "categorical: [month]", "month is not among the extra features"),
        ("seed: 7", "seed: [", "no YAML"),
    ],
)
def test_a_wrong_tunable_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = PARAMS_PATH.read_text("utf-8")
    assert old in text
    changed = tmp_path / "params.yaml"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ParamsError, match=words):
        load_params(changed)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"absent\.yaml"):
        load_params(tmp_path / "absent.yaml")


def test_a_file_that_is_no_yaml_is_told_in_one_line_with_the_place(tmp_path: Path) -> None:
    broken = tmp_path / "params.yaml"
    broken.write_text(PARAMS_PATH.read_text("utf-8").replace("seed: 7", "seed: ["), "utf-8")
    with pytest.raises(ParamsError) as caught:
        load_params(broken)
    assert "\n" not in str(caught.value)
    assert "is no YAML: while parsing a flow sequence" in str(caught.value)
    assert "line 4, column 7" in str(caught.value)


def test_an_empty_file_is_named_as_a_whole(tmp_path: Path) -> None:
    empty = tmp_path / "params.yaml"
    empty.write_text("")
    with pytest.raises(ParamsError, match=r"params\.yaml: the file: Input should be"):
        load_params(empty)
