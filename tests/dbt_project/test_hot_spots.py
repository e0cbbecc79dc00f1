"""The layer of hot spots follows what was forecast last."""

import psycopg
import pytest

from ml.lifecycle.schema import ensure_schema
from tests.fixtures.dbt import Dbt, MakeDbt
from tests.fixtures.raw_world import RawWorld
from warehouse.access import connect
from warehouse.connection.roles import Role

CHIP, OTHER = 6460 * 8192 + 3370, 1327 * 8192 + 3160

pytestmark = pytest.mark.slow


def forecast(dbt: Dbt, *rows: tuple[int, int, int, int, int, float]) -> None:
    """Write forecasts: horizon, model version, as-of month, chip, cell and probability."""
    with connect(role=Role.TRAINER) as connection:
        ensure_schema(connection)
        connection.execute("delete from ml.cell_forecast")
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into ml.cell_forecast (target, horizon, model_version, as_of, chip_key, "
                "cell_no, probability) values ('growth', %s, %s, %s, %s, %s, %s)",
                rows,
            )


def test_hot_spots_are_those_of_the_newest_month_and_model_of_each_chip(make_dbt: MakeDbt) -> None:
    world, dbt = RawWorld(), make_dbt()
    for time_key in (201801, 201802):
        world.images[CHIP, time_key] = {1: (100, 100)}
    with psycopg.connect(dbt.conninfo) as connection:
        world.write(connection)
    layer = """
        select
            cell_key, chip_key, cell_no, month_start::text, model_version, probability_6,
            probability_12, st_astext(st_centroid(geom), 0)
        from layers.hot_spots order by 1
    """
    dbt("run", "--select", "+hot_spots")
    assert dbt.rows(layer) == []
    forecast(
        dbt,
        *((6, 9, 201801, CHIP, 99, 0.9), (12, 9, 201801, CHIP, 99, 0.9)),
        *((6, 1, 201802, CHIP, 98, 0.8), (12, 1, 201802, CHIP, 98, 0.8)),
        *((6, 2, 201802, CHIP, 99, 0.1), (12, 2, 201802, CHIP, 99, 0.2)),
        *((6, 2, 201801, OTHER, 0, 0.3), (12, 2, 201801, OTHER, 0, 0.4)),
    )
    dbt("run", "--select", "hot_spots")
    [(_, *near), (_, *far)] = dbt.rows(layer)
    (centre,) = dbt.rows(
        "select st_astext(st_centroid(st_tileenvelope(18, 6460 * 32 + 3, 3370 * 32 + 3)), 0)"
    )
    assert far == [CHIP, 99, "2018-02-01", 2, 0.1, 0.2, *centre]
    assert near[:6] == [OTHER, 0, "2018-01-01", 2, 0.3, 0.4]
    with connect(role=Role.SERVICE) as connection:
        assert connection.execute("select count(*) from layers.hot_spots").fetchone() == (2,)
    forecast(dbt, (6, 3, 201802, CHIP, 97, 0.7), (12, 3, 201802, CHIP, 97, 0.7))
    assert [row[2] for row in dbt.rows(layer)] == [97]  # without another build
    with connect(role=Role.TRAINER) as connection:  # the champion of before is back in use
        connection.execute(
            "insert into ml.cell_forecast (target, horizon, model_version, as_of, chip_key, "
            "cell_no, probability, written_at) select target, horizon, 2, as_of, chip_key, 96, "
            "probability, now() + interval '1 minute' from ml.cell_forecast"
        )
    assert [row[2] for row in dbt.rows(layer)] == [96]
