"""A made-up world as the arrays that training works on, without a database."""

import numpy as np

from ml.data.examples import ChipMonths, Examples
from ml.model.matrix import FeatureMatrix
from ml.training.params import Params, load_params
from tests.ml.worlds import World


def quick_params() -> Params:
    """The project's tunables with fewer origins and folds."""
    params = load_params()
    fewer = params.backtest.model_copy(update={"origin_step_months": 6, "folds": 2})
    return params.model_copy(update={"backtest": fewer})


def chip_months(world: World, names: tuple[str, ...]) -> ChipMonths:
    """Return the features of ``world``."""
    rows = world.features
    values = [[np.nan if row[name] is None else row[name] for name in names] for row in rows]
    return ChipMonths(
        chip_key=np.array([row["chip_key"] for row in rows], dtype=np.int64),
        as_of=np.array([row["as_of"] for row in rows], dtype=np.int64),
        features=FeatureMatrix(names, np.array(values, dtype=np.float64)),
    )


def examples(world: World, names: tuple[str, ...]) -> Examples:
    """Return the targets of ``world`` with their features."""
    months = chip_months(world, names)
    keys = zip(months.chip_key.tolist(), months.as_of.tolist(), strict=True)
    place = {key: number for number, key in enumerate(keys)}
    rows = world.targets
    found = np.array([place[row["chip_key"], row["as_of"]] for row in rows], dtype=np.int64)
    return Examples(
        chip_key=np.array([row["chip_key"] for row in rows], dtype=np.int64),
        as_of=np.array([row["as_of"] for row in rows], dtype=np.int64),
        horizon=np.array([row["horizon"] for row in rows], dtype=np.int64),
        net_change=np.array([row["net_change"] for row in rows], dtype=np.float64),
        features=months.features.take(found),
    )
