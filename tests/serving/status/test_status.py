"""The page of the warehouse's state: its figures are the tables', and what is missing is said."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest

from ml.model.chip_model import ForecastModel
from tests.fixtures.service import TestClient, served
from warehouse.access import connect
from warehouse.connection.roles import Role


def tables(client: TestClient) -> dict[str, list[list[str]]]:
    """Rows of each table by its title; a sentence where there is no table."""
    answer = client.get("/status")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    found = {}
    for section in re.findall(r"<section>(.*?)</section>", answer.text, re.DOTALL):
        title = re.findall(r"<h2>(.*?)</h2>", section)[0]
        rows = re.findall(r"<tr>((?:<td>.*?)+)</tr>", section)
        cells = [[unescape(one) for one in re.findall(r"<td>(.*?)</td>", row)] for row in rows]
        found[title] = cells or [re.findall(r"<strong>(.*?)</strong>", section)]
    return found


def test_what_is_loaded_is_what_the_tables_hold(built_client: TestClient) -> None:
    found = tables(built_client)
    with connect(role=Role.SERVICE) as connection:
        row = connection.execute(
            "select sum(building_count), min(time_key), max(time_key) from marts.fact_chip_month"
        ).fetchone()
    assert row is not None
    first, last = (f"{key // 100}-{key % 100:02}" for key in row[1:])
    loaded = found["What is loaded"]
    assert loaded[0][0] == "60"
    assert loaded[0][2:] == ["1,408", f"{row[0]:,}", first, last]
    assert {one[2] for one in found["Last loads"]} == {"loaded"}
    months = found["Data quality by month"]
    assert (len(months), months[0][0]) == (12, last)
    assert {one[0] for one in found["Forecasts in use"]} == {"building count"}
    assert found["Skill of the models when they were trained"] == [
        ["No model has been judged yet."]
    ]


def test_skill_is_that_of_the_backtests_beside_the_best_plain_forecast(client: TestClient) -> None:
    with connect(role=Role.SERVICE) as connection:
        rows = connection.execute(
            "select max(pinball) filter (where forecaster = 'model'), "
            "min(pinball) filter (where forecaster <> 'model') from ml.backtest "
            "where horizon = 12 and target = 'building_count' and protocol = 'rolling_origin'"
        ).fetchall()
    own, plain = rows[0]
    found = tables(client)
    shown = [
        row
        for row in found["Skill of the models when they were trained"]
        if row[1:3] == ["rolling origin", "building count"]
    ]
    assert [row[3:6] for row in shown] == [[f"{own:.2f}", f"{plain:.2f}", f"{1 - own / plain:.0%}"]]


def test_a_table_that_is_not_there_yet_takes_none_of_the_others_with_it(
    client: TestClient,
) -> None:
    answer = client.get("/status")
    assert answer.status_code == 200
    assert "the warehouse lacks what is asked for" in tables(client)["Last loads"][0][0]


@pytest.fixture
def without_warehouse(
    model: ForecastModel, use_database: Callable[[str], str]
) -> Iterator[TestClient]:
    """A service whose warehouse does not answer."""
    use_database("host=127.0.0.1 port=1 dbname=nowhere")
    with served(model) as client:
        yield client


def test_without_the_warehouse_the_page_is_there_and_says_why_it_is_empty(
    without_warehouse: TestClient,
) -> None:
    answer = without_warehouse.get("/status")
    assert answer.status_code == 503
    assert "the warehouse does not answer" in answer.text


def test_what_comes_from_data_is_text_and_never_markup(
    built_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "<script" not in built_client.get("/status").text
