"""What a model bundle says about itself: the file ``model.json``. No behaviour."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from ml.model.baselines import Baseline
from ml.model.grid import Target
from ml.model.quantiles import QuantileManifest

FORMAT: Final = 2
"""Version of the bundle's form."""

HISTORY: Final = "history"
"""Name of the model that needs a history alone; the others are named by their target."""


class BundleManifest(BaseModel):
    """What a bundle says about itself; ``model.json``.

    Attributes:
        format: Version of this form.
        version: Version in the registry; none before it is registered.
        features: Columns of ``features.chip_month`` that the model needs, in order.
        nullable: Those of them that had unknown values in training, and may have them in use.
        ranges: Least and greatest value of each feature in training.
        categories: The codes seen in training, of each categorical feature.
        models: By name: one for each target, and ``HISTORY``.
        best_baselines: The plain forecast of each target that did best in the backtest.
        damping: Constant of the damped trends.
        first_as_of: Time key of the first as-of month of the training rows.
        last_as_of: Time key of the last one.
        training_rows: Targets.
        training_chips: Chips.
        fingerprint: Hash of the training rows and of the tunables.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    version: int | None = None
    features: tuple[str, ...]
    nullable: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]
    categories: dict[str, tuple[float, ...]]
    models: dict[str, QuantileManifest]
    best_baselines: dict[Target, Baseline]
    damping: float
    first_as_of: int
    last_as_of: int
    training_rows: int
    training_chips: int
    fingerprint: str

    @property
    def best_baseline(self) -> Baseline:
        """The best plain forecast of the count."""
        return self.best_baselines[Target.COUNT]
