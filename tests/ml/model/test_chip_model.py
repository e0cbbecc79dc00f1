"""The model in use: ordered quantiles, refusals, the bundle on disk."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.model.chip_model import ForecastModel
from ml.model.errors import BundleError, FeatureError
from ml.model.grid import HORIZONS, Target
from ml.model.history import History
from ml.model.matrix import FeatureMatrix
from ml.model.past import Past
from ml.model.quantiles import all_inputs
from warehouse.connection.settings import PROJECT_ROOT


def changed(examples: Examples, name: str, value: float) -> FeatureMatrix:
    """The first row with one value replaced."""
    values = examples.features.values[:1].copy()
    values[0, examples.features.names.index(name)] = value
    return FeatureMatrix(examples.features.names, values)


@pytest.mark.parametrize("target", list(Target))
def test_quantiles_never_cross_and_remove_no_more_than_there_is(
    model: ForecastModel, examples: Examples, target: Target
) -> None:
    strange = examples.features.values * np.random.default_rng(3).normal(0, 30, (len(examples), 1))
    for name in ("known_count", "months_since_first", "mean_area_m2"):
        column = examples.features.names.index(name)
        strange[:, column] = np.abs(strange[:, column])
    features = FeatureMatrix(examples.features.names, strange)
    quantiles = model.predict(features, target).quantiles
    assert (np.diff(quantiles, axis=2) >= 0).all()
    standing = features.column("known_count")
    if target is Target.AREA:
        standing = standing * features.column("mean_area_m2")
    assert (quantiles >= -standing[:, None, None] * (1 + 1e-12)).all()


def test_area_is_forecast_in_square_metres(model: ForecastModel, examples: Examples) -> None:
    """All buildings of the made-up world have 120 m2, so both targets tell the same."""
    rows = examples.features
    count, area = (model.predict(rows, target).quantiles for target in Target)
    assert np.corrcoef(count.ravel(), area.ravel())[0, 1] > 0.95
    assert np.median(area[count > 1] / count[count > 1]) == pytest.approx(120, rel=0.2)


@pytest.mark.parametrize("target", list(Target))
def test_drivers_add_up_to_the_median_before_it_is_mixed(
    model: ForecastModel, examples: Examples, target: Target
) -> None:
    """Their effects are those by which LightGBM explains its answer, in the target's unit."""
    rows = examples.features.take(np.arange(40, 60))
    drivers, own = model.drivers(rows, target), model.models[target]
    assert drivers.values.shape == drivers.effects.shape == (20, len(HORIZONS), len(drivers.names))
    for place, months in enumerate(HORIZONS):
        horizon = np.full(20, months)
        past = Past.of(rows, target)
        expected = own.manifest.growth.expect(past, horizon)
        inputs = all_inputs(rows, (), past, expected, horizon)
        answer = own.boosters[1].predict(inputs)
        base = np.asarray(own.boosters[1].predict(inputs, pred_contrib=True))[:, -1]
        share = 1 - own.manifest.departures_share
        moved = (answer - base) * share * expected.spread * past.unit
        assert drivers.effects[:, place].sum(axis=1) == pytest.approx(moved)
        assert drivers.expected[:, place] == pytest.approx(expected.mean * past.unit)
    assert drivers.names[2] == "horizon"
    assert (drivers.values[:, :, 2] == np.array(HORIZONS)).all()


def test_the_manifest_tells_between_what_values_it_was_trained(
    model: ForecastModel, examples: Examples
) -> None:
    for name in model.manifest.features:
        column = examples.features.column(name)
        assert model.manifest.ranges[name] == (np.nanmin(column), np.nanmax(column))


def test_calibration_moves_the_ends_and_never_past_the_median(
    model: ForecastModel, examples: Examples
) -> None:
    own = model.models[Target.COUNT]
    rows = examples.take(examples.horizon == 3)

    def moved(low: float, high: float) -> np.ndarray:
        offsets = dict.fromkeys(HORIZONS, (low, high))
        changed = own.manifest.model_copy(update={"offsets": offsets})
        one = dataclasses.replace(own, manifest=changed)
        return one.quantiles(rows.features, rows.horizon)

    plain, wider, narrower = moved(0, 0), moved(0.25, 0.5), moved(-99, -99)
    spread = own.manifest.growth.expect(Past.of(rows.features), rows.horizon).spread
    free = plain[:, 0] - 0.25 * spread > -rows.features.column("known_count")
    assert free.sum() > 100
    assert wider[free, 0] == pytest.approx((plain[:, 0] - 0.25 * spread)[free])
    assert wider[:, 2] == pytest.approx(plain[:, 2] + 0.5 * spread)
    assert (wider[:, 1] == plain[:, 1]).all()
    assert (narrower[:, [0, 2]] == plain[:, [1]]).all()


def test_every_row_is_forecast_at_every_horizon_as_if_alone(
    model: ForecastModel, examples: Examples
) -> None:
    together = model.predict(examples.features.take(np.arange(5)))
    alone = model.predict(examples.features.take(np.array([3])))
    assert together.quantiles.shape == (5, len(HORIZONS), 3)
    assert (together.quantiles[3] == alone.quantiles[0]).all()
    assert (together.baseline[3] == alone.baseline[0]).all()


def test_a_bundle_gives_back_the_same_forecasts(
    model: ForecastModel, examples: Examples, tmp_path: Path
) -> None:
    model.with_version(4).save(tmp_path / "bundle")
    loaded = ForecastModel.load(tmp_path / "bundle")
    assert loaded.manifest == model.manifest.model_copy(update={"version": 4})
    for target in Target:
        expected = model.predict(examples.features, target).quantiles
        assert (loaded.predict(examples.features, target).quantiles == expected).all()
    place = [History(np.array([1, 2, 3]), np.array([40.0, 41.0, 44.0]))]
    expected = model.predict_histories(place).quantiles
    assert (loaded.predict_histories(place).quantiles == expected).all()


@pytest.mark.parametrize("file", ["model.json", "building_count-q10.txt", "history-q90.txt"])
def test_an_incomplete_or_broken_bundle_is_refused(
    model: ForecastModel, tmp_path: Path, file: str
) -> None:
    model.save(tmp_path)
    (tmp_path / file).write_text("broken")
    with pytest.raises(BundleError, match="cannot be read"):
        ForecastModel.load(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(BundleError, match=f"incomplete.*{file}"):
        ForecastModel.load(tmp_path)


def test_a_bundle_of_another_format_is_refused(model: ForecastModel, tmp_path: Path) -> None:
    dataclasses.replace(model, manifest=model.manifest.model_copy(update={"format": 99})).save(
        tmp_path
    )
    with pytest.raises(BundleError, match="format 99, expected"):
        ForecastModel.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("known_count", np.nan, "known_count is null"),
        ("months_since_first", np.nan, "months_since_first is null"),
        ("known_count", -1, "known_count is -1"),
        ("net_change_3", np.inf, "net_change_3 is infinite"),
    ],
)
def test_values_unlike_training_are_refused(
    model: ForecastModel, examples: Examples, name: str, value: float, words: str
) -> None:
    with pytest.raises(FeatureError, match=words):
        model.predict(changed(examples, name, value))


def test_a_null_that_training_knew_is_taken(model: ForecastModel, examples: Examples) -> None:
    assert "net_change_12" in model.manifest.nullable
    forecast = model.predict(changed(examples, "net_change_12", np.nan))
    assert np.isfinite(forecast.quantiles).all()


def test_other_columns_or_another_order_are_refused(
    model: ForecastModel, examples: Examples
) -> None:
    names = examples.features.names
    turned = FeatureMatrix(names[::-1], examples.features.values[:1, ::-1])
    with pytest.raises(FeatureError, match="expects the features known_count"):
        model.predict(turned)


def test_a_code_that_training_never_saw_is_refused(
    model: ForecastModel, examples: Examples
) -> None:
    codes = tuple(np.unique(examples.features.column("month")).tolist())
    coded = dataclasses.replace(
        model, manifest=model.manifest.model_copy(update={"categories": {"month": codes}})
    )
    assert coded.predict(examples.features.take(np.arange(3))).quantiles.shape[0] == 3
    with pytest.raises(FeatureError, match="month is 99, a code that training never saw"):
        coded.predict(changed(examples, "month", 99))


def test_using_a_model_imports_no_training_library(model: ForecastModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    program = (
        "import sys; from pathlib import Path; from ml.model.chip_model import ForecastModel; "
        f"ForecastModel.load(Path({str(tmp_path)!r})); "
        "print([m for m in ('pandas', 'mlflow', 'polars', 'sklearn', 'matplotlib', 'psycopg', "
        "'dagster', 'pyarrow', 'scipy.optimize', 'statsmodels') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
