"""Training: repeatable to the byte, and every tunable reaches what it is to change."""

import dataclasses

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.model.baselines import Baseline
from ml.model.chip_model import ForecastModel
from ml.model.grid import Target
from ml.model.inputs import INPUTS
from ml.model.matrix import FeatureMatrix, FloatArray
from ml.model.past import Past
from ml.training.core import fit_core
from ml.training.fitting import MODELS, fingerprint, fit
from ml.training.params import Params, load_params
from tests.fixtures import frames
from tests.fixtures.worlds import grow

BEST = dict.fromkeys(Target, Baseline.MEAN_PAST_CHANGE)


def with_section(params: Params, section: str, **changes: object) -> Params:
    changed = getattr(params, section).model_copy(update=changes)
    return params.model_copy(update={section: changed})


def departures(examples: Examples, params: Params) -> FloatArray:
    """What a model answers before its calibration."""
    model = fit_core(examples, params, Target.COUNT, extras=())
    past = Past.of(examples.features)
    expected = model.manifest.growth.expect(past, examples.horizon)
    return model.departures(examples.features, past, expected, examples.horizon)


def test_the_same_data_give_the_same_model_to_the_byte(
    model: ForecastModel, examples: Examples, params: Params
) -> None:
    again = fit(examples, params, best_baselines=BEST)
    assert again.manifest == model.manifest
    for name in MODELS:
        texts = [
            [booster.model_to_string() for booster in one.models[name].boosters]
            for one in (again, model)
        ]
        assert texts[0] == texts[1]


def test_another_seed_makes_another_model(examples: Examples, params: Params) -> None:
    seven, eight = params, params.model_copy(update={"seed": 8})
    assert (departures(examples, seven) == departures(examples, seven)).all()
    assert (departures(examples, seven) != departures(examples, eight)).any()


def test_seed_and_calibration_are_those_that_the_backtest_judged() -> None:
    """Another one makes another model: judge it first, then change it here too."""
    params = load_params()
    assert params.seed == 7
    assert (params.calibration.groups, params.calibration.strength) == (3, 0.5)


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("boosting", "rounds", 3),
        ("boosting", "learning_rate", 0.2),
        ("boosting", "num_leaves", 3),
        ("boosting", "min_data_in_leaf", 400),
        ("boosting", "lambda_l2", 90.0),
        ("boosting", "feature_fraction", 0.2),
        ("boosting", "bagging_fraction", 0.3),
        ("growth", "pull", 1.0),
        ("growth", "steps", 20),
    ],
)
def test_every_tunable_reaches_the_forecast(
    examples: Examples, params: Params, section: str, name: str, value: object
) -> None:
    other = with_section(params, section, **{name: value})
    assert (departures(examples, params) != departures(examples, other)).any()


def test_growth_that_is_drawn_with_all_strength_stays_the_usual_one(
    examples: Examples, params: Params
) -> None:
    held = fit_core(
        examples, with_section(params, "growth", pull=1e6), Target.COUNT, extras=()
    ).manifest.growth
    usual = params.growth.usual
    for name, value in usual.model_dump().items():
        assert getattr(held, name) == pytest.approx(value, abs=1e-6), name


def test_the_share_of_pooled_departures_is_that_of_the_tunables(
    examples: Examples, params: Params
) -> None:
    none, some, alone = (
        departures(examples, params.model_copy(update={"departures_share": share}))
        for share in (0.0, 0.25, 1.0)
    )
    assert some == pytest.approx(np.sort(0.75 * none + 0.25 * alone, axis=1), abs=0.05)
    at_three = alone[examples.horizon == 3]
    assert (at_three == at_three[0]).all()


def test_pooled_departures_are_the_quantiles_of_what_was_not_expected(
    examples: Examples, params: Params
) -> None:
    manifest = fit_core(examples, params, Target.COUNT, extras=()).manifest
    past = Past.of(examples.features)
    expected = manifest.growth.expect(past, examples.horizon)
    departure = (examples.net_change - expected.mean) / expected.spread
    own = {h: np.quantile(departure[examples.horizon == h], (0.1, 0.5, 0.9)) for h in (1, 3, 6, 12)}
    rows = {h: (examples.horizon == h).sum() for h in own}
    pooled = sum(rows[h] * own[h] for h in own) / len(examples)
    for h, quantiles in own.items():
        drawn = (rows[h] * quantiles + 200 * pooled) / (rows[h] + 200)
        assert manifest.departures[h] == pytest.approx(drawn)


def test_a_horizon_that_was_never_seen_gets_the_departures_of_all(
    examples: Examples, params: Params
) -> None:
    early = examples.take(examples.horizon == 1)
    found = fit_core(early, params, Target.COUNT, extras=()).manifest.departures
    assert found[12] == pytest.approx(found[1])


def test_other_data_or_tunables_change_the_fingerprint(examples: Examples, params: Params) -> None:
    known = fingerprint(examples, params)
    assert fingerprint(examples.take(np.arange(len(examples))), params) == known
    assert fingerprint(examples, params.model_copy(update={"seed": 8})) != known
    for name in ("aoi_key", "net_change", "net_area_change"):
        column = getattr(examples, name).copy()
        column[0] += 1
        assert fingerprint(dataclasses.replace(examples, **{name: column}), params) != known
    values = examples.features.values.copy()
    values[0, 0] += 1
    features = FeatureMatrix(examples.features.names, values)
    assert fingerprint(dataclasses.replace(examples, features=features), params) != known


def test_an_extra_feature_that_is_a_code_is_split_by_code_and_its_codes_are_kept(
    params: Params,
) -> None:
    extra = params.model_copy(
        update={"extra_features": ("usable_share",), "categorical": ("usable_share",)}
    )
    examples = frames.examples(grow(seed=7), extra.features)
    codes = np.where(examples.chip_key % 2 == 0, 4.0, 9.0)
    codes[0] = np.nan
    examples.features.values[:, examples.features.names.index("usable_share")] = codes
    model = fit(examples, extra, best_baselines=BEST)
    assert model.manifest.categories == {"usable_share": (4.0, 9.0)}
    assert model.manifest.features[-1] == "usable_share"
    for booster in model.models[Target.COUNT].boosters:
        infos = booster.model_to_string().split("feature_infos=")[1].split("\n")[0].split(" ")
        assert set(infos[len(INPUTS)].split(":")) >= {"4", "9"}
        assert infos[0].startswith("[")


@pytest.mark.parametrize("threads", [2])
def test_the_number_of_threads_changes_nothing(
    examples: Examples, params: Params, threads: int
) -> None:
    few, one = (
        departures(examples, with_section(params, "boosting", num_threads=number, rounds=5))
        for number in (threads, 1)
    )
    assert (few == one).all()
