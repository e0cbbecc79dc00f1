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
        ("  - known_count\n", "", "known_count must be among"),
        ("  - growth_rate_6\n", "  - known_count\n", "a name stands twice"),
        ("categorical: []", "categorical: [month]", "month is not among the features"),
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
