"""What a model bundle says about itself: the file ``model.json``. No behaviour."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from ml.model.baselines import Baseline

FORMAT: Final = 1
"""Version of the bundle's form."""


class BundleManifest(BaseModel):
    """What a bundle says about itself; ``model.json``.

    Attributes:
        format: Version of this form.
        version: Version in the registry; none before it is registered.
        features: Columns that the model needs, in order.
        nullable: Those of them that had unknown values in training, and may have them in use.
        categories: The codes seen in training, of each categorical feature.
        growth_rate: See ``PooledGrowth.rate``.
        growth_weight: See ``PooledGrowth.weight``.
        spread_power: See ``ErrorQuantiles.power``.
        spread_quantiles: See ``ErrorQuantiles.by_horizon``: of the changes of all chips.
        spread_share: How much of the forecast those are; the boosters are the rest.
        lower_offsets: By horizon, what the lower quantile moves down, in change units.
        upper_offsets: By horizon, what the upper quantile moves up, in change units.
        best_baseline: The plain forecast that did best in the backtest.
        damping: Constant of the damped trend.
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
    categories: dict[str, tuple[float, ...]]
    growth_rate: float
    growth_weight: float
    spread_power: float
    spread_quantiles: dict[int, tuple[float, ...]]
    spread_share: float
    lower_offsets: dict[int, float]
    upper_offsets: dict[int, float]
    best_baseline: Baseline
    damping: float
    first_as_of: int
    last_as_of: int
    training_rows: int
    training_chips: int
    fingerprint: str
