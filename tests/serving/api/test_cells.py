"""Forecasts of cells: by chip and by box, the newest of each chip."""

from collections.abc import Callable, Iterator

import pytest
from psycopg.conninfo import conninfo_to_dict

from ml.model.chip_model import ForecastModel
from tests.fixtures.cell_forecasts import write_cell_forecasts
from tests.fixtures.service import TestClient, served
from warehouse.access import connect
from warehouse.connection.roles import Role


@pytest.fixture
def cells_client(
    model: ForecastModel,
    built_database: str,
    create_database: Callable[[str | None], str],
    use_database: Callable[[str], str],
) -> Iterator[TestClient]:
    """The service on a warehouse with forecasts of the cells of two chips."""
    use_database(create_database(str(conninfo_to_dict(built_database)["dbname"])))
    write_cell_forecasts()
    with served(model) as client:
        yield client


def test_cells_of_a_chip_are_the_newest_ones_each_once(cells_client: TestClient) -> None:
    page = cells_client.get("/cells?limit=1024").json()
    name = page["cells"][0]["chip_id"]
    found = cells_client.get(f"/cells?chip_id={name}").json()
    assert (found["cells"], found["next_after"]) == (page["cells"], None)
    assert [cell["cell_no"] for cell in found["cells"]] == list(range(1024))
    assert {(cell["as_of"], cell["model_version"]) for cell in found["cells"]} == {(201912, 8)}
    cell = found["cells"][512]
    assert [tuple(one.values()) for one in cell["horizons"]] == [
        (6, 202006, pytest.approx(0.31)),
        (12, 202012, pytest.approx(0.37)),
    ]
    assert page["next_after"] == page["cells"][-1]["cell_key"]
    rest = cells_client.get(f"/cells?limit=5000&after={page['next_after']}").json()["cells"]
    assert {one["chip_id"] for one in rest}.isdisjoint({name})
    assert len(rest) == 1024


def test_cells_lie_where_the_map_draws_them(cells_client: TestClient) -> None:
    cell = cells_client.get("/cells?limit=40").json()["cells"][37]
    with connect(role=Role.SERVICE) as connection:
        row = connection.execute(
            "select st_x(c), st_y(c) from layers.cells, "
            "st_transform(st_centroid(geom), 4326) as c where cell_key = %s",
            [cell["cell_key"]],
        ).fetchone()
        if row is None:  # nothing stands there: the tile's own arithmetic
            row = connection.execute(
                "select st_x(c), st_y(c) from marts.dim_chip, st_transform(st_centroid("
                "st_tileenvelope(18, tile_x * 32 + 37 %% 32, tile_y * 32 + 37 / 32)), 4326) as c "
                "where chip_id = %s",
                [cell["chip_id"]],
            ).fetchone()
    assert (cell["lon"], cell["lat"]) == pytest.approx(row, abs=1e-5)


def test_a_box_gives_the_cells_whose_centres_lie_in_it(cells_client: TestClient) -> None:
    every = cells_client.get("/cells?limit=5000").json()["cells"]
    west, east = sorted(cell["lon"] for cell in every[:1024])[100:900:799]
    south, north = sorted(cell["lat"] for cell in every[:1024])[100:900:799]
    box = f"west={west}&east={east}&south={south}&north={north}"
    found = cells_client.get(f"/cells?limit=5000&{box}").json()["cells"]
    assert found == [
        cell for cell in every if west <= cell["lon"] <= east and south <= cell["lat"] <= north
    ]
    assert 0 < len(found) < 1024
    around = f"west={east}&east={west}&south={south}&north={north}"
    other = cells_client.get(f"/cells?limit=5000&{around}").json()["cells"]
    assert all(cell["lon"] >= east or cell["lon"] <= west for cell in other)


def test_without_forecasts_of_cells_the_answer_says_what_to_run(built_client: TestClient) -> None:
    with connect(role=Role.SERVICE) as connection:
        row = connection.execute("select to_regclass('ml.cell_forecast') is null").fetchone()
    answer = built_client.get("/cells")
    assert answer.status_code == (503 if row == (True,) else 200)
    assert built_client.get("/cells?chip_id=nowhere").status_code == 404
    assert built_client.get("/cells?west=181").status_code == 422
