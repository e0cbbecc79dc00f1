"""The model's arithmetic and its words, on rows small enough for a pencil."""

import math
from pathlib import Path

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.model.baselines import NEEDED_FEATURES, Baseline, baseline_forecast
from ml.model.boosting import fit_quantile, read_booster
from ml.model.chip_model import ForecastModel
from ml.model.errors import BundleError, FeatureError
from ml.model.growth import WEIGHTS, PooledGrowth
from ml.model.matrix import FeatureMatrix
from ml.model.pinball import pinball_loss


def chips(*rows: tuple[float, float | None]) -> FeatureMatrix:
    """Chips by count, and by net change over twelve months."""
    empty: dict[str, object] = dict.fromkeys(NEEDED_FEATURES)
    named = [empty | {"known_count": count, "net_change_12": change} for count, change in rows]
    return FeatureMatrix.from_rows(named, NEEDED_FEATURES)


def test_pinball_loss_weighs_a_miss_by_the_side_it_is_on() -> None:
    quantiles = np.array([[0.0, 4.0, 8.0], [0.0, 4.0, 8.0]])
    found = pinball_loss(np.array([10.0, -5.0]), quantiles)
    above = (0.1 * 10 + 0.5 * 6 + 0.9 * 2) / 3
    below = (0.9 * 5 + 0.5 * 9 + 0.1 * 13) / 3
    assert found.tolist() == pytest.approx([above, below])


def test_growth_is_an_input_by_building_and_by_spread() -> None:
    growth, horizon = PooledGrowth(rate=0.01, weight=100.0), np.array([6, 6])
    found = growth.inputs(chips((1, 3), (50, None)), horizon)
    one = 1 * 6 * (0.01 * 100 + 3) / (100 + 12)
    fifty = 50 * 6 * 0.01
    assert found[0].tolist() == pytest.approx([one / 6 / 1, one / math.sqrt(2 * 6)])
    assert found[1].tolist() == pytest.approx([fifty / 6 / 50, fifty / math.sqrt(51 * 6)])


def test_the_common_rate_is_all_change_by_all_building_months() -> None:
    horizon, change = np.array([1, 12]), np.array([3.0, 9.0])
    growth = PooledGrowth.fit(chips((100, None), (20, None)), horizon, change)
    assert growth.rate == pytest.approx(12 / (100 * 1 + 20 * 12))
    nothing = PooledGrowth.fit(chips((0, None), (1, None)), np.array([1, 1]), np.array([1.0, 2.0]))
    assert nothing.rate == pytest.approx(3.0)


def test_the_weight_is_that_which_errs_least_in_units_of_spread() -> None:
    """Two large chips have rates of their own, forty small ones noise alone: the many decide.

    Counted in buildings, the large ones would, and the common rate would count for nothing.
    """
    large = [(90_000.0, 27_000.0), (90_000.0, 40_500.0)]
    small = [(4.0, float(change)) for change in (0, 1, 2, 3)] * 10
    features = chips(*large, *small)
    actual = np.array([27_000.0, 40_500.0] + [1.5] * 40)
    growth = PooledGrowth.fit(features, np.full(42, 12), actual)
    assert growth.rate == pytest.approx(1.5 / 48)

    def misses(weight: float) -> list[float]:
        found = []
        for (count, change), happened in zip([*large, *small], actual, strict=True):
            months = weight + count * 12
            expected = count * 12 * (growth.rate * weight + change) / months
            found.append(abs(happened - expected))
        return found

    spread = [math.sqrt((1 + count) * 12) for count, _ in [*large, *small]]
    losses = {
        weight: sum(miss / unit for miss, unit in zip(misses(weight), spread, strict=True))
        for weight in WEIGHTS[1:]
    }
    assert growth.weight == min(losses, key=losses.__getitem__)
    assert sum(misses(growth.weight)) > sum(misses(5.0))


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        (Baseline.NO_CHANGE, [0, 0, 0]),
        (Baseline.MEAN_PAST_CHANGE, [24 / 12 * 3, 0, 8 / 1 * 12]),
        (Baseline.DAMPED_TREND, [6 / 3 * (0.5 + 0.25 + 0.125), 0, 8 / 1 * (1 - 0.5**12)]),
    ],
)
def test_plain_forecasts_go_on_from_the_past_that_is_known(
    baseline: Baseline, expected: list[float]
) -> None:
    empty: dict[str, object] = dict.fromkeys(NEEDED_FEATURES)
    rows = [
        empty | {"known_count": 9, "net_change_12": 24, "net_change_3": 6},
        empty | {"known_count": 9},
        empty | {"known_count": 9, "net_change_1": 8},
    ]
    features = FeatureMatrix.from_rows(rows, NEEDED_FEATURES)
    found = baseline_forecast(baseline, features, np.array([3, 6, 12]), damping=0.5)
    assert found.tolist() == pytest.approx(expected)
    assert Baseline.DAMPED_TREND.label == "damped trend"


def test_a_booster_is_trained_quietly_and_the_same_every_time(
    capfd: pytest.CaptureFixture[str],
) -> None:
    random = np.random.default_rng(3)
    inputs, noise = random.normal(size=(400, 2)), random.normal(size=400)
    booster = fit_quantile(
        inputs, noise, quantile=0.9, rounds=7, categorical=(),
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
    coded = ForecastModel(manifest=manifest, boosters=model.boosters)
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
    (tmp_path / "q50.txt").unlink()
    with pytest.raises(BundleError, match=r"is incomplete \(.*q50\.txt'\); train again$"):
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
