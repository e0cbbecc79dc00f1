"""Data that the tests of training share: one made-up world, one model, one trained database."""

import pytest

from ml.data.examples import Examples
from ml.model.baselines import Baseline
from ml.model.chip_model import ForecastModel
from ml.training.fitting import fit
from ml.training.params import Params
from tests.ml import frames
from tests.ml.fixtures import in_trained, trained, trained_database
from tests.ml.worlds import World, grow

__all__ = ["in_trained", "trained", "trained_database"]


@pytest.fixture(scope="session")
def params() -> Params:
    return frames.quick_params()


@pytest.fixture(scope="session")
def world() -> World:
    return grow(seed=7)


@pytest.fixture(scope="session")
def examples(world: World, params: Params) -> Examples:
    return frames.examples(world, params.features)


@pytest.fixture(scope="session")
def model(examples: Examples, params: Params) -> ForecastModel:
    return fit(examples, params, best_baseline=Baseline.MEAN_PAST_CHANGE)
