"""The pictures of a model of cells: ranking, reliability, and hot spots on a chip's grid."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ml.data.cells import CellMonths
from ml.judging.backtest import MODEL
from ml.judging.cell_backtest import CellForecasts, plain_scores
from ml.reporting.cell_frames import top_shares
from ml.reporting.facts import words
from ml.reporting.plots import ACCENT, BAND, INK, MUTED, WIDTH

SIDE: Final = 32
"""Cells along a chip's side."""


def plot_precision(skill: pl.DataFrame) -> Figure:
    """Draw average precision and lift of the model beside the best plain forecast's.

    Args:
        skill: As ``cell_skill_frame`` gives it.
    """
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    names = [f"{words(row['protocol'])}\n{row['horizon']} months" for row in skill.to_dicts()]
    places = np.arange(len(names))
    for axes, (ours, theirs, title) in zip(
        figure.subplots(1, 2),
        (
            ("average_precision", "plain_precision", "average precision"),
            ("lift", "plain_lift", "lift of the best 5 % of the cells"),
        ),
        strict=True,
    ):
        _bare(axes)
        axes.bar(places - 0.2, skill[ours], 0.4, color=ACCENT, label="model")
        axes.bar(places + 0.2, skill[theirs], 0.4, color=MUTED, label="best plain forecast")
        for place, (mine, other) in enumerate(zip(skill[ours], skill[theirs], strict=True)):
            axes.annotate(
                f"{mine / other:.2f} x" if other else "", (place - 0.2, mine),
                ha="center", va="bottom", fontsize=7, color=INK,
            )  # fmt: skip
        axes.set_xticks(places, names, fontsize=7)
        axes.set_title(title, fontsize=10, color=INK)
        axes.margins(y=0.15)
    axes.legend(frameon=False, fontsize=8)
    return figure


def plot_tenths(tenths: pl.DataFrame) -> Figure:
    """Draw the rate of growth of each tenth of the cells over its mean probability.

    Args:
        tenths: As ``tenth_frame`` gives them.
    """
    parts = tenths.partition_by("protocol", "horizon", maintain_order=True)
    figure = Figure(figsize=(WIDTH + 1, 2.6), layout="constrained")
    for axes, rows in zip(
        figure.subplots(1, len(parts), squeeze=False).ravel(), parts, strict=True
    ):
        _bare(axes)
        most = float(rows.select("probability", "rate").to_numpy().max()) * 1.08
        axes.fill_between(
            [0, most], [-0.02, most - 0.02], [0.02, most + 0.02], color=BAND, alpha=0.5
        )
        axes.plot([0, most], [0, most], color=INK, linewidth=0.8)
        axes.plot(rows["probability"], rows["rate"], "o", color=ACCENT, markersize=4)
        axes.set(xlim=(0, most), ylim=(0, most), xlabel="probability", aspect="equal")
        axes.set_title(f"{words(rows['protocol'][0])}, {rows['horizon'][0]} months", fontsize=8)
        axes.tick_params(labelsize=7)
    figure.axes[0].set_ylabel("share that grew")
    figure.suptitle("Reliability by tenths of the cells; the band is 0.02", color=INK)
    return figure


def plot_found(cells: CellMonths, forecasts: CellForecasts) -> Figure:
    """Draw how much growth lies in the cells that each forecaster ranks highest."""
    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.subplots()
    _bare(axes)
    scores = plain_scores(cells, forecasts.rows) | {MODEL: forecasts.probability}
    for name, score in scores.items():
        shares = top_shares(forecasts.has_grown, score)
        is_model = name == MODEL
        axes.plot(
            shares["cells"] * 100, shares["growth"] * 100,
            color=ACCENT if is_model else MUTED, linewidth=2 if is_model else 0.8,
            label="model" if is_model else None,
        )  # fmt: skip
    axes.plot([], [], color=MUTED, linewidth=0.8, label="plain forecasts")
    axes.plot([0, 100], [0, 100], color=INK, linewidth=0.6, linestyle="--", label="no order")
    axes.set(xlim=(0, 30), ylim=(0, 100))
    axes.set(xlabel="cells, best first (%)", ylabel="cells that grew among them (%)")
    axes.legend(loc="lower right", frameon=False, fontsize=8)
    return figure


def plot_hot_spots(grids: Mapping[str, np.ndarray], *, grown: np.ndarray | None = None) -> Figure:
    """Draw chips' cells, the darker the likelier growth is.

    Args:
        grids: By title, probability of each cell, NaN where there is no forecast, shape
            (``SIDE``, ``SIDE``), the north on top.
        grown: Cells that grew, of the same shape, ringed on every grid.
    """
    figure = Figure(figsize=(3.1 * len(grids) + 0.8, 3.4), layout="constrained")
    most = max(float(np.nanmax(grid)) for grid in grids.values())
    shown = None
    for axes, (title, grid) in zip(
        figure.subplots(1, len(grids), squeeze=False).ravel(), grids.items(), strict=True
    ):
        shown = axes.imshow(grid, cmap="OrRd", vmin=0, vmax=most)
        axes.set_facecolor("#f4f5f6")
        axes.set_title(title, fontsize=9, color=INK)
        axes.set(xticks=[], yticks=[])
        if grown is not None:
            row, column = np.nonzero(grown)
            axes.plot(
                column, row, "o", markerfacecolor="none", markeredgecolor=INK,
                markersize=3.4, markeredgewidth=0.6, linestyle="none",
            )  # fmt: skip
    if shown is not None:
        figure.colorbar(shown, ax=figure.axes, shrink=0.75, label="probability of a new building")
    return figure


def grid_of(cell_no: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return values by cell as a grid, row by row from the north-west; NaN where there is none."""
    grid = np.full(SIDE * SIDE, np.nan)
    grid[cell_no] = values
    return grid.reshape(SIDE, SIDE)


def _bare(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
