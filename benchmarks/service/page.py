"""The page of the service's speed and its picture."""

from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.service.campaign import BARE, OURS, Figures, Results, median

PICTURE: Final = "images/service-speed.svg"
PAGE: Final = "service-speed.md"

QUESTIONS: Final = {
    "lookup": "one chip, features looked up",
    "features": "one row of features",
    "batch": "1,000 chips at once",
}
LIMITS: Final = {"lookup": 1.5, "features": 1.8, "batch": 1 / 0.9}
_COLOURS: Final = {"bare": "#adb5bd", "ours": "#d9480f", "bentoml": "#f08c00"}
_STYLE: Final[dict[Any, object]] = {"font.size": 10, "svg.hashsalt": "service"}


def write_page(results: Results, folder: Path) -> Path:
    """Write the page and its picture below ``folder``; returns the page."""
    picture = folder / PICTURE
    picture.parent.mkdir(parents=True, exist_ok=True)
    _draw(results, picture)
    page = folder / PAGE
    page.write_text(_text(results), encoding="utf-8")
    return page


def _text(results: Results) -> str:
    bare, ours = (median(results.ways[way.key].cpu_ms["lookup"]) for way in (BARE, OURS))
    lines = [
        "# Speed of the service",
        "CPU of the whole process tree per request, beside a bare FastAPI application with the",
        "same model, look-up and answers; by `make bench-serving`. Ratios are medians of rounds",
        f"in which all ways took turns (load of the machine before: {results.load_before}).",
        "",
        f"![CPU per request of three ways to serve]({PICTURE})",
        "",
        "| question | bare FastAPI | `serving serve` | `bentoml serve` | ratio (range) | at most |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_question(results, key) for key in QUESTIONS),
        "",
        "| | `serving serve` | `bentoml serve` | at most |",
        "| --- | --- | --- | --- |",
        _row(results, "CPU to the first answer", "first_answer_cpu", "s", "3 s"),
        _row(results, "memory", "resident_mb", "MB", "200 MB"),
        _row(results, "more at any body", "more_mb", "MB", "64 MB"),
        "",
        "`bentoml serve` keeps a process beside the worker that watches over it; both are counted.",
        "The largest bodies are 10,000 rows all of which lie outside the model's experience, 8 MiB",
        "of numbers in a wrong place, and 400 MiB, which are refused before they are read.",
        "",
        f"What bounds it: {bare:.1f} of {ours:.1f} ms of a look-up are the event loop, FastAPI,",
        "the database driver, LightGBM and its SHAP values, which the bare application has too.",
        "The rest is BentoML's stack around the application, the gate and strict reading.",
    ]
    return "\n".join(lines) + "\n"


def _question(results: Results, key: str) -> str:
    times = (f"{median(one.cpu_ms[key]):.2f} ms" for one in results.ways.values())
    ratios = results.ways[OURS.key].ratio[key]
    ratio = f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
    return f"| {QUESTIONS[key]} | {' | '.join(times)} | {ratio} | {LIMITS[key]:.2f} |"


def _row(results: Results, name: str, field: str, unit: str, limit: str) -> str:
    digits = 1 if unit == "s" else 0
    found = (
        f"{getattr(one, field):.{digits}f} {unit}"
        for key, one in results.ways.items()
        if key != BARE.key
    )
    return f"| {name} | {' | '.join(found)} | {limit} |"


def _draw(results: Results, path: Path) -> None:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_axisbelow(True)
        axes.grid(axis="x", color="#e9ecef", linewidth=0.8)
        for place, question in enumerate(reversed(QUESTIONS)):
            _bars(axes, place, question, results.ways)
        axes.set_yticks(range(len(QUESTIONS)), list(reversed(QUESTIONS.values())))
        axes.set_xlabel("CPU per request, in units of the bare application's; dashed: at most")
        axes.set_xlim(0, 3.2)
        handles, labels = axes.get_legend_handles_labels()
        shown = dict(zip(labels, handles, strict=True))
        axes.legend(shown.values(), shown.keys(), frameon=False, loc="upper right")
        figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None})


def _bars(axes: Any, place: int, question: str, ways: dict[str, Figures]) -> None:
    height = 0.25
    for number, (key, one) in enumerate(ways.items()):
        ratio = median(one.ratio[question])
        y = place + (1 - number) * height
        axes.barh(y, ratio, height * 0.9, color=_COLOURS[key], label=one.label)
        axes.text(
            ratio + 0.02, y, f"{ratio:.2f}   {median(one.cpu_ms[question]):.2f} ms", va="center"
        )
    limit = LIMITS[question]
    axes.plot(
        [limit, limit], [place - 0.4, place + 0.4], color="#343a40", linestyle="--", linewidth=1
    )
