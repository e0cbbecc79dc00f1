"""The pictures of a training run: skill, coverage, reliability, error by chip, fans of forecasts.

Drawn on figures of their own, without pyplot and its global state; nothing here counts anything
that ``frames`` does not hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ml.judging.backtest import MODEL
from ml.model.grid import QUANTILES, UNITS, Target
from ml.reporting.facts import words
from ml.reporting.fans import Fan
from ml.reporting.frames import KEY, LOWER, MEDIAN, UPPER

NOMINAL: Final = QUANTILES[-1] - QUANTILES[0]
"""Share of outcomes that the interval is meant to hold."""

INK, ACCENT, MUTED, BAND = "#22303c", "#c8553d", "#8d99a6", "#f0c8b4"
HORIZON_COLOURS: Final = ("#2a6f97", "#468faf", "#c8553d", "#7f2f1d", "#52796f", "#b08968")
WIDTH: Final = 8.0
LEAST_LOSS: Final = 1e-3
"""What a loss of 0 is drawn as, on axes of logarithms."""


def plot_skill(skill: pl.DataFrame) -> Figure:
    """Draw the share of the best plain forecast's loss that the model saves, by horizon."""
    figure, panels = _panels(skill)
    for axes, rows in panels:
        shares = rows["skill"].to_numpy() * 100
        places = np.arange(len(shares))
        axes.bar(places, shares, color=[ACCENT if share > 0 else MUTED for share in shares])
        for place, share, plain in zip(places, shares, rows["plain"], strict=True):
            axes.annotate(
                "\n".join([f"{share:+.0f} %", *plain.split("_")]),
                (place, max(share, 0)), ha="center", va="bottom", fontsize=7, color=INK,
            )  # fmt: skip
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_xticks(places, [str(months) for months in rows["horizon"]])
        axes.margins(y=0.35)
        axes.set_xlabel("months ahead")
    panels[0][0].set_ylabel("pinball loss saved (%)")
    figure.suptitle("Loss saved against the best plain forecast of each horizon", color=INK)
    return figure


def plot_coverage(scores: pl.DataFrame) -> Figure:
    """Draw by horizon how many outcomes the interval held, of the model and the plain forecasts."""
    figure, panels = _panels(scores)
    for axes, rows in panels:
        months = rows["horizon"].unique().sort().to_list()
        axes.axhspan(NOMINAL * 100 - 4, NOMINAL * 100 + 4, color=BAND, alpha=0.5, linewidth=0)
        axes.axhline(NOMINAL * 100, color=INK, linewidth=0.8)
        for forecaster, of_one in rows.group_by("forecaster", maintain_order=True):
            is_model = forecaster[0] == MODEL
            axes.plot(
                [months.index(horizon) for horizon in of_one["horizon"]],
                of_one["coverage"] * 100,
                color=ACCENT if is_model else MUTED,
                linewidth=2 if is_model else 0.8,
                marker="o",
                markersize=5 if is_model else 2,
                zorder=3 if is_model else 2,
                label="model" if is_model else None,
            )
        axes.plot([], [], color=MUTED, linewidth=0.8, label="plain forecasts")
        axes.set_xticks(range(len(months)), [str(horizon) for horizon in months])
        axes.set_xlabel("months ahead")
        axes.set_ylim(min(50.0, float(rows["coverage"].min() or 0) * 100 - 2), 101)  # type: ignore[arg-type]
    panels[0][0].set_ylabel(f"outcomes within the {NOMINAL * 100:.0f} % interval (%)")
    panels[0][0].legend(loc="lower left", frameon=False, fontsize=8)
    figure.suptitle("Coverage", color=INK)
    return figure


def plot_reliability(reliability: pl.DataFrame) -> Figure:
    """Draw how many outcomes lay at or below each quantile of the model, against its name."""
    figure, panels = _panels(reliability)
    for axes, rows in panels:
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8)
        for colour, (horizon, of_one) in zip(
            HORIZON_COLOURS, rows.group_by("horizon", maintain_order=True), strict=False
        ):
            axes.plot(
                of_one["quantile"], of_one["share"], marker="o", color=colour,
                label=f"{horizon[0]} months", linewidth=1.2, markersize=4,
            )  # fmt: skip
        axes.set_xticks(QUANTILES)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="quantile", aspect="equal")
    panels[0][0].set_ylabel("share of outcomes at or below it")
    panels[0][0].legend(loc="upper left", frameon=False, fontsize=8)
    figure.suptitle("Reliability of the model's quantiles", color=INK)
    return figure


def plot_importance(names: Sequence[str], gains: Mapping[str, np.ndarray]) -> Figure:
    """Draw the share of the loss reduction that each input brought.

    Args:
        names: Of the inputs.
        gains: By what is told of, a booster each: gain of each input.
    """
    shares = {label: gain / max(gain.sum(), 1e-12) for label, gain in gains.items()}
    order = np.argsort(np.sum(list(shares.values()), axis=0))
    figure = Figure(figsize=(WIDTH, 0.35 * len(names) + 1.2), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(gains)
    for number, (label, share) in enumerate(shares.items()):
        places = np.arange(len(names)) + (number - (len(gains) - 1) / 2) * height
        axes.barh(places, share[order], height=height, label=label)
    axes.set_yticks(np.arange(len(names)), [names[place] for place in order])
    axes.set_xlabel("share of the loss reduction (gain)")
    if len(gains) > 1:
        axes.legend(loc="lower right")
    return figure


def plot_error_by_chip(by_chip: pl.DataFrame) -> Figure:
    """Draw each chip's loss beside the plain forecasts' best, a dot per chip and horizon.

    Args:
        by_chip: As ``skill_frame`` gives it by protocol, target, horizon and chip_key, beside the
            best plain forecast.
    """
    figure, panels = _panels(by_chip)
    for axes, rows in panels:
        for colour, (horizon, of_one) in zip(
            HORIZON_COLOURS, rows.group_by("horizon", maintain_order=True), strict=False
        ):
            axes.scatter(
                of_one["plain_pinball"].clip(LEAST_LOSS), of_one["pinball"].clip(LEAST_LOSS),
                s=12, alpha=0.7, color=colour, linewidths=0, label=f"{horizon[0]} months",
            )  # fmt: skip
        losses = rows.select("plain_pinball", "pinball").to_numpy().clip(LEAST_LOSS)
        ends = [losses.min() / 1.5, losses.max() * 1.5]
        axes.plot(ends, ends, color=INK, linewidth=0.8)
        axes.set(xscale="log", yscale="log", xlabel="best plain forecast of the horizon")
    panels[0][0].set_ylabel("model (below the line: better)")
    panels[0][0].legend(loc="upper left", frameon=False, fontsize=8)
    figure.suptitle("Pinball loss by chip", color=INK)
    return figure


def plot_fans(fans: Sequence[Fan], *, unit: str = "buildings") -> Figure:
    """Draw histories of chips and what is forecast from their last month, with the interval."""
    columns = 3
    rows = max(-(-len(fans) // columns), 1)
    figure = Figure(figsize=(WIDTH + 2, 2.4 * rows + 0.5), layout="constrained")
    grid = np.atleast_1d(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes, fan in zip(grid, fans, strict=False):
        _draw_fan(axes, fan)
    for axes in grid[len(fans) :]:
        axes.set_visible(False)
    figure.suptitle(f"Forecast count of {unit}, with its {NOMINAL * 100:.0f} % interval", color=INK)
    return figure


def _draw_fan(axes: Axes, fan: Fan) -> None:
    ahead = np.array([0, *fan.horizons])
    now = fan.counts[-1]
    middle = now + np.array([0, *fan.quantiles[MEDIAN]])
    lower = now + np.array([0, *fan.quantiles[LOWER]])
    upper = now + np.array([0, *fan.quantiles[UPPER]])
    axes.plot(fan.months, fan.counts, color=INK, linewidth=1.2)
    axes.fill_between(ahead, lower, upper, color=BAND, linewidth=0)
    axes.plot(ahead, middle, color=ACCENT, linewidth=1.4, marker="o", markersize=3)
    axes.plot(ahead[1:], now + np.array(fan.plain), color=MUTED, linewidth=0.8, linestyle="--")
    axes.axvline(0, color=MUTED, linewidth=0.6)
    axes.set_title(fan.name, fontsize=8, color=INK)
    axes.set_xlabel(f"months from {fan.as_of // 100}-{fan.as_of % 100:02d}", fontsize=7)
    axes.tick_params(labelsize=7)


def _panels(frame: pl.DataFrame) -> tuple[Figure, list[tuple[Axes, pl.DataFrame]]]:
    """Return a figure with one panel for each protocol and target that the frame holds."""
    parts = list(_parts(frame))
    figure = Figure(figsize=(WIDTH + 0.5, 3.8 * -(-len(parts) // 2)), layout="constrained")
    grid = figure.subplots(-(-len(parts) // 2), min(len(parts), 2), squeeze=False).ravel()
    panels = []
    for axes, (protocol, target, rows) in zip(grid, parts, strict=False):
        unit = UNITS[Target(target)]
        axes.set_title(f"{words(protocol)}, {unit}", fontsize=10, color=INK)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        panels.append((axes, rows))
    return figure, panels


def _parts(frame: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    for (target, protocol), rows in frame.group_by("target", "protocol", maintain_order=True):
        yield str(protocol), str(target), rows.sort(KEY, maintain_order=True)
