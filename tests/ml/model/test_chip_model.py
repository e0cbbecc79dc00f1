"""The model in use: ordered quantiles, refusals, the bundle on disk."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.model.baselines import Baseline
from ml.model.chip_model import ForecastModel, ordered
from ml.model.errors import BundleError, FeatureError
from ml.model.grid import HORIZONS
from ml.model.matrix import FeatureMatrix
from ml.training.fitting import fit
from ml.training.params import Params
from warehouse.connection.settings import PROJECT_ROOT


def changed(examples: Examples, name: str, value: float) -> FeatureMatrix:
    """The first row with one value replaced."""
    values = examples.features.values[:1].copy()
    values[0, examples.features.names.index(name)] = value
    return FeatureMatrix(examples.features.names, values)


def test_quantiles_never_cross_and_remove_no_more_than_there_is(
    model: ForecastModel, examples: Examples
) -> None:
    strange = examples.features.values * np.random.default_rng(3).normal(0, 30, (len(examples), 1))
    strange[:, 0] = np.abs(strange[:, 0])
    features = FeatureMatrix(examples.features.names, strange)
    quantiles = model.predict(features).quantiles
    assert (np.diff(quantiles, axis=2) >= 0).all()
    assert (quantiles >= -strange[:, 0][:, None, None]).all()


def test_ordering_mends_ends_that_calibration_moved_past_the_median() -> None:
    one = np.array([1.0])
    moved = ordered(3 * one, 2 * one, 1 * one, count=100 * one)
    assert moved.tolist() == [[2.0, 2.0, 2.0]]
    assert ordered(-9 * one, -8 * one, one, count=5 * one).tolist() == [[-5.0, -5.0, 1.0]]


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
    expected = model.predict(examples.features).quantiles
    assert (loaded.predict(examples.features).quantiles == expected).all()


@pytest.mark.parametrize("file", ["model.json", "q10.txt", "q90.txt"])
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


def test_a_code_that_training_never_saw_is_refused(examples: Examples, params: Params) -> None:
    coded = params.model_copy(update={"categorical": ("months_since_first",)})
    early = examples.take(examples.features.column("months_since_first") <= 6)
    model = fit(early, coded, best_baseline=Baseline.NO_CHANGE)
    assert model.predict(early.features.take(np.arange(3))).quantiles.shape[0] == 3
    with pytest.raises(FeatureError, match="months_since_first is 99, a code"):
        model.predict(changed(examples, "months_since_first", 99))


def test_using_a_model_imports_no_training_library(model: ForecastModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    program = (
        "import sys; from pathlib import Path; from ml.model.chip_model import ForecastModel; "
        f"ForecastModel.load(Path({str(tmp_path)!r})); "
        "print([m for m in ('pandas', 'mlflow', 'polars', 'sklearn', 'matplotlib', 'psycopg', "
        "'dagster', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
