"""The model's arithmetic and its words, on rows small enough for a pencil."""

import math
from pathlib import Path

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.model.boosting import fit_quantile, read_booster
from ml.model.chip_model import ForecastModel
from ml.model.errors import BundleError, FeatureError
from ml.model.growth import GrowthRates
from ml.model.history import History, features_of
from ml.model.inputs import INPUTS, booster_inputs
from ml.model.matrix import FeatureMatrix
from ml.model.past import Past
from ml.model.pinball import pinball_loss


def test_pinball_loss_weighs_a_miss_by_the_side_it_is_on() -> None:
    quantiles = np.array([[0.0, 4.0, 8.0], [0.0, 4.0, 8.0]])
    found = pinball_loss(np.array([10.0, -5.0]), quantiles)
    above = (0.1 * 10 + 0.5 * 6 + 0.9 * 2) / 3
    below = (0.9 * 5 + 0.5 * 9 + 0.1 * 13) / 3
    assert found.tolist() == pytest.approx([above, below])


def test_the_boosters_see_a_past_in_units_of_its_noise() -> None:
    counts = {month: 100.0 + month for month in range(13)} | {13: 120.0}
    past = Past.of(features_of([History(np.array(list(counts)), np.array(list(counts.values())))]))
    rates = GrowthRates(
        rate=0.01, weight=600, weight_months=2, aoi_weight=1000, recent_months=3, memory=0.5,
        batch=9, drift=0.4, season=0,
    )  # fmt: skip
    horizon = np.array([6])
    expected = rates.expect(past, horizon)
    (row,) = booster_inputs(past, expected, horizon).tolist()
    seen = dict(zip(INPUTS, row, strict=True))
    rate, noise = float(expected.rate[0]), float(expected.noise[0])
    assert seen["level"] == pytest.approx(math.log(121))
    assert (seen["months since first"], seen["horizon"], seen["months since peak"]) == (13, 6, 0)
    assert seen["last month"] == pytest.approx((8 - 120 * rate) / noise)
    for name in ("month before last", "third last month"):
        assert seen[name] == pytest.approx((1 - 120 * rate) / noise)
    assert seen["months 4 to 6"] == pytest.approx((1 - 120 * rate) / noise * math.sqrt(3))
    assert seen["months 7 to 12"] == pytest.approx((1 - 120 * rate) / noise * math.sqrt(6))
    assert seen["lasting less recent rate"] == pytest.approx(
        (20 / 13 - float(past.smoothed[0])) / noise
    )
    assert seen["AOI's rate by own"] == pytest.approx(math.log(0.01 / rate))
    assert seen["expected change by spread"] == pytest.approx(
        float(expected.mean[0] / expected.spread[0])
    )


def test_a_booster_is_trained_quietly_and_the_same_every_time(
    capfd: pytest.CaptureFixture[str],
) -> None:
    random = np.random.default_rng(3)
    inputs, noise = random.normal(size=(400, 2)), random.normal(size=400)
    booster = fit_quantile(
        inputs, noise, weight=np.ones(400), quantile=0.9, rounds=7, categorical=(),
        settings={"num_threads": 1, "seed": 5, "min_data_in_leaf": 20},
    )  # fmt: skip
    text = booster.model_to_string()
    for wanted in (
        "[objective: quantile]", "[alpha: 0.9]", "[deterministic: 1]", "[force_row_wise: 1]",
        "[bagging_freq: 1]", "[seed: 5]", "[verbosity: -1]",
    ):  # fmt: skip
        assert wanted in text
    assert booster.num_trees() == 7
    assert (noise <= booster.predict(inputs)).mean() == pytest.approx(0.9, abs=0.05)
    with pytest.raises(ValueError, match=r"[Mm]odel"):
        read_booster("no booster")
    assert "[LightGBM] [Info]" not in "".join(capfd.readouterr())


def test_refusals_name_row_column_and_what_was_expected(
    model: ForecastModel, examples: Examples
) -> None:
    names = model.manifest.features
    rows = np.nan_to_num(examples.features.values[:3].copy())
    assert "net_change_6" in model.manifest.nullable

    def refusal(name: str, value: float) -> str:
        changed = rows.copy()
        changed[0, names.index("known_count")] = 0
        changed[2, names.index(name)] = value
        with pytest.raises(FeatureError) as caught:
            model.check(FeatureMatrix(names, changed))
        return str(caught.value)

    assert refusal("known_count", np.nan) == (
        "row 2: known_count is null; it was always known in training"
    )
    assert refusal("known_count", -3) == "row 2: known_count is -3; expected 0 or more"
    assert refusal("net_change_6", -np.inf) == (
        "row 2: net_change_6 is infinite; expected a finite number or null"
    )
    with pytest.raises(FeatureError) as caught:
        model.check(FeatureMatrix(names[::-1], rows))
    assert str(caught.value) == (
        f"the model expects the features {', '.join(names)}; found {', '.join(names[::-1])}"
    )


def test_an_unknown_code_is_told_with_the_known_ones(model: ForecastModel) -> None:
    manifest = model.manifest.model_copy(update={"categories": {"known_count": (4.0, 9.5)}})
    coded = ForecastModel(manifest=manifest, models=model.models)
    values = np.zeros((1, len(manifest.features)))
    with pytest.raises(FeatureError) as caught:
        coded.check(FeatureMatrix(manifest.features, values))
    assert str(caught.value) == (
        "row 0: known_count is 0, a code that training never saw; known codes: 4, 9.5"
    )


def test_a_bundle_that_cannot_be_used_says_so_in_one_line(
    model: ForecastModel, tmp_path: Path
) -> None:
    model.save(tmp_path)
    (tmp_path / "building_count-q50.txt").unlink()
    with pytest.raises(BundleError, match=r"is incomplete \(.*count-q50\.txt'\); train again$"):
        ForecastModel.load(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(BundleError) as caught:
        ForecastModel.load(tmp_path)
    assert str(caught.value).startswith(f"the model bundle {tmp_path} cannot be read: ")
    assert str(caught.value).endswith("validation errors for BundleManifest")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no rows of features were given; give at least one"),
        ([{"a": 1, "b": 2}, {}], "row 1 lacks a, b; the features are: a, b"),
        (
            [{"a": 1, "b": 2, "c": 3, "d": 4}],
            "row 0 has unknown c, d; the features are: a, b",
        ),
        (
            [{"a": 1, "b": 2}, {"a": 1, "b": "2"}],
            "row 1: b is of type str; expected a number or null",
        ),
    ],
)
def test_rows_are_refused_in_full_sentences(rows: list[dict[str, object]], words: str) -> None:
    with pytest.raises(FeatureError) as caught:
        FeatureMatrix.from_rows(rows, ("a", "b"))
    assert str(caught.value) == words
