"""The one door to LightGBM: imported without its optional companions, trained the same every time.

LightGBM imports pandas, scikit-learn, pyarrow and matplotlib when it finds them, and uses none of
them on numpy arrays. Hidden while it is imported, it starts four times faster, and the service
process stays as small on a developer's machine as it is in the image.
"""

import contextlib
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ml.model.matrix import FloatArray

_OPTIONAL = ("pandas", "sklearn", "pyarrow", "matplotlib", "dask", "graphviz", "cffi")


@contextlib.contextmanager
def _hidden(*names: str) -> Iterator[None]:
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


with _hidden(*_OPTIONAL):
    import lightgbm

Booster = lightgbm.Booster


def fit_quantile(
    inputs: FloatArray,
    target: FloatArray,
    *,
    weight: FloatArray,
    quantile: float,
    rounds: int,
    categorical: tuple[int, ...],
    settings: dict[str, float | int],
) -> lightgbm.Booster:
    """Train one booster on the pinball loss of one quantile.

    Args:
        inputs: Shape (rows, inputs); NaN allowed.
        target: Shape (rows,).
        weight: What a row's loss counts for, shape (rows,).
        quantile: Between 0 and 1.
        rounds: Trees.
        categorical: Positions of inputs that are codes.
        settings: LightGBM parameters beside those that make it repeatable.
    """
    parameters = {
        "objective": "quantile",
        "alpha": quantile,
        "verbosity": -1,
        "deterministic": True,
        "force_row_wise": True,
        "bagging_freq": 1,
        **settings,
    }
    data = lightgbm.Dataset(inputs, target, weight=weight, categorical_feature=list(categorical))
    return lightgbm.train(parameters, data, num_boost_round=rounds)


def read_booster(text: str) -> lightgbm.Booster:
    """Make a booster of LightGBM's text form.

    Raises:
        ValueError: The text is no such model.
    """
    try:
        return lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise ValueError(str(error)) from error


def fit_binary(
    inputs: NDArray[np.float32],
    target: NDArray[np.bool_],
    *,
    offset: FloatArray,
    rounds: int,
    settings: dict[str, float | int],
) -> lightgbm.Booster:
    """Train one booster on the log loss of a yes or no.

    Args:
        inputs: Shape (rows, inputs); NaN allowed.
        target: Shape (rows,).
        offset: Log-odds that each row starts from, shape (rows,); not part of the booster.
        rounds: Trees.
        settings: LightGBM parameters beside those that make it repeatable.
    """
    parameters = {
        "objective": "binary",
        "verbosity": -1,
        "deterministic": True,
        "force_row_wise": True,
        "bagging_freq": 1,
        **settings,
    }
    data = lightgbm.Dataset(inputs, target, init_score=offset)
    return lightgbm.train(parameters, data, num_boost_round=rounds)
