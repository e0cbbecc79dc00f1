"""The rows that a model of cells learns from, and as a file that a run keeps."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.data.snapshot import frame_digest, read_frame
from ml.model.cell_model import CellFeatures
from ml.model.matrix import FloatArray, IntArray

GROWN: Final = "has_grown"
"""Column of the file that tells what happened."""

_KEYS: Final = ("chip_key", "aoi_key", "as_of", "horizon", GROWN)
_RATES: Final = "rates"
"""Key of the rates in the file's metadata."""


@dataclass(frozen=True, slots=True)
class CellSample:
    """Rows to learn from: one per cell, as-of month and horizon.

    Attributes:
        chip_key: Shape (rows,).
        aoi_key: Of the chip, shape (rows,).
        as_of: Time keys, shape (rows,).
        horizon: Months ahead, shape (rows,).
        has_grown: Whether a building appeared by then, shape (rows,).
        names: The features, in order.
        values: Shape (rows, features).
        rates: By horizon, the share of cells that is expected to grow; of all horizons that are
            learnt from or forecast, whether rows know them or not.
    """

    chip_key: IntArray
    aoi_key: IntArray
    as_of: IntArray
    horizon: IntArray
    has_grown: NDArray[np.bool_]
    names: tuple[str, ...]
    values: CellFeatures
    rates: Mapping[int, float]

    def __len__(self) -> int:
        return len(self.horizon)

    @property
    def offset(self) -> FloatArray:
        """Log-odds of the rate of each row's horizon, shape (rows,)."""
        rate = np.array([self.rates[months] for months in sorted(self.rates)])
        at: FloatArray = np.log(rate / (1 - rate))
        return at[np.searchsorted(sorted(self.rates), self.horizon)]

    @property
    def frame(self) -> pl.DataFrame:
        """One row each: keys, what happened, and the features in order."""
        keys = {name: getattr(self, name) for name in _KEYS}
        features = dict(zip(self.names, self.values.T, strict=True))
        return pl.DataFrame(keys | features)

    @property
    def digest(self) -> str:
        """SHA-256 that is equal where rows and rates are."""
        return frame_digest(self.frame, _rates_text(self.rates))

    def write(self, path: Path) -> None:
        """Write rows and rates as Parquet."""
        self.frame.write_parquet(path, metadata={_RATES: _rates_text(self.rates)})

    @classmethod
    def read(cls, path: Path) -> "CellSample":
        """Read what ``write`` wrote, to the bit.

        Raises:
            SnapshotError: The file is not there or holds other columns.
        """
        frame = read_frame(path, _KEYS)
        features = frame.drop(_KEYS)
        rates = json.loads(pl.read_parquet_metadata(path)[_RATES])
        return cls(
            **{name: frame[name].to_numpy() for name in _KEYS},
            names=tuple(features.columns),
            values=np.ascontiguousarray(features.to_numpy(), dtype=np.float32),
            rates={int(months): rate for months, rate in rates.items()},
        )


def _rates_text(rates: Mapping[int, float]) -> str:
    return json.dumps({str(months): rate for months, rate in rates.items()})
