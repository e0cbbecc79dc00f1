"""Pictures that a training run keeps."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ml.model.chip_model import ForecastModel
from ml.model.grid import QUANTILES, Target


def plot_importance(model: ForecastModel, path: Path) -> None:
    """Draw the share of the loss reduction that each input brought, by quantile."""
    judged = model.models[Target.COUNT]
    names = judged.input_names
    gains = np.array([booster.feature_importance("gain") for booster in judged.boosters])
    shares = gains / np.maximum(gains.sum(axis=1, keepdims=True), 1e-12)
    order = np.argsort(shares.sum(axis=0))
    figure = Figure(figsize=(8, 0.35 * len(names) + 1.2), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(QUANTILES)
    for number, quantile in enumerate(QUANTILES):
        places = np.arange(len(names)) + (number - 1) * height
        axes.barh(places, shares[number][order], height=height, label=f"quantile {quantile}")
    axes.set_yticks(np.arange(len(names)), [names[place] for place in order])
    axes.set_xlabel("share of the loss reduction (gain)")
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110)
