"""Training beside what plain arithmetic says: offsets, tunables that reach the boosters, codes."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.errors import ParamsError
from ml.model.baselines import Baseline
from ml.model.chip_model import ForecastModel
from ml.model.grid import HORIZONS
from ml.model.growth import change_unit
from ml.model.matrix import FloatArray
from ml.training.fitting import conformal_offsets, fingerprint, fit
from ml.training.params import PARAMS_PATH, Params, load_params


def train(examples: Examples, params: Params) -> ForecastModel:
    return fit(examples, params, best_baseline=Baseline.NO_CHANGE)


def with_section(params: Params, section: str, **changes: object) -> Params:
    changed = getattr(params, section).model_copy(update=changes)
    return params.model_copy(update={section: changed})


def quick(params: Params, **calibration: object) -> Params:
    """Few rounds, and no offsets but those asked for."""
    few = with_section(params, "boosting", rounds=8, min_data_in_leaf=20)
    return with_section(few, "calibration", **calibration)


def forecasts(examples: Examples, params: Params) -> FloatArray:
    return train(examples, params).core.quantiles(examples.features, examples.horizon)


def test_the_seed_reaches_the_boosters(examples: Examples, params: Params) -> None:
    seven, eight = quick(params), quick(params).model_copy(update={"seed": 8})
    assert (forecasts(examples, seven) == forecasts(examples, seven)).all()
    assert (forecasts(examples, seven) != forecasts(examples, eight)).any()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rounds", 3),
        ("learning_rate", 0.2),
        ("num_leaves", 3),
        ("min_data_in_leaf", 200),
        ("lambda_l2", 90.0),
        ("feature_fraction", 0.3),
        ("bagging_fraction", 0.3),
    ],
)
def test_every_tunable_reaches_the_boosters(
    examples: Examples, params: Params, name: str, value: object
) -> None:
    usual, other = quick(params), with_section(quick(params), "boosting", **{name: value})
    assert (forecasts(examples, usual) != forecasts(examples, other)).any()


def test_boosters_hold_the_quantiles_of_what_they_were_trained_on(
    examples: Examples, params: Params
) -> None:
    close = with_section(params, "boosting", rounds=200, min_data_in_leaf=20)
    found = forecasts(examples, close.model_copy(update={"spread_share": 0.0}))
    below = (examples.net_change[:, None] < found - 1e-9).mean(axis=0)
    upto = (examples.net_change[:, None] <= found + 1e-9).mean(axis=0)
    for quantile, low, high in zip((0.1, 0.5, 0.9), below, upto, strict=True):
        assert low - 0.05 <= quantile <= high + 0.05
    assert np.corrcoef(found[:, 1], examples.net_change)[0, 1] > 0.5


def offsets_by_hand(
    examples: Examples, params: Params, *, held_out: int
) -> dict[int, tuple[float, float]]:
    """What the last months missed, ranked by plain sorting; as if all of it counted."""
    months = sorted(set(examples.as_of_month.tolist()))
    first = months[len(months) - held_out]
    proper = examples.take(examples.as_of_month + examples.horizon <= first)
    judged = examples.take(np.isin(examples.as_of_month, months[-held_out:]))
    raw = train(proper, quick(params, strength=0.0)).core.quantiles(judged.features, judged.horizon)
    unit = change_unit(judged.features, judged.horizon)
    found = {}
    for horizon in HORIZONS:
        own = judged.horizon == horizon
        rows = own if own.sum() >= params.calibration.min_rows else np.full(len(judged), True)
        ends = []
        for missed in (raw[:, 0] - judged.net_change, judged.net_change - raw[:, 2]):
            scores = sorted((missed[rows] / unit[rows]).tolist())
            rank = min(math.ceil((len(scores) + 1) * 0.9), len(scores))
            ends.append(scores[rank - 1])
        found[horizon] = (ends[0], ends[1])
    return found


@pytest.mark.parametrize(("share", "held_out"), [(0.3, 6), (0.0, 1)])
@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0])
def test_both_ends_move_by_their_share_of_what_the_last_months_missed(
    examples: Examples, params: Params, share: float, held_out: int, strength: float
) -> None:
    months = len(np.unique(examples.as_of_month))
    held_out = held_out if share == 0 else int(months * share)
    last = np.isin(examples.as_of_month, np.unique(examples.as_of_month)[-held_out:])
    at_three = int((last & (examples.horizon == 3)).sum())
    # So few rows have a later horizon in the last months that all horizons answer for it.
    calibration: dict[str, Any] = {"share": share, "min_rows": max(at_three, 1)}
    params = quick(params, strength=strength, **calibration)
    whole = offsets_by_hand(examples, params, held_out=held_out)
    found = conformal_offsets(examples, params)
    for horizon in HORIZONS:
        expected = [strength * end for end in whole[horizon]]
        assert found[horizon] == pytest.approx(expected, abs=1e-12)


def test_the_offsets_of_the_manifest_move_the_forecast(examples: Examples, params: Params) -> None:
    model = train(examples, quick(params, strength=1.0, min_rows=1))
    rows = examples.take(examples.horizon == HORIZONS[0])
    unit = change_unit(rows.features, rows.horizon)
    raw, moved = (part.quantiles(rows.features, rows.horizon) for part in (model.core, model))
    lower, upper = conformal_offsets(examples, quick(params, strength=1.0, min_rows=1))[1]
    assert (lower, upper) == (model.manifest.lower_offsets[1], model.manifest.upper_offsets[1])
    low = np.minimum(raw[:, 0] - lower * unit, raw[:, 1])
    high = np.maximum(raw[:, 2] + upper * unit, raw[:, 1])
    count = rows.features.column("known_count")
    assert np.allclose(moved[:, 0], np.maximum(low, -count))
    assert np.allclose(moved[:, 2], np.maximum(high, -count))


def test_the_least_rows_to_train_on_are_enough_to_calibrate(
    examples: Examples, params: Params
) -> None:
    months = np.unique(examples.as_of_month)
    first = months[-int(len(months) * params.calibration.share)]
    proper = int((examples.known_from <= first).sum())
    enough = with_section(quick(params), "minimum", rows_per_horizon=proper)
    too_few = with_section(quick(params), "minimum", rows_per_horizon=proper + 1)
    assert conformal_offsets(examples, enough)[1] != (0.0, 0.0)
    assert conformal_offsets(examples, too_few) == dict.fromkeys(HORIZONS, (0.0, 0.0))


def test_other_features_change_the_fingerprint(examples: Examples, params: Params) -> None:
    known = fingerprint(examples, params)
    examples = examples.take(np.arange(len(examples)))
    assert fingerprint(examples, params) == known
    examples.features.values[0, 0] += 1
    assert fingerprint(examples, params) != known


def test_a_feature_that_is_a_code_is_split_by_code_and_its_codes_are_kept(
    examples: Examples, params: Params
) -> None:
    examples = examples.take(np.arange(len(examples)))
    column = examples.features.names.index("months_since_first")
    codes = np.where(examples.chip_key % 2 == 0, 4.0, 9.0)
    codes[0] = np.nan
    examples.features.values[:, column] = codes
    coded = quick(params).model_copy(update={"categorical": ("months_since_first",)})
    model = train(examples, coded)
    assert model.manifest.categories == {"months_since_first": (4.0, 9.0)}
    assert train(examples, quick(params)).manifest.categories == {}
    for booster in model.boosters:
        infos = booster.model_to_string().split("feature_infos=")[1].split("\n")[0].split(" ")
        assert set(infos[column].split(":")) >= {"4", "9"}
        assert infos[0].startswith("[")


def test_a_file_that_is_no_yaml_is_told_in_one_line_with_the_place(tmp_path: Path) -> None:
    broken = tmp_path / "params.yaml"
    broken.write_text(PARAMS_PATH.read_text("utf-8").replace("seed: 7", "seed: ["), "utf-8")
    with pytest.raises(ParamsError) as caught:
        load_params(broken)
    assert "\n" not in str(caught.value)
    assert "is no YAML: while parsing a flow node expected the node content" in str(caught.value)
    assert "line 10, column 3" in str(caught.value)


def test_an_empty_file_is_named_as_a_whole(tmp_path: Path) -> None:
    empty = tmp_path / "params.yaml"
    empty.write_text("")
    with pytest.raises(ParamsError, match=r"params\.yaml: the file: Input should be"):
        load_params(empty)
