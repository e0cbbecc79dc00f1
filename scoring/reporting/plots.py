"""The pictures of a report: chips, months, sizes, how late changes are told, one chip as a map.

Drawn on figures of their own, without pyplot and its global state.
"""

from typing import Final

import numpy as np
import polars as pl
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from loaders.terms.tiles import PIXELS
from scoring.metric.matched import Matched
from scoring.metric.rows import Ints, Rows
from scoring.metric.whole import TrackerScore

INK, FOUND, MISSED, GHOST, SWITCHED = "#22303c", "#8d99a6", "#c8553d", "#2a6f97", "#b08968"
WIDTH: Final = 8.0
_MOST_NAMES: Final = 30


def plot_chips(score: TrackerScore) -> Figure:
    """Draw SCOT by chip, the best first, over track and change scores."""
    chips = sorted(score.chips.items(), key=lambda item: -item[1].scot)
    places = np.arange(len(chips))
    figure, axes = _figure(3.4)
    axes.bar(places, [chip.scot for _, chip in chips], color=FOUND, label="SCOT")
    axes.plot(places, [chip.track_score for _, chip in chips], ".", color=GHOST, label="track")
    axes.plot(places, [chip.change_score for _, chip in chips], ".", color=MISSED, label="change")
    axes.axhline(score.scot, color=INK, linewidth=0.8)
    axes.set_ylim(0, 1)
    if len(chips) <= _MOST_NAMES:
        axes.set_xticks(places, [name for name, _ in chips], rotation=75, ha="right", fontsize=6)
    else:
        axes.set_xticks([])
        axes.set_xlabel(f"{len(chips)} chips, the best first")
    _explain(figure)
    figure.suptitle(f"Scores by chip; the mean SCOT is {score.scot:.3f}", color=INK)
    return figure


def plot_months(score: TrackerScore) -> Figure:
    """Draw F1 and recall by month."""
    months = score.breakdown.filter(pl.col("dimension") == "month")
    names = [f"{code // 100}-{code % 100:02}" for code in months["code"]]
    places = np.arange(len(names))
    figure, axes = _figure(3.0)
    axes.plot(places, months["f1"].to_numpy(), color=INK, label="F1")
    axes.plot(places, months["recall"].to_numpy(), color=MISSED, label="recall")
    axes.set_xticks(places, names, rotation=75, fontsize=7)
    lowest = float(np.nanmin(months.select("f1", "recall").to_numpy(), initial=1.0))
    axes.set_ylim(max(0.0, lowest - 0.05), 1.005)
    _explain(figure)
    figure.suptitle("Matching by month, all chips together", color=INK)
    return figure


def plot_classes(score: TrackerScore) -> Figure:
    """Draw recall, and F1 where it is known, by size, age and cloud."""
    rows = score.breakdown.filter(pl.col("dimension") != "month")
    places = np.arange(rows.height)
    figure, axes = _figure(0.9 + 0.3 * rows.height)
    axes.barh(
        places + 0.2, rows["recall"].fill_null(0).to_numpy(), 0.4, color=FOUND, label="recall"
    )
    axes.barh(places - 0.2, rows["f1"].fill_null(0).to_numpy(), 0.4, color=GHOST, label="F1")
    axes.set_yticks(places, rows["part"].to_list(), fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.02)
    _explain(figure)
    figure.suptitle("Matching by age, cloud and size of the building", color=INK)
    return figure


def plot_lateness(score: TrackerScore) -> Figure:
    """Draw how many new buildings are told how late."""
    told = score.lateness.drop_nulls()
    months, changes = told["months_late"].to_list(), told["changes"].to_list()
    figure, axes = _figure(2.8)
    colours = [GHOST if late < 0 else FOUND if late == 0 else MISSED for late in months]
    axes.bar(months, changes, color=colours)
    axes.set_xlabel("months late (early: negative)")
    axes.set_ylabel("new buildings")
    figure.suptitle(
        f"When new buildings are told; {sum(score.lateness['changes']) - sum(changes):,} never are",
        color=INK,
    )
    return figure


def plot_map(chip_id: str, matched: Matched) -> Figure:
    """Draw a chip's last month: found, switched, missed and invented buildings."""
    last = int(matched.truth.time_keys[-1])
    figure = Figure(figsize=(WIDTH, WIDTH), layout="constrained")
    axes = figure.add_subplot()
    missed = np.delete(np.arange(len(matched.truth)), matched.truth_at)
    ghosts = np.delete(np.arange(len(matched.predicted)), matched.predicted_at)
    switched = matched.truth_at[matched.mismatch]
    found = matched.truth_at[~matched.mismatch]
    for rows, at, colour, name in (
        (matched.truth, found, FOUND, "found"),
        (matched.truth, switched, SWITCHED, "switched"),
        (matched.truth, missed, MISSED, "missed"),
        (matched.predicted, ghosts, GHOST, "ghost"),
    ):
        rings = _rings(rows, at[rows.time_keys[at] == last])
        axes.add_collection(
            PolyCollection(rings, facecolors=colour, linewidths=0, label=f"{name} ({len(rings):,})")
        )
    axes.set_xlim(0, PIXELS)
    axes.set_ylim(PIXELS, 0)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=4)
    figure.suptitle(f"{chip_id} in {last // 100}-{last % 100:02}", color=INK)
    return figure


def _rings(rows: Rows, at: Ints) -> list[np.ndarray]:
    """Return the outer rings of rows' polygons."""
    polygons = rows.polygons[rows.footprints[at]]
    return [shapely.get_coordinates(ring) for ring in shapely.get_exterior_ring(polygons)]


def _explain(figure: Figure) -> None:
    """Set the legend beside the axes, where it covers nothing."""
    figure.legend(loc="outside right upper", frameon=False, fontsize=8)


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
