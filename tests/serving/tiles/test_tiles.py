"""Tiles over HTTP: zipped, known by their tag, and never those of before a build."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ml.model.chip_model import ForecastModel
from serving.tiles import store
from tests.fixtures.service import TestClient, served
from warehouse.access import connect
from warehouse.connection.roles import Role


def first_tile(client: TestClient) -> tuple[int, str]:
    """The key and the address of a chip's tile."""
    chip = client.get("/chips?limit=1").json()["chips"][0]
    return chip["chip_key"], f"/tiles/buildings/13/{chip['tile_x']}/{chip['tile_y']}"


def test_a_tile_is_the_one_of_the_warehouse_zipped_or_not(built_client: TestClient) -> None:
    key, address = first_tile(built_client)
    with connect(role=Role.SERVICE) as connection:
        row = connection.execute("select mvt from layers.chip_tile where chip_key = %s", [key])
        (mvt,) = row.fetchone() or (None,)
    zipped = built_client.get(address)
    assert (zipped.headers["content-encoding"], zipped.content) == ("gzip", mvt)
    assert zipped.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    plain = built_client.get(address, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == mvt


def test_a_tile_that_is_known_is_not_sent_again(built_client: TestClient) -> None:
    _, address = first_tile(built_client)
    tag = built_client.get(address).headers["etag"]
    again = built_client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_where_there_is_no_chip_there_is_an_empty_answer(built_client: TestClient) -> None:
    answer = built_client.get("/tiles/buildings/13/0/0")
    assert (answer.status_code, answer.content) == (204, b"")
    assert built_client.get("/tiles/buildings/13/8192/0").status_code == 422
    assert built_client.get("/tiles/buildings/12/0/0").status_code == 404


@pytest.fixture
def own_built_client(
    model: ForecastModel,
    built_database: str,
    create_database: Callable[[str | None], str],
    use_database: Callable[[str], str],
) -> Iterator[TestClient]:
    """The service on a copy of the built warehouse."""
    use_database(create_database(str(conninfo_to_dict(built_database)["dbname"])))
    with served(model) as client:
        yield client


def test_a_tile_that_changed_is_sent_as_it_is_now(own_built_client: TestClient) -> None:
    key, address = first_tile(own_built_client)
    before = own_built_client.get(address)
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(
            "update layers.chip_tile set mvt = 'new', etag = 'another' where chip_key = %s", [key]
        )
    after = own_built_client.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.content) == (200, b"new")
    assert after.headers["etag"] != before.headers["etag"]


def test_memory_keeps_the_tiles_asked_for_last_and_no_more(
    built_client: TestClient, monkeypatch: pytest.MonkeyPatch, built: str
) -> None:
    monkeypatch.setattr(store, "KEPT_BYTES", 2000)
    fetched = 0
    whole = psycopg.AsyncCursor.execute

    async def counted(self, query, *args, **kwargs):  # type: ignore[no-untyped-def]
        nonlocal fetched
        fetched += "etag, mvt" in str(query)
        return await whole(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counted)
    chips = built_client.get("/chips?limit=20").json()["chips"]
    addresses = [f"/tiles/buildings/13/{one['tile_x']}/{one['tile_y']}" for one in chips]
    for address in addresses:
        assert built_client.get(address).status_code == 200
    assert fetched == len(addresses)
    built_client.get(addresses[-1])
    assert fetched == len(addresses), "the last one was in memory"
    built_client.get(addresses[0])
    assert fetched == len(addresses) + 1, "the first one had to make room"
