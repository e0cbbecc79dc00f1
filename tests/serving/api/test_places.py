"""What is known of chips, AOIs and months, on a whole warehouse of generated data."""

import pytest

from tests.fixtures.service import TestClient
from warehouse.access import connect
from warehouse.connection.roles import Role


def test_pages_of_chips_hold_every_chip_once_in_order(built_client: TestClient) -> None:
    with connect(role=Role.SERVICE) as connection:
        rows = connection.execute("select chip_id from marts.dim_chip order by chip_id").fetchall()
    found: list[str] = []
    after = ""
    while True:
        page = built_client.get(f"/chips?limit=25{after}").json()
        found += [chip["chip_id"] for chip in page["chips"]]
        if page["next_after"] is None:
            break
        after = f"&after={page['next_after']}"
    assert found == [row[0] for row in rows]


def test_an_aoi_tells_where_it_is_and_its_chips_are_found_by_it(built_client: TestClient) -> None:
    aois = built_client.get("/aois?limit=1000").json()["aois"]
    assert sum(aoi["chip_count"] for aoi in aois) == 60
    one = aois[0]
    assert built_client.get(f"/aois/{one['aoi_key']}").json() == one
    assert -180 <= one["lon"] <= 180
    assert -90 <= one["lat"] <= 90
    chips = built_client.get(f"/chips?aoi_key={one['aoi_key']}").json()["chips"]
    assert {chip["aoi_name"] for chip in chips} == {one["name"]}
    assert len(chips) == one["chip_count"]


def test_a_history_is_the_fact_table_month_by_month(built_client: TestClient) -> None:
    chip = built_client.get("/chips?limit=1").json()["chips"][0]
    with connect(role=Role.SERVICE) as connection:
        rows = connection.execute(
            "select time_key, building_count, corrected_count from marts.fact_chip_month "
            "where chip_key = %s order by time_key",
            [chip["chip_key"]],
        ).fetchall()
    months = built_client.get(f"/chips/{chip['chip_id']}/history").json()["months"]
    assert [(one["month"], one["building_count"], one["corrected_count"]) for one in months] == rows
    known = built_client.get(f"/chips/{chip['chip_id']}").json()
    assert (known["first_month"], known["last_month"], known["month_count"]) == (
        rows[0][0],
        rows[-1][0],
        len(rows),
    )


def test_months_are_all_of_the_calendar_with_their_chips(built_client: TestClient) -> None:
    months = built_client.get("/months").json()["months"]
    keys = [one["month"] for one in months]
    assert keys == sorted(set(keys))
    assert sum(one["chip_count"] for one in months) == 1408


def test_a_forecast_by_address_is_the_one_that_was_asked_for(built_client: TestClient) -> None:
    chip = built_client.get("/chips?limit=1").json()["chips"][0]
    asked = {"chip_id": chip["chip_id"], "as_of": 201906}
    posted = built_client.post("/forecast", json=asked).json()
    got = built_client.get(f"/chips/{chip['chip_id']}/forecast?as_of=201906").json()
    assert got == posted
    horizons = got["forecasts"][0]["horizons"]
    assert [(one["horizon"], one["month"]) for one in horizons] == [
        (1, 201907),
        (3, 201909),
        (6, 201912),
        (12, 202006),
    ]
    assert all(1 <= len(one["drivers"]) <= 3 for one in horizons)


@pytest.mark.parametrize("path", ["/months", "/chips", "/aois"])
def test_what_did_not_change_is_not_sent_again(built_client: TestClient, path: str) -> None:
    first = built_client.get(path)
    tag = first.headers["etag"]
    again = built_client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert "no-cache" in again.headers["cache-control"]
    changed = built_client.get(path, headers={"If-None-Match": '"other"'})
    assert changed.content == first.content


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/chips/nowhere", "no chip nowhere; /chips lists them"),
        ("/chips/nowhere/history", "no chip nowhere"),
        ("/chips/nowhere/forecast", "no chip nowhere"),
        ("/aois/7", "no AOI 7; /aois lists them"),
    ],
)
def test_what_is_not_there_is_404(built_client: TestClient, path: str, words: str) -> None:
    answer = built_client.get(path)
    assert answer.status_code == 404
    assert words in answer.json()["detail"]


def test_a_month_without_an_image_is_404_and_says_the_range_that_exists(
    built_client: TestClient,
) -> None:
    chip = built_client.get("/chips?limit=1").json()["chips"][0]
    answer = built_client.get(f"/chips/{chip['chip_id']}/forecast?as_of=203001")
    assert answer.status_code == 404
    assert f"from {chip['first_month']} to {chip['last_month']}" in answer.json()["detail"]
