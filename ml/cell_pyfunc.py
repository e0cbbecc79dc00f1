"""The model of cells as MLflow loads it: a DataFrame of features in, probabilities out.

MLflow asks for ``_load_pyfunc`` by this name; see ``ml.pyfunc``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.model.cell_model import CellModel
from ml.model.grid import CELL_HORIZONS
from ml.pyfunc import values_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class CellPyfuncModel:
    """A model of cells with MLflow's interface."""

    model: CellModel

    def predict(
        self,
        model_input: "pd.DataFrame",
        params: Mapping[str, Any] | None = None,  # noqa: ARG002 - MLflow gives it
    ) -> "pd.DataFrame":
        """Forecast every row at every horizon.

        Args:
            model_input: The model's features, in any order, one row per cell and month; other
                columns are left aside.
            params: None are known.

        Returns:
            One row per row of the input and horizon, in that order: ``row`` (position in the
            input), ``horizon`` (months) and ``probability`` of at least one new building.

        Raises:
            FeatureError: A column is missing, or a value is no number.
        """
        import pandas as pd  # noqa: PLC0415 - see ml.pyfunc

        names = self.model.manifest.features
        values = values_of(model_input, names).astype(np.float32)
        probability = self.model.predict(values, names=names)
        return pd.DataFrame(
            {
                "row": np.repeat(np.arange(len(values)), len(CELL_HORIZONS)),
                "horizon": np.tile(np.array(CELL_HORIZONS), len(values)),
                "probability": probability.ravel(),
            }
        )


def _load_pyfunc(path: str) -> CellPyfuncModel:
    return CellPyfuncModel(CellModel.load(Path(path)))
