"""The page of what the map costs."""

import statistics
from pathlib import Path
from typing import Any, Final

PAGE: Final = "map-speed.md"


def write_page(results: dict[str, Any], folder: Path) -> Path:
    """Write the page below ``folder``; returns it."""
    page = folder / PAGE
    page.write_text(_text(results), encoding="utf-8")
    return page


def _text(results: dict[str, Any]) -> str:
    rounds = results["rounds"]
    view = rounds[0]["first_view"]
    seconds = statistics.median(one["first_view"]["milliseconds"] for one in rounds) / 1000
    lines = [
        "# Speed of the map",
        f"The densest chip ({results['chip']}) in Debian's Chromium, headless, which draws in",
        "software, at 1280 x 800; by `make bench-map`. Medians and ranges of fresh browsers",
        f"(load of the machine before: {results['load_before']}).",
        "",
        "| | found | at most |",
        "| --- | --- | --- |",
        *_rows(results, view),
        "",
        "A step and a redraw take turns in one run: milliseconds from the change until the",
        "frame's first pixel is read back, the whole page included (slider, legend, chart).",
        f"Round trips: the page names {view['named_by_the_page']} files and lists, all fetched at",
        "once; then modules ask for the chip's tile, history, forecast and hot spots,",
        f"{view['named_by_a_module']} requests at once. All was there after {seconds:.1f} s.",
        "",
        "What bounds it: the redraw itself, which a graphics card does in a fraction of the",
        "time. A step changes one number of the layer of buildings: all months lie on the card",
        "from the start, so nothing is asked for or cut anew.",
    ]
    return "\n".join(lines) + "\n"


def _rows(results: dict[str, Any], view: dict[str, Any]) -> list[str]:
    rounds = results["rounds"]
    steps, redraws = (
        [one["main_thread_ms"][name] for one in rounds] for name in ("step", "redraw")
    )
    main = f"{_spread(steps)} ms (a redraw: {_spread(redraws)} ms)"
    size = f"{view['bytes'] / 1000:,.0f} KB in {view['requests']} requests"
    trips = 2 if view["named_by_a_module"] else 1
    ratios = [one["ratio"] for one in rounds]
    return [
        f"| a step of the slider, in plain redraws | {_spread(ratios)} | 1.25 |",
        f"| CPU of the main thread per step | {main} | 8 ms |",
        f"| requests of all steps | {sum(one['requests'] for one in rounds)} | 0 |",
        f"| first view, over the wire | {size} | 700 KB |",
        f"| first view, round trips after the page | {trips} | 2 |",
        f"| CPU of the service per tile | {results['tile_ms']:.2f} ms | 3 ms |",
    ]


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"
