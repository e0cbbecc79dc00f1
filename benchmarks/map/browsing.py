"""The map of the densest chip in Chromium, measured: what it fetches, and what a step costs."""

import os
import re
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import CDPSession, Page, ViewportSize, sync_playwright

CHROMIUM: Final = "/usr/bin/chromium"
STEPS: Final = 24
SIZE: Final[ViewportSize] = {"width": 1280, "height": 800}

_READY: Final = "Boolean(window.page?.opened()?.setChart && page.map.loaded())"
_FRAMES: Final = """
async (steps) => {
    const {map, state} = page;
    const gl = map.getCanvas().getContext('webgl2');
    const pixel = new Uint8Array(4);
    const frame = async (act) => {
        const began = performance.now();
        const drawn = new Promise((done) => map.once('render', done));
        act();
        await drawn;
        gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        return performance.now() - began;
    };
    const rest = () => new Promise((done) => setTimeout(done, 20));
    const months = page.opened().marks.map(({key}) => key);
    const found = {redraw: [], step: []};
    for (let at = 0; at < steps; at += 1) {
        await rest();
        found.redraw.push(await frame(() => map.triggerRepaint()));
        await rest();
        found.step.push(await frame(() => state.change({month: months[at % months.length]})));
    }
    return found;
}
"""
_RUN: Final = """
async ([steps, isStep]) => {
    const months = page.opened().marks.map(({key}) => key);
    for (let at = 0; at < steps; at += 1) {
        const drawn = new Promise((done) => page.map.once('render', done));
        if (isStep) page.state.change({month: months[at % months.length]});
        else page.map.triggerRepaint();
        await drawn;
    }
}
"""


def measure(address: str, chip_id: str) -> dict[str, Any]:
    """Open a chip's link in a fresh browser and step through its months.

    Returns:
        ``first_view`` (bytes, requests, round trips, milliseconds), ``step`` and ``redraw``
        (milliseconds, medians), ``ratio``, ``main_thread_ms`` of a step and of a redraw, and
        ``requests`` that the steps made.
    """
    with _page() as (page, devtools):
        view = _first_view(page, devtools, f"{address}/#chip={chip_id}")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        frames = page.evaluate(_FRAMES, STEPS)
        main = {name: _main_thread(page, devtools, is_step=name == "step") for name in frames}
    redraw, step = (statistics.median(frames[name]) for name in ("redraw", "step"))
    return {
        "first_view": view,
        "redraw_ms": redraw,
        "step_ms": step,
        "ratio": step / redraw,
        "main_thread_ms": main,
        "requests": len([one for one in asked if not one.startswith("blob:")]),
    }


def wait_for_chip(page: Page) -> None:
    """Wait until a chip is open and drawn; Playwright's own way of waiting needs ``eval``."""
    while not page.evaluate(_READY):
        page.wait_for_timeout(10)


@contextmanager
def _page() -> Iterator[tuple[Page, CDPSession]]:
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=as_root)
        context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        # CPU of the thread: by the clock it would also wait for others, and for software to draw.
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        yield page, devtools
        browser.close()


def _first_view(page: Page, devtools: CDPSession, link: str) -> dict[str, Any]:
    """Return what the first view took.

    A round trip is all that can be asked for at once: the page; what the page names; what only a
    module can name, a chip's tile and figures.
    """
    sizes: list[float] = []
    asked: list[str] = []
    devtools.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link)
    wait_for_chip(page)
    milliseconds = page.evaluate("performance.now()")
    named = set(re.findall(r'(?:href|src)="([^"]+)"', page.content()))
    kinds = {"named": 0, "other": 0}
    for url in asked[1:]:
        if url.startswith("http"):
            kinds["named" if any(url.endswith(f"/{name}") for name in named) else "other"] += 1
    return {
        "bytes": int(sum(sizes)),
        "requests": 1 + sum(kinds.values()),
        "named_by_the_page": kinds["named"],
        "named_by_a_module": kinds["other"],
        "milliseconds": milliseconds,
    }


def _main_thread(page: Page, devtools: CDPSession, *, is_step: bool) -> float:
    """Return CPU milliseconds of the page's main thread per frame."""
    before = _task_seconds(devtools)
    page.evaluate(_RUN, [STEPS, is_step])
    return (_task_seconds(devtools) - before) / STEPS * 1000


def _task_seconds(devtools: CDPSession) -> float:
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))
