"""Pictures of the map for the project's pages: world, chip, hot spots, phone, dark."""

import os
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.map.browsing import CHROMIUM, wait_for_chip

DESK: Final = {"viewport": {"width": 1200, "height": 720}}
PHONE: Final = {"viewport": {"width": 390, "height": 780}}
DARK: Final = {"color_scheme": "dark"}
COLOURS: Final = 160
"""Of a picture; enough for the map's own, and a tenth of the bytes."""


def take(address: str, chip: dict[str, Any], folder: Path) -> list[Path]:
    """Write the pictures below ``folder`` and return them."""
    link = f"#chip={chip['chip_id']}&at={chip['lat']},{chip['lon']}"
    month = f"&month={chip['month']}"
    views: dict[str, tuple[str, dict[str, Any]]] = {
        "map-world": ("", DESK),
        "map-chip": (f"{link},13.4{month}", DESK),
        "map-hot-spots": (f"{link},13.6&cells=12", DESK),
        "map-dark": (f"{link},15{month}", DESK | DARK),
        "map-phone": (f"{link},13{month}", PHONE),
    }
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=as_root)
        paths = []
        for name, (place, options) in views.items():
            context = browser.new_context(reduced_motion="reduce", **options)
            page = context.new_page()
            page.goto(f"{address}/{place}")
            paths.append(_taken(page, folder / f"{name}.png", is_chip=bool(place)))
            context.close()
        browser.close()
    return paths


def _taken(page: Page, path: Path, *, is_chip: bool) -> Path:
    page.wait_for_selector("body[data-started]")
    if is_chip:
        wait_for_chip(page)
        page.locator("#cells" if "cells=" in page.url else "#side h2").scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # the last frame
    page.screenshot(path=path)
    Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    return path
