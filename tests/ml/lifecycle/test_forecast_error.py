"""``ml.forecast_error``: forecasts beside what came, and the table that it reads, upgraded."""

import numpy as np
import psycopg
import pytest

from ml.lifecycle.forecasting import forecast_chips
from ml.lifecycle.schema import ensure_schema
from ml.model.grid import Target
from ml.model.pinball import pinball_loss
from tests.fixtures.tables import write_world
from tests.fixtures.worlds import World
from warehouse.access import connect
from warehouse.connection.roles import Role

BEFORE_TARGETS = """
    create table ml.chip_forecast (
        chip_key integer not null,
        as_of integer not null,
        horizon smallint not null check (horizon in (1, 3, 6, 12)),
        q10 double precision not null,
        q50 double precision not null,
        q90 double precision not null,
        baseline double precision not null,
        model_version integer not null,
        written_at timestamptz not null default now(),
        primary key (chip_key, as_of, horizon, model_version),
        constraint quantiles_do_not_cross check (q10 <= q50 and q50 <= q90)
    );
    create view ml.current_forecast as
    select chip_key, as_of, horizon, q10, q50, q90, baseline, model_version from ml.chip_forecast;
    insert into ml.chip_forecast values (7, 201901, 3, 1, 2, 4, 0, 1)
"""


def test_errors_follow_when_the_truth_arrives(trained_database: str) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("delete from features.chip_month where as_of > 201906")
        connection.execute("create table features.later as select * from features.chip_target")
        connection.execute("delete from features.chip_target where as_of >= 201906")
    forecast_chips()
    with connect(role=Role.ANALYST) as connection:
        assert connection.execute("select count(*) from ml.forecast_error").fetchone() == (0,)
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("insert into features.chip_target select * from features.later "
                           "where as_of = 201906 and horizon = 3")  # fmt: skip
    with connect(role=Role.ANALYST) as connection:
        rows = connection.execute(
            "select target, model_version, horizon, q10, q50, q90, actual, error, is_within, "
            "pinball from ml.forecast_error"
        ).fetchall()
    assert len(rows) > 30
    assert {row[:3] for row in rows} == {(str(target), 1, 3) for target in Target}
    numbers = np.array([row[3:] for row in rows], dtype=np.float64)
    quantiles, actual, error, within, loss = (
        numbers[:, :3], numbers[:, 3], numbers[:, 4], numbers[:, 5], numbers[:, 6],
    )  # fmt: skip
    assert loss == pytest.approx(pinball_loss(actual, quantiles))
    assert error == pytest.approx(actual - quantiles[:, 1])
    assert (within == ((actual >= quantiles[:, 0]) & (actual <= quantiles[:, 2]))).all()
    assert 0 < within.mean() < 1


def test_a_table_of_before_targets_is_carried_over(database: str) -> None:
    with connect(role=Role.TRAINER) as connection:
        connection.execute(BEFORE_TARGETS)
        ensure_schema(connection)
        ensure_schema(connection)
        kept = "select chip_key, target, as_of, horizon, q50 from ml.current_forecast"
        assert connection.execute(kept).fetchall() == [(7, "building_count", 201901, 3, 2)]
        key = connection.execute(
            "select pg_get_constraintdef(oid) from pg_constraint "
            "where conname = 'chip_forecast_pkey'"
        ).fetchall()
        assert key == [("PRIMARY KEY (chip_key, target, as_of, horizon, model_version)",)]
        with pytest.raises(psycopg.errors.NotNullViolation):
            connection.execute(
                "insert into ml.chip_forecast (chip_key, as_of, horizon, q10, q50, q90, baseline, "
                "model_version) values (8, 201901, 3, 1, 2, 4, 0, 1)"
            )


def test_the_view_waits_for_the_truth_to_be_there(database: str, world: World) -> None:
    found = "select to_regclass('ml.forecast_error') is not null"
    with connect() as connection:
        ensure_schema(connection)
        assert connection.execute(found).fetchone() == (False,)
        write_world(connection, world)
        ensure_schema(connection)
        assert connection.execute(found).fetchone() == (True,)
