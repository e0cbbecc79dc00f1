"""Forecasts of the last as-of months, written to the database."""

import psycopg
import pytest

from ml.lifecycle.forecasting import NO_MODEL, forecast_chips
from ml.model.grid import HORIZONS, Target
from tests.fixtures.tables import write_world
from tests.fixtures.worlds import World
from warehouse.access import connect
from warehouse.connection.roles import Role

Forecasts = list[tuple[object, ...]]

WITHOUT_TIME = "chip_key, as_of, horizon, q10, q50, q90, baseline, model_version"


def written() -> Forecasts:
    with connect(role=Role.SERVICE) as connection:
        return connection.execute(
            f"select {WITHOUT_TIME} from ml.chip_forecast order by 1, 2, 3, 8"
        ).fetchall()


def change(statement: str) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(statement)


def test_every_chip_is_forecast_from_its_last_month_at_every_horizon(
    trained_database: str, world: World
) -> None:
    assert forecast_chips().rows_written == 60 * 4 * len(Target)
    last: dict[object, int] = {}
    for row in world.features:
        last[row["chip_key"]] = max(last.get(row["chip_key"], 0), int(row["as_of"] or 0))
    rows = written()
    assert {(row[0], row[1]) for row in rows} == set(last.items())
    assert [row[2] for row in rows] == sorted([*HORIZONS] * len(Target)) * 60
    assert all(row[3] <= row[4] <= row[5] for row in rows)  # type: ignore[operator]
    assert {row[7] for row in rows} == {1}


def test_writing_twice_gives_the_same_rows(trained_database: str) -> None:
    forecast_chips()
    before = written()
    forecast_chips()
    assert written() == before


def test_a_new_month_adds_forecasts_and_a_removed_one_takes_them_away(
    trained_database: str,
) -> None:
    forecast_chips()
    before = written()
    change(
        "create temp table newer as select * from features.chip_month where chip_key = 1003 "
        "order by as_of desc limit 1; update newer set as_of = 202112; "
        "insert into features.chip_month select * from newer"
    )
    forecast_chips()
    added = [row for row in written() if row not in before]
    assert {row[:3] for row in added} == {(1003, 202112, horizon) for horizon in HORIZONS}
    assert len(written()) == len(before) + len(HORIZONS) * len(Target)
    with connect() as connection:
        current = connection.execute(
            "select distinct as_of from ml.current_forecast where chip_key = 1003"
        ).fetchall()
    assert current == [(202112,)]
    change("delete from features.chip_month where as_of = 202112")
    forecast_chips()
    assert written() == before


def test_features_and_targets_after_the_as_of_month_change_no_forecast_of_it(
    trained_database: str,
) -> None:
    """Leakage: the same chip, forecast as of a month whose future is then rewritten."""
    cut = 201906
    change(f"delete from features.chip_month where chip_key = 1003 and as_of > {cut}")
    forecast_chips()
    before = [row for row in written() if row[0] == 1003]
    assert before[0][1] == cut
    change(
        "update features.chip_month set known_count = known_count * 3, net_change_3 = 999 "
        f"where as_of > {cut}; "
        "update features.chip_target set net_change = -999 where chip_key = 1003"
    )
    forecast_chips()
    assert [row for row in written() if row[0] == 1003] == before


def test_without_a_model_nothing_is_written_and_the_reason_is_said(
    database: str, world: World
) -> None:
    with connect() as connection:
        write_world(connection, world)
    report = forecast_chips()
    assert (report.rows_written, report.reason) == (0, NO_MODEL)
    assert written() == []


def test_a_chip_that_the_model_refuses_is_left_out_and_counted(
    trained_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    change("update features.chip_month set known_count = null where chip_key = 1003")
    report = forecast_chips()
    assert (report.chips, report.chips_refused) == (59, 1)
    assert "no forecast for chip 1003: row 0: known_count is null" in caplog.text


def test_no_chips_write_nothing(trained_database: str) -> None:
    change("truncate features.chip_month, features.chip_target")
    report = forecast_chips()
    assert report.rows_written == 0
    assert report.reason is not None


def test_the_database_refuses_crossed_quantiles(trained_database: str) -> None:
    with connect(role=Role.TRAINER) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            f"insert into ml.chip_forecast (target, {WITHOUT_TIME}) "
            "values ('building_count', 1, 201901, 1, 3, 2, 4, 0, 1)"
        )
