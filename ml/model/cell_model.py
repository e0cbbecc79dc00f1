"""The model of cells: features in, calibrated probability of at least one new building out.

A bundle is a folder with one LightGBM text model, ``cells.txt``, and ``cells.json``. No database,
no MLflow.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from ml.model.boosting import Booster, read_booster
from ml.model.errors import BundleError, FeatureError
from ml.model.grid import CELL_HORIZONS
from ml.model.matrix import FloatArray, IntArray

CellFeatures = NDArray[np.float32]
"""Shape (rows, features); NaN where a value is not known."""

CELL_FORMAT: Final = 1
"""Version of the bundle's form."""

_FARTHEST: Final = 30.0
"""Log-odds that are as good as certain."""

_MANIFEST_FILE: Final = "cells.json"
_BOOSTER_FILE: Final = "cells.txt"


class CellManifest(BaseModel):
    """What a bundle of cells says about itself; ``cells.json``.

    Attributes:
        format: Version of this form.
        version: Version of the registered model that it belongs to; none before that.
        features: Columns that the model needs, in order; the horizon follows them.
        offsets: By horizon, the log-odds that the booster starts from.
        slopes: By horizon, what the booster's log-odds are multiplied by: below 1 where it was too
            sure.
        intercepts: By horizon, what is then added, so that the mean is the rate expected.
        first_as_of: Time key of the first as-of month of the training rows.
        last_as_of: Time key of the last one.
        training_rows: Cells, as-of months and horizons that were learnt from.
        fingerprint: Hash of the training rows and of the tunables.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = CELL_FORMAT
    version: int | None = None
    features: tuple[str, ...]
    offsets: dict[int, float]
    slopes: dict[int, float]
    intercepts: dict[int, float]
    first_as_of: int
    last_as_of: int
    training_rows: int
    fingerprint: str


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
        """Return the same model under the version in the registry that it belongs to."""
        return dataclasses.replace(
            self, manifest=self.manifest.model_copy(update={"version": version})
        )

    def save(self, folder: Path) -> None:
        """Write the bundle into ``folder``, made if it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _BOOSTER_FILE).write_text(self.booster.model_to_string(), encoding="utf-8")
        manifest = self.manifest.model_dump_json(indent=2)
        (folder / _MANIFEST_FILE).write_text(manifest + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a bundle.

        Raises:
            BundleError: A file is missing or is not what it should be.
        """
        try:
            manifest = CellManifest.model_validate_json((folder / _MANIFEST_FILE).read_bytes())
            booster = read_booster((folder / _BOOSTER_FILE).read_text("utf-8"))
        except OSError as error:
            raise BundleError(
                f"the bundle of cells {folder} is incomplete ({error}); train again"
            ) from error
        except (ValidationError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise BundleError(f"the bundle of cells {folder} cannot be read: {reason}") from error
        if manifest.format != CELL_FORMAT:
            raise BundleError(
                f"the bundle of cells {folder} has format {manifest.format}, expected "
                f"{CELL_FORMAT}; train again"
            )
        return cls(manifest=manifest, booster=booster)


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
