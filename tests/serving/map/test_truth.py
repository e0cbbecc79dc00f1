"""What is drawn is what the warehouse counted; what cannot be shown is said, with a way on."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import expect
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ml.model.chip_model import ForecastModel
from serving.api.app import Application
from serving.edge.settings import ServiceSettings
from serving.map.files import page as site
from tests.fixtures.browser import Noticed, OpenPage, wait_until
from tests.fixtures.service import listening

COUNT_ALL_MONTHS = """
async (chip) => {
    const {first, span} = page.opened().months;
    const found = {};
    for (let number = first; number < first + span; number += 1) {
        const month = Math.floor(number / 12) * 100 + (number % 12) + 1;
        page.state.change({month});
        const drawn = await page.buildings.countDrawn();
        const said = Number(document.getElementById('seen').textContent.replaceAll(',', ''));
        found[month] = [drawn, said];
    }
    return found;
}
"""


@pytest.mark.slow
def test_every_month_of_every_chip_is_drawn_as_it_was_counted(
    open_page: OpenPage, address: str, whole_database: str, noticed: Noticed
) -> None:
    """Counted on the graphics card, from what the layer itself draws, and read from the legend."""
    with psycopg.connect(whole_database) as connection:
        rows = connection.execute(
            "select chip_id, time_key, building_count from marts.fact_chip_month "
            "inner join marts.dim_chip using (chip_key) order by chip_id, time_key"
        ).fetchall()
    wanted: dict[str, dict[str, list[int]]] = {}
    for chip_id, month, count in rows:
        wanted.setdefault(chip_id, {})[str(month)] = [count, count]
    assert len(wanted) == 60
    page = open_page(address, viewport={"width": 500, "height": 300})
    for chip_id, months in wanted.items():
        page.evaluate("chip => page.state.change({chip, aoi: null, at: null})", chip_id)
        wait_until(page, f"page.opened()?.chip.chip_id === '{chip_id}'")
        found = page.evaluate(COUNT_ALL_MONTHS)
        seen = {month: counts for month, counts in found.items() if counts != [0, 0]}
        assert seen == {month: counts for month, counts in months.items() if counts != [0, 0]}
        assert months.keys() <= found.keys(), "months without an image are there, and empty"
    assert noticed.said == []


STATES = """
async (version) => {
    const {statesOf} = await import(`/map/${version}/data/states.js`);
    const building = (id, state, months_0, months_1, appeared) =>
        ({id, properties: {state, months_0, months_1, appeared}});
    const {span, count, states} = statesOf({
        chip: {features: [{properties: {first_month: 201711, months_0: 0b1111, months_1: 0b111}}]},
        buildings: {features: [
            building(1, 'standing', 0b0001, undefined),
            building(1, 'standing', 0b1010, 0b111),
            building(2, 'demolished', 0b0010, 0b001, 201712),
            building(3, 'open', 0b0100, undefined),
        ]},
    });
    const shown = [0, 1, 2, 3, 4, 32, 33, 34];
    const rows = Array.from({length: count}, (_, polygon) =>
        shown.map((month) => states[month * count + polygon]));
    return [span, rows];
}
"""


def test_a_building_is_shown_by_the_shape_it_was_last_seen_with_through_all_words_of_months(
    open_page: OpenPage, address: str
) -> None:
    """Months 0 to 3 and 32 to 34 have images; month 32 is bit 0 of the second word."""
    span, rows = open_page(address).evaluate(STATES, site().version)
    absent, standing, new, hidden, demolished, appeared = range(6)
    assert span == 35
    assert rows == [
        [standing, *[absent] * 7],  # its first shape
        [absent, standing, hidden, standing, hidden, standing, standing, standing],
        [absent, new, hidden, hidden, hidden, appeared, demolished, demolished],
        [absent, absent, standing, hidden, hidden, hidden, hidden, hidden],
    ]


AREAS = """
async ([version, polygons]) => {
    const {triangulate} = await import(`/map/${version}/draw/triangles.js`);
    return polygons.map((rings) => {
        const at = rings.flat();
        const found = triangulate(rings);
        let area = 0;
        for (let t = 0; t < found.length; t += 3) {
            const [a, b, c] = [found[t] * 2, found[t + 1] * 2, found[t + 2] * 2];
            area += Math.abs((at[b] - at[a]) * (at[c + 1] - at[a + 1])
                - (at[c] - at[a]) * (at[b + 1] - at[a + 1])) / 2;
        }
        return area;
    });
}
"""
SQUARE = [0, 0, 10, 0, 10, 10, 0, 10]
BAY = [0, 0, 10, 0, 10, 10, 6, 10, 6, 4, 4, 4, 4, 10, 0, 10]
HOLE = [3, 3, 3, 6, 6, 6, 6, 3]
OTHER_HOLE = [7, 7, 7, 9, 9, 9, 9, 7]


def test_triangles_cover_a_polygon_its_bays_and_holes_left_out(
    open_page: OpenPage, address: str
) -> None:
    polygons = [
        [SQUARE],
        [[*SQUARE[:4], *SQUARE[4:6], 5, 10, *SQUARE[6:]]],  # a corner that is none
        [BAY],
        [SQUARE, HOLE],
        [SQUARE, HOLE, OTHER_HOLE],
        [[0, 0, 10, 0]],  # no polygon
    ]
    areas = open_page(address).evaluate(AREAS, [site().version, polygons])
    assert areas == [100, 100, 88, 91, 87, 0]


@pytest.fixture
def own(
    model: ForecastModel,
    built_database: str,
    create_database: Callable[[str | None], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[str, str]]:
    """A copy that a test may spoil, and the address of a service on it."""
    conninfo = create_database(str(conninfo_to_dict(built_database)["dbname"]))
    monkeypatch.setenv("SN7_DSN", conninfo)
    with listening(Application(model, ServiceSettings())) as address:
        yield conninfo, address


def test_without_the_warehouse_the_page_says_so_and_tries_again_when_told(
    open_page: OpenPage, own: tuple[str, str], server_dsn: str
) -> None:
    conninfo, address = own
    name = sql.Identifier(str(conninfo_to_dict(conninfo)["dbname"]))
    away = sql.Identifier("away_for_a_while")
    rename = sql.SQL("alter database {} rename to {}")
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(rename.format(name, away))
        try:
            page = open_page(address, until=".failure")
            expect(page.get_by_role("alert")).to_contain_text("the warehouse does not answer")
        finally:
            connection.execute(rename.format(away, name))
    page.wait_for_timeout(600)  # for half a second after a failure the service does not try again
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#panel")).to_contain_text("areas of interest with 60 chips")


def test_what_has_not_been_forecast_is_said_beside_what_is_known(
    open_page: OpenPage, own: tuple[str, str]
) -> None:
    conninfo, address = own
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("select chip_id from marts.dim_chip limit 1").fetchone()
        connection.execute("drop view if exists ml.forecast_error")
        connection.execute("alter table features.chip_month rename to not_built_yet")
    assert row is not None
    page = open_page(f"{address}/#chip={row[0]}", until="#forecast")
    expect(page.locator("#forecast .missing")).to_contain_text("No forecast: the warehouse lacks")
    expect(page.locator("#cells .missing")).to_contain_text("has been forecast yet")
    assert page.locator("#forecast svg .corrected").count() == 1
    assert page.locator("#forecast .interval").count() == 0


def test_an_empty_warehouse_says_what_to_run(open_page: OpenPage, own: tuple[str, str]) -> None:
    conninfo, address = own
    with psycopg.connect(conninfo) as connection:
        connection.execute("truncate marts.dim_chip, marts.dim_aoi, marts.dim_time cascade")
    page = open_page(address)
    expect(page.locator("#panel")).to_contain_text("no chips yet. Load some with `make run`")
    expect(page.get_by_role("button", name="Play")).to_be_disabled()
