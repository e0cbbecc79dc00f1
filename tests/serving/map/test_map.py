"""The map as people use it: by mouse, by keyboard alone, on a phone, in the dark, without data."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.fixtures.browser import Noticed, OpenPage, wait_until

PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True}
WHOLE = "#forecast"
GRAVE = {"serious", "critical"}


@pytest.fixture(scope="module")
def chip(address: str, built_database: str) -> dict[str, Any]:
    """The first chip of the warehouse: key, name and AOI."""
    with psycopg.connect(built_database) as connection:
        found = connection.execute(
            "select chip_key, chip_id, aoi_key, name from marts.dim_chip "
            "inner join marts.dim_aoi using (aoi_key) order by chip_key limit 1"
        ).fetchone()
    assert found is not None
    return dict(zip(("key", "id", "aoi", "aoi_name"), found, strict=True))


@pytest.fixture(autouse=True)
def _quiet_and_at_home(address: str, noticed: Noticed) -> Iterator[None]:
    """Every test: nothing on the console, nothing from another host."""
    yield
    assert noticed.said == []
    hosts = {urlsplit(one).netloc for one in noticed.asked if one.startswith("http")}
    assert hosts <= {urlsplit(address).netloc}


def choice(page: Page, name: str) -> Any:
    return page.locator("#side").get_by_role("link", name=name)


def test_it_opens_on_the_world_with_every_aoi_in_list_and_map(
    open_page: OpenPage, address: str
) -> None:
    page = open_page(address)
    expect(page.locator("#panel")).to_contain_text("areas of interest with 60 chips")
    with_names = page.locator("#side .places a").count()
    assert with_names == page.locator("#labels a").count() > 10
    assert page.title() == "World · Building growth"


def test_clicks_lead_from_the_world_to_a_chips_forecast_and_back(
    open_page: OpenPage, address: str, chip: dict[str, Any]
) -> None:
    page = open_page(address)
    choice(page, chip["aoi_name"]).click()
    choice(page, chip["id"]).click()
    page.wait_for_selector(WHOLE)
    said = page.locator("#forecast svg").get_attribute("aria-label") or ""
    assert re.search(r"Forecast for \w{3} \d{4}: [\d,-]+, with 80% between", said)
    assert page.locator("#forecast .interval").count() == 2, "in the chart and in its key"
    page.go_back()
    expect(choice(page, chip["id"])).to_be_visible()


def test_a_click_on_the_map_itself_opens_the_chip_that_lies_there(
    open_page: OpenPage, address: str, chip: dict[str, Any]
) -> None:
    page = open_page(f"{address}/#aoi={chip['aoi']}")
    place = page.evaluate(
        "name => { const {tile_x: x, tile_y: y} = name; const n = 8192;"
        "const lat = Math.atan(Math.sinh(Math.PI * (1 - 2 * (y + 0.2) / n))) * 180 / Math.PI;"
        "page.map.jumpTo({center: [(x + 0.2) / n * 360 - 180, lat], zoom: 12}); }",
        {"tile_x": chip["key"] // 8192, "tile_y": chip["key"] % 8192},
    )
    assert place is None
    wait_until(page, "page.map.loaded()")
    page.locator("#map canvas").click()
    page.wait_for_selector(WHOLE)
    assert f"chip={chip['id']}" in page.url


def test_months_play_without_asking_the_service_for_anything(
    open_page: OpenPage, address: str, noticed: Noticed, chip: dict[str, Any]
) -> None:
    page = open_page(f"{address}/#chip={chip['id']}", until=WHOLE)
    wait_until(page, "page.map.loaded()")
    before = len(noticed.asked)
    slider = page.locator("#timeline input")
    page.get_by_role("button", name="Play").click()
    wait_until(page, "Number(document.querySelector('#timeline input').value) >= 3")
    page.get_by_role("button", name="Pause").click()
    assert int(slider.input_value()) >= 3
    asked = [one for one in noticed.asked[before:] if not one.startswith("blob:")]
    assert [one for one in asked if not one.endswith("/icon.svg")] == []  # the browser's own


def test_the_keyboard_alone_does_everything(
    open_page: OpenPage, address: str, chip: dict[str, Any]
) -> None:
    page = open_page(address)

    def reach(name: str) -> None:
        for _ in range(200):
            page.keyboard.press("Tab")
            text = "const e = document.activeElement; return (e.getAttribute('aria-label') || "
            found = page.evaluate(f"() => {{ {text} e.value || e.textContent) }}")
            if found.startswith(name):
                return
        raise AssertionError(f"no way to {name} by Tab")

    reach(chip["aoi_name"])
    page.keyboard.press("Enter")
    expect(choice(page, chip["id"])).to_be_visible()
    reach(chip["id"])
    page.keyboard.press("Enter")
    page.wait_for_selector(WHOLE)
    reach("Tables")
    page.keyboard.press("Enter")
    expect(page.locator("#forecast details")).to_have_attribute("open", "")
    reach("0")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#cells .scale")).to_be_visible()
    reach("Play")
    page.keyboard.press("Space")
    expect(page.locator("#timeline button")).to_have_text("Pause")
    page.keyboard.press("Space")
    reach("Month")
    page.keyboard.press("Home")
    first = page.locator("#timeline output").text_content()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#timeline output")).not_to_have_text(str(first))
    page.keyboard.press("Escape")
    expect(choice(page, chip["id"])).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_contain_text("areas of interest")


def test_a_link_keeps_place_month_view_and_hot_spots(
    open_page: OpenPage, address: str, chip: dict[str, Any]
) -> None:
    page = open_page(f"{address}/#chip={chip['id']}", until=WHOLE)
    page.locator("#timeline input").focus()
    page.keyboard.press("Home")
    page.get_by_label("within 12 months").check()
    page.evaluate("page.map.jumpTo({zoom: 14.5})")
    wait_until(page, "location.hash.includes(',14.5') && location.hash.includes('cells=12')")
    again = open_page(page.url, until=WHOLE)
    for state in ("page.state.now.chip", "page.state.now.month", "page.map.getZoom()"):
        assert again.evaluate(state) == page.evaluate(state)
    expect(again.get_by_label("within 12 months")).to_be_checked()
    words = page.locator("#timeline output").text_content()
    expect(again.locator("#timeline output")).to_have_text(str(words))


def test_hot_spots_are_drawn_and_listed_by_their_probability(
    open_page: OpenPage, address: str, chip: dict[str, Any]
) -> None:
    page = open_page(f"{address}/#chip={chip['id']}&cells=12", until=WHOLE)
    wait_until(page, "page.map.loaded() && page.map.querySourceFeatures('cells').length > 0")
    seen = page.evaluate(
        "page.map.queryRenderedFeatures({layers: ['cells']}).map(f => f.properties.probability)"
    )
    # of the table's newest run: cell_no / 2048 + horizon / 100
    assert max(seen) == pytest.approx(1023 / 2048 + 0.12)
    page.get_by_text("likeliest cells").click()
    row = page.locator("#cells tbody tr").first
    assert row.all_inner_texts()[0].split()[:3] == ["1023", "56%", "62%"]


def test_a_month_without_an_image_says_so_and_is_hatched(
    open_page: OpenPage, address: str, built_database: str
) -> None:
    with psycopg.connect(built_database) as connection:
        row = connection.execute(
            "select chip_id, previous_time_key from marts.fact_chip_month "
            "inner join marts.dim_chip using (chip_key) where months_since_previous > 1 limit 1"
        ).fetchone()
    assert row is not None
    page = open_page(f"{address}/#chip={row[0]}&month={row[1]}", until=WHOLE)
    opacity = "page.map.getPaintProperty('hatch', 'fill-opacity')"
    assert page.evaluate(opacity) == 0
    page.locator("#timeline input").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#timeline output")).to_contain_text("no image")
    expect(page.locator("#seen")).to_have_text("0")
    assert page.evaluate(opacity) > 0
    assert page.locator(".marks .now.no-image").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_serious(
    open_page: OpenPage, address: str, chip: dict[str, Any], scheme: str, size: dict[str, Any]
) -> None:
    page = open_page(address, color_scheme=scheme, **size)
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in GRAVE]
    assert found == []
    page.goto(f"{address}/#chip={chip['id']}&cells=12")
    page.wait_for_selector(WHOLE)
    page.get_by_text("Tables of the same").click()
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in GRAVE]
    assert found == []


def test_axe_finds_nothing_serious_on_the_page_of_the_state(
    open_page: OpenPage, address: str
) -> None:
    page = open_page(address)
    page.get_by_role("link", name="Status").click()
    page.wait_for_selector("h1:text('Status')")
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in GRAVE]
    assert found == []


def test_a_first_view_takes_two_round_trips_after_the_page(
    open_page: OpenPage, address: str, noticed: Noticed, chip: dict[str, Any]
) -> None:
    """What the page names is fetched at once; then the four that only a module can name."""
    page = open_page(f"{address}/#chip={chip['id']}", until=WHOLE)
    named = set(re.findall(r'(?:href|src)="([^"]+)"', page.content()))
    later = [
        one.removeprefix(f"{address}/")
        for one in noticed.asked[1:]
        if one.startswith("http") and one.removeprefix(f"{address}/") not in named
    ]
    x, y = divmod(chip["key"], 8192)
    assert sorted(later) == [
        f"cells?chip_id={chip['id']}",
        f"chips/{chip['id']}/forecast",
        f"chips/{chip['id']}/history",
        f"tiles/buildings/13/{x}/{y}",
    ]


def test_on_a_phone_nothing_is_wider_than_the_screen(
    open_page: OpenPage, address: str, chip: dict[str, Any]
) -> None:
    page = open_page(f"{address}/#chip={chip['id']}&cells=6", until=WHOLE, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#timeline").is_visible()


def test_an_old_link_is_told_to_be_one(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}/#chip=nowhere")
    expect(page.get_by_role("alert")).to_contain_text("no such place")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#panel")).to_contain_text("areas of interest")
