"""The model as MLflow loads it: a DataFrame of features in, a DataFrame of forecasts out.

MLflow asks for ``_load_pyfunc`` by this name. A logged model carries this module and ``ml.model``,
and nothing else of ``ml``; so that is all it may import. pandas waits for the first forecast.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.model.chip_model import ForecastModel
from ml.model.errors import FeatureError
from ml.model.grid import HORIZONS, QUANTILE_NAMES, Target
from ml.model.matrix import FeatureMatrix, FloatArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class PyfuncModel:
    """A forecast model with MLflow's interface."""

    model: ForecastModel

    def predict(
        self,
        model_input: "pd.DataFrame",
        params: Mapping[str, Any] | None = None,  # noqa: ARG002 - MLflow gives it
    ) -> "pd.DataFrame":
        """Forecast every target of every row at every horizon.

        Args:
            model_input: The model's features, in any order, one row per chip-month; other columns
                are left aside.
            params: None are known.

        Returns:
            One row per target, row of the input and horizon, in that order: ``target``, ``row``
            (position in the input), ``horizon`` (months), the quantiles of the net change and
            ``baseline``, in the target's unit.

        Raises:
            FeatureError: A column is missing, or a value is none that the model was trained on.
        """
        import pandas as pd  # noqa: PLC0415 - see the module's docstring

        names = self.model.manifest.features
        features = FeatureMatrix(names, values_of(model_input, names))
        frames = []
        for target in Target:
            forecasts = self.model.predict(features, target)
            rows, horizons = forecasts.baseline.shape
            quantiles = forecasts.quantiles.reshape(rows * horizons, len(QUANTILE_NAMES))
            columns = {
                "target": str(target),
                "row": np.repeat(np.arange(rows), horizons),
                "horizon": np.tile(np.array(HORIZONS), rows),
                **dict(zip(QUANTILE_NAMES, quantiles.T, strict=True)),
                "baseline": forecasts.baseline.ravel(),
            }
            frames.append(pd.DataFrame(columns))
        return pd.concat(frames, ignore_index=True)


def values_of(frame: "pd.DataFrame", names: tuple[str, ...]) -> FloatArray:
    """Return columns of a frame as numbers, shape (rows, columns).

    Raises:
        FeatureError: A column is missing, or a value is no number.
    """
    if missing := [name for name in names if name not in frame.columns]:
        raise FeatureError(f"the model needs the columns {', '.join(missing)}, too")
    try:
        values: FloatArray = frame.loc[:, list(names)].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise FeatureError(f"the features must be numbers or null: {error}") from error
    return values


def _load_pyfunc(path: str) -> PyfuncModel:
    return PyfuncModel(ForecastModel.load(Path(path)))
