"""The pictures of a benchmark: the loads side by side, and the promises beside their limits."""

from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks.contenders import OURS, UNIT
from benchmarks.page.wording import figure_of, seconds_of
from benchmarks.results import Results
from benchmarks.targets import TARGETS, Verdict, judge

OURS_COLOUR: Final = "#d9480f"
PEER_COLOUR: Final = "#adb5bd"
MET_COLOUR: Final = "#2b8a3e"
MISSED_COLOUR: Final = "#c92a2a"
INK: Final = "#343a40"
_HALO: Final = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.8}
_STYLE: Final[dict[Any, object]] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "svg.hashsalt": "benchmarks",  # the same figures give the same file
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.6,
}


def draw_loads(results: Results, path: Path) -> None:
    """Draw one bar per way to load the CSV, on a logarithmic axis of ratios."""
    loads = sorted(
        ((key, step) for key, step in results.steps.items() if step.kept is not None),
        key=lambda item: -results.ratio(item[0]),
    )
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(len(loads))
        for place, (key, step) in enumerate(loads):
            ratio = results.ratio(key)
            axes.barh(
                place,
                ratio,
                color=OURS_COLOUR if key == OURS.key else PEER_COLOUR,
                hatch="///" if step.share < 1 else None,
                edgecolor="white",
            )
            text = f"{ratio:.2f} x   {seconds_of(step.seconds)}"
            weight = "bold" if key == OURS.key else "normal"
            _note(axes, ratio, place, text, weight=weight)
        axes.set_yticks(range(len(loads)), [step.label for _, step in loads])
        axes.set_xscale("log")
        ratios = [results.ratio(key) for key, _ in loads]
        axes.set_xlim(min(0.2, min(ratios) / 2), max(ratios) * 6)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} x")
        axes.axvline(1, color=INK, linewidth=1)
        _limit(axes, TARGETS[0].limit, f"promise {TARGETS[0].limit:g} x")
        rows = f"{results.data.rows:,} rows, {results.data.size_bytes / 1e9:.2f} GB"
        hatched = "; hatched: scaled from a share" if any(s.share < 1 for _, s in loads) else ""
        axes.set_xlabel(f"time in units of one `{UNIT.label.split(' (')[0]}` ({rows}){hatched}")
        _title(axes, "Loading the CSV: time of the whole process")
        _save(figure, path)


def draw_targets(results: Results, path: Path) -> None:
    """Draw each promise as the share of its limit that was found; the line is the limit."""
    verdicts = list(judge(results))[::-1]
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(len(verdicts))
        for place, verdict in enumerate(verdicts):
            share = verdict.measured / verdict.target.limit
            colour = MET_COLOUR if verdict.is_met else MISSED_COLOUR
            axes.barh(place, share, color=colour, edgecolor="white")
            _note(axes, share, place, _found(verdict))
        axes.set_yticks(range(len(verdicts)), [verdict.target.name for verdict in verdicts])
        shares = [verdict.measured / verdict.target.limit for verdict in verdicts]
        axes.set_xlim(0, max(1.0, *shares) * 1.4)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        _limit(axes, 1, "limit")
        axes.set_xlabel("share of the limit")
        _title(axes, "Promises for the full size")
        _save(figure, path)


def _found(verdict: Verdict) -> str:
    unit = verdict.target.unit
    return f"{figure_of(verdict.measured, unit)} of {figure_of(verdict.target.limit, unit)}"


def _figure(bars: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(9, 1.5 + 0.42 * bars), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_axisbelow(True)
    axes.grid(axis="x", color="#e9ecef", linewidth=0.8)
    return figure, axes


def _note(axes: Axes, x: float, y: float, text: str, *, weight: str = "normal") -> None:
    axes.annotate(
        text,
        (x, y),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        weight=weight,
        bbox=_HALO,
    )


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", weight="bold", pad=20)


def _limit(axes: Axes, value: float, text: str) -> None:
    axes.axvline(value, color=OURS_COLOUR, linewidth=1.2, linestyle="--")
    axes.text(
        value,
        1.01,
        text,
        color=OURS_COLOUR,
        ha="center",
        va="bottom",
        fontsize=8,
        transform=axes.get_xaxis_transform(),
    )


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None})
