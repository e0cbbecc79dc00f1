"""The tunables of ``params.yaml``, typed and checked. Nothing here knows what they are used for."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from ml.model.past import chip_features
from ml.training.tunables import GateParams, Section, Share, read_tunables

PARAMS_PATH = Path(__file__).with_name("params.yaml")

Positive = Annotated[float, Field(gt=0)]


class BaselineParams(Section):
    """Constants of the plain baselines."""

    damping: Share


class UsualGrowth(Section):
    """Usual values of ``GrowthRates``; see there."""

    weight: Positive
    weight_months: Positive
    aoi_weight: Positive
    recent_months: Positive
    memory: float = Field(gt=0, lt=1)
    batch: Positive
    drift: Positive
    season: float = Field(ge=-1, le=1)


class GrowthParams(Section):
    """How the growth of chips is fitted."""

    usual: UsualGrowth
    pull: float = Field(ge=0)
    steps: int = Field(ge=10, le=5000)


class BoostingParams(Section):
    """LightGBM's parameters, by LightGBM's own names except ``rounds``."""

    rounds: int = Field(ge=1, le=5000)
    learning_rate: float = Field(gt=0, le=1)
    num_leaves: int = Field(ge=2, le=1024)
    min_data_in_leaf: int = Field(ge=1)
    lambda_l2: float = Field(ge=0)
    feature_fraction: Share
    bagging_fraction: Share
    num_threads: int = Field(ge=1, le=64)


class CalibrationParams(Section):
    """How the conformal offsets are set."""

    groups: int = Field(ge=2)
    min_rows: int = Field(ge=1)
    strength: Share


class BacktestParams(Section):
    """Origins and folds of the backtest."""

    first_origin_months: int = Field(ge=2)
    origin_step_months: int = Field(ge=1)
    folds: int = Field(ge=2)


class MinimumParams(Section):
    """The least data worth training on."""

    chips: int = Field(ge=2)
    aois: int = Field(ge=2)
    as_of_months: int = Field(ge=2)
    rows_per_horizon: int = Field(ge=2)


class Params(Section):
    """All of ``params.yaml``."""

    seed: int
    extra_features: tuple[str, ...]
    categorical: tuple[str, ...]
    baselines: BaselineParams
    growth: GrowthParams
    boosting: BoostingParams
    departures_share: Share
    calibration: CalibrationParams
    backtest: BacktestParams
    minimum: MinimumParams
    gate: GateParams

    @property
    def features(self) -> tuple[str, ...]:
        """Columns of ``features.chip_month`` that the model needs, in order."""
        return tuple(dict.fromkeys([*chip_features(), *self.extra_features]))

    @model_validator(mode="after")
    def _check_features(self) -> Self:
        if len(set(self.extra_features)) < len(self.extra_features):
            raise ValueError("extra_features: a name stands twice")
        if strays := [name for name in self.categorical if name not in self.extra_features]:
            raise ValueError(f"categorical: {', '.join(strays)} is not among the extra features")
        return self


def load_params(path: Path = PARAMS_PATH) -> Params:
    """Read and check the tunables.

    Raises:
        ParamsError: The file is not there, is no YAML, or a value is out of range.
    """
    return read_tunables(path, Params)
