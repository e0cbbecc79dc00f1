"""Champion against challenger: their forecasts of the same things, paired.

Each run keeps the forecasts of its backtest, every one by a model that had not seen what it
forecast. Where both runs forecast the same outcome (protocol, target, chip, as-of month, horizon)
their losses are a pair. What is tested is the ratio of the losses, geometric mean over protocols,
targets and horizons; its interval comes from drawing AOIs anew (bootstrap by cluster: errors of
neighbours and of successive months go together; Davison and Hinkley 1997, section 3.8).
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import polars as pl

from ml.data.origin import DataKind
from ml.judging.backtest import MODEL
from ml.model.matrix import FloatArray
from ml.reporting.frames import EXAMPLE, KEY
from ml.training.tunables import GateParams

SAME_OUTCOME: Final = 1e-6
"""Most that two outcomes may differ, as share of their size, and be one."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of losses, challenger by champion, with the interval of its bootstrap."""

    value: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.lower:.3f} to {self.upper:.3f})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A challenger beside the champion.

    Attributes:
        pairs: Outcomes that both forecast.
        clusters: AOIs that they lie in.
        overall: Ratio over all horizons.
        by_horizon: Ratio at each horizon.
    """

    pairs: int
    clusters: int
    overall: Ratio
    by_horizon: dict[int, Ratio]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a challenger becomes champion, and the sentence that says why."""

    promotes: bool
    sentence: str

    @classmethod
    def yes(cls, sentence: str) -> Self:
        """It becomes champion."""
        return cls(promotes=True, sentence=sentence)

    @classmethod
    def no(cls, sentence: str) -> Self:
        """It does not."""
        return cls(promotes=False, sentence=sentence)


def compare(
    champion: pl.DataFrame,
    challenger: pl.DataFrame,
    aois: dict[int, int],
    rules: GateParams,
    *,
    loss: str,
) -> Comparison | None:
    """Pair the forecasts of two backtests; none where too few AOIs are common to both.

    Args:
        champion: One row per forecaster and outcome: ``EXAMPLE``, forecaster, actual, and its loss.
        challenger: The same.
        aois: AOI of each chip; a chip without one stands for itself.
        rules: Tunables of the test.
        loss: Name of the column that is to be low.
    """
    pairs = _pairs(champion, challenger, aois, loss)
    clusters = pairs["aoi"].n_unique()
    if clusters < rules.least_aois:
        return None
    sums, keys = _sums(pairs)
    drawn = _drawn(clusters, rules)
    # Losses by draw, forecaster and key: (draws, clusters) x (clusters, 2, keys).
    losses = np.tensordot(drawn, sums, axes=1)
    horizons = np.array([horizon for _, _, horizon in keys])
    return Comparison(
        pairs=pairs.height,
        clusters=clusters,
        overall=_ratio(losses, rules),
        by_horizon={
            months: _ratio(losses[:, :, horizons == months], rules)
            for months in np.unique(horizons).tolist()
        },
    )


def decide(comparison: Comparison, rules: GateParams, *, knows_more: bool) -> Decision:
    """Apply the rule.

    Args:
        comparison: What was found.
        rules: The margin.
        knows_more: The challenger was trained on other data than the champion. On the same data it
            has to be better by the margin; where it knows more, it is enough to be no worse.
    """
    overall = comparison.overall
    worse = [
        f"{months} months: {ratio}"
        for months, ratio in comparison.by_horizon.items()
        if ratio.lower > 1 and ratio.value > 1 + rules.margin
    ]
    if worse:
        return Decision(
            promotes=False,
            sentence=f"it is clearly worse at {'; '.join(worse)} {_about(comparison)}",
        )
    if knows_more:
        holds = overall.upper <= 1 + rules.margin
        outcome = "no worse than" if holds else "not shown to be as good as"
    else:
        holds = overall.value <= 1 - rules.margin and overall.upper < 1
        outcome = "better than" if holds else "not better, on the same data, than"
    return Decision(
        promotes=holds,
        sentence=f"{outcome} the champion: loss {overall} of the champion's, margin "
        f"{rules.margin * 100:g} % {_about(comparison)}",
    )


def kinds_allow(champion: DataKind, challenger: DataKind) -> bool:
    """Tell whether a model of one kind of data may take the place of one of another."""
    return not (champion is DataKind.OWN and challenger is DataKind.GENERATED)


def _about(comparison: Comparison) -> str:
    return f"({comparison.pairs:,} pairs in {comparison.clusters} AOIs)"


def _pairs(
    champion: pl.DataFrame, challenger: pl.DataFrame, aois: dict[int, int], loss: str
) -> pl.DataFrame:
    left, right = (
        frame.filter(pl.col("forecaster") == MODEL).select(
            *EXAMPLE, "actual", pl.col(loss).alias("loss")
        )
        for frame in (champion, challenger)
    )
    # Sums of areas may differ in their last digits from one build of the tables to the next.
    differs = (pl.col("actual") - pl.col("actual_challenger")).abs()
    joined = left.join(right, on=EXAMPLE, suffix="_challenger").filter(
        differs <= SAME_OUTCOME * pl.max_horizontal(pl.col("actual").abs(), 1.0)
    )
    chips = pl.DataFrame(
        {"chip_key": list(aois), "aoi": list(aois.values())},
        schema={"chip_key": pl.Int64, "aoi": pl.Int64},
    )
    # Chips without an AOI stand for themselves, beside all keys of AOIs.
    return joined.join(chips, on="chip_key", how="left").with_columns(
        pl.coalesce("aoi", -1 - pl.col("chip_key"))
    )


def _sums(pairs: pl.DataFrame) -> tuple[FloatArray, list[tuple[str, str, int]]]:
    """Return losses by AOI, forecaster (champion, challenger) and ``KEY``, and the keys."""
    summed = pairs.group_by("aoi", *KEY).agg(pl.col("loss", "loss_challenger").sum())
    aois = summed["aoi"].unique().sort().to_list()
    keys = summed.select(KEY).unique().sort(KEY).rows()
    sums = np.zeros((len(aois), 2, len(keys)))
    for aoi, *key, before, after in summed.iter_rows():
        sums[aois.index(aoi), :, keys.index(tuple(key))] = before, after
    return sums, [(str(protocol), str(target), int(months)) for protocol, target, months in keys]


def _drawn(clusters: int, rules: GateParams) -> FloatArray:
    """Return how often each cluster counts in each draw; the first draw is what was measured."""
    random = np.random.default_rng(0)
    drawn = random.multinomial(clusters, np.full(clusters, 1 / clusters), size=rules.draws)
    return np.vstack([np.ones(clusters), drawn])


def _ratio(losses: FloatArray, rules: GateParams) -> Ratio:
    """Return the ratio of the losses, shape (draws, 2, keys), and its interval over the draws."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(losses[:, 1]) - np.log(losses[:, 0])
    ratios = np.exp(np.nanmean(np.where(np.isfinite(logs), logs, 0.0), axis=1))
    tail = (1 - rules.confidence) / 2
    lower, upper = np.quantile(ratios[1:], [tail, 1 - tail])
    return Ratio(float(ratios[0]), float(lower), float(upper))
