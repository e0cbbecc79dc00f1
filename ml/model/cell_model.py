"""The model of cells: features in, calibrated probability of at least one new building out.

Its bundle holds one LightGBM model. No database, no MLflow.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ml.model.boosting import Booster
from ml.model.bundle import Manifest, read_bundle, write_bundle
from ml.model.errors import FeatureError
from ml.model.grid import CELL_HORIZONS
from ml.model.matrix import FloatArray, IntArray

CellFeatures = NDArray[np.float32]
"""Shape (rows, features); NaN where a value is not known."""

CELL_FORMAT: Final = 2
"""Version of the bundle's form."""

_FARTHEST: Final = 30.0
"""Log-odds that are as good as certain."""

_BOOSTER: Final = "cells"


class CellManifest(Manifest):
    """What a bundle of cells says about itself.

    Attributes:
        features: Columns that the model needs, in order; the horizon follows them.
        offsets: By horizon, the log-odds that the booster starts from.
        slopes: By horizon, what the booster's log-odds are multiplied by: below 1 where it was too
            sure.
        intercepts: By horizon, what is then added, so that the mean is the rate expected.
    """

    format: int = CELL_FORMAT
    features: tuple[str, ...]
    offsets: dict[int, float]
    slopes: dict[int, float]
    intercepts: dict[int, float]


@dataclass(frozen=True, slots=True)
class CellModel:
    """A trained model of cells.

    Attributes:
        manifest: What the bundle says about itself.
        booster: Answers in log-odds, beside the offset of the horizon.
    """

    manifest: CellManifest
    booster: Booster

    def predict(self, features: CellFeatures, *, names: tuple[str, ...]) -> FloatArray:
        """Return the probability of growth at every horizon, shape (rows, horizons).

        Args:
            features: One row per cell and as-of month, shape (rows, features).
            names: Its columns.

        Raises:
            FeatureError: The columns are not those that the model was trained on.
        """
        if names != self.manifest.features:
            expected, found = ", ".join(self.manifest.features), ", ".join(names)
            raise FeatureError(f"the model of cells expects the features {expected}; found {found}")
        return np.column_stack([self.at(features, horizon) for horizon in CELL_HORIZONS])

    def at(self, features: CellFeatures, horizon: int) -> FloatArray:
        """Return the probability of growth within ``horizon`` months, shape (rows,)."""
        raw = log_odds(self.booster, features, horizon, self.manifest.offsets[horizon])
        return probability(self.manifest.intercepts[horizon] + self.manifest.slopes[horizon] * raw)

    def with_version(self, version: int) -> Self:
        """Return the same model under its version in the registry."""
        return dataclasses.replace(
            self, manifest=self.manifest.model_copy(update={"version": version})
        )

    def save(self, folder: Path) -> None:
        """Write the bundle into ``folder``, made if it is not there."""
        write_bundle(folder, self.manifest, {_BOOSTER: self.booster})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a bundle.

        Raises:
            BundleError: A file is missing or is not what it should be.
        """
        manifest, boosters = read_bundle(folder, CellManifest, lambda _: [_BOOSTER])
        return cls(manifest=manifest, booster=boosters[_BOOSTER])


def log_odds(
    booster: Booster, features: CellFeatures, horizon: int | IntArray, offset: float | FloatArray
) -> FloatArray:
    """Return the booster's log-odds on top of the offset, before calibration, shape (rows,)."""
    raw: FloatArray = np.asarray(
        booster.predict(cell_inputs(features, horizon), raw_score=True, num_threads=1)
    )
    return raw + offset


def cell_inputs(features: CellFeatures, horizon: int | IntArray) -> CellFeatures:
    """Return what the booster sees: the features and the horizon, shape (rows, features + 1)."""
    months = np.broadcast_to(np.asarray(horizon, dtype=np.float32), (len(features),))
    return np.column_stack([features, months])


def probability(odds: FloatArray) -> FloatArray:
    """Return log-odds as probabilities."""
    share: FloatArray = 1 / (1 + np.exp(-np.clip(odds, -_FARTHEST, _FARTHEST)))
    return share
