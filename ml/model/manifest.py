"""What a bundle of chips' models says about itself. No behaviour."""

from typing import Final

from ml.model.baselines import Baseline
from ml.model.bundle import Manifest
from ml.model.grid import Target
from ml.model.quantiles import QuantileManifest

FORMAT: Final = 2
"""Version of the bundle's form."""

HISTORY: Final = "history"
"""Name of the model that needs a history alone; the others are named by their target."""


class BundleManifest(Manifest):
    """What a bundle of chips' models says about itself.

    Attributes:
        features: Columns of ``features.chip_month`` that the model needs, in order.
        nullable: Those of them that had unknown values in training, and may have them in use.
        ranges: Least and greatest value of each feature in training.
        categories: The codes seen in training, of each categorical feature.
        models: By name: one for each target, and ``HISTORY``.
        best_baselines: The plain forecast of each target that did best in the backtest.
        damping: Constant of the damped trends.
        training_chips: Chips.
    """

    format: int = FORMAT
    features: tuple[str, ...]
    nullable: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]
    categories: dict[str, tuple[float, ...]]
    models: dict[str, QuantileManifest]
    best_baselines: dict[Target, Baseline]
    damping: float
    training_chips: int

    @property
    def best_baseline(self) -> Baseline:
        """The best plain forecast of the count."""
        return self.best_baselines[Target.COUNT]
