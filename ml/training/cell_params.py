"""The tunables of ``cell_params.yaml``, typed and checked."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from ml.training.tunables import GateParams, Section, Share, read_tunables

CELL_PARAMS_PATH = Path(__file__).with_name("cell_params.yaml")

NEEDED_FEATURES = tuple(
    f"{name}{block}" for name in ("appeared", "appeared_3", "appeared_12") for block in ("", "_3x3")
)
"""Of these the plain forecasts of cells are made."""


class CellBoostingParams(Section):
    """LightGBM's parameters, by LightGBM's own names except ``rounds``."""

    rounds: int = Field(ge=1, le=5000)
    learning_rate: float = Field(gt=0, le=1)
    num_leaves: int = Field(ge=2, le=1024)
    min_data_in_leaf: int = Field(ge=1)
    lambda_l2: float = Field(ge=0)
    feature_fraction: Share
    bagging_fraction: Share
    max_bin: int = Field(ge=2, le=255)
    num_threads: int = Field(ge=1, le=64)


class CellBacktestParams(Section):
    """Origins and folds of the backtest."""

    first_origin_months: int = Field(ge=2)
    origin_step_months: int = Field(ge=1)
    folds: int = Field(ge=2)


class CellMinimumParams(Section):
    """The least data worth training on."""

    chip_months: int = Field(ge=1)
    grown: int = Field(ge=1)


class CellParams(Section):
    """All of ``cell_params.yaml``."""

    seed: int
    features: tuple[str, ...]
    sample_share: float = Field(gt=0, le=1)
    sample_rows: int = Field(ge=1000)
    boosting: CellBoostingParams
    calibration_folds: int = Field(ge=2)
    exponent: Share
    backtest: CellBacktestParams
    minimum: CellMinimumParams
    gate: GateParams

    @model_validator(mode="after")
    def _check_features(self) -> Self:
        if len(set(self.features)) < len(self.features):
            raise ValueError("features: a name stands twice")
        if missing := [name for name in NEEDED_FEATURES if name not in self.features]:
            raise ValueError(f"features: {', '.join(missing)} must be among them")
        return self


def load_cell_params(path: Path = CELL_PARAMS_PATH) -> CellParams:
    """Read and check the tunables.

    Raises:
        ParamsError: The file is not there, is no YAML, or a value is out of range.
    """
    return read_tunables(path, CellParams)
