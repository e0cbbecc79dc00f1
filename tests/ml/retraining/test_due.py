"""When a training is due: by news, drift, or errors worse than promised, each with its reason."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from ml.judging.backtest import BacktestRow
from ml.lifecycle.forecasting import forecast_chips
from ml.lifecycle.run import TrainingReport
from ml.retraining import training
from ml.retraining.due import Due, broken_promise, due
from ml.retraining.ledger import (
    Family,
    Training,
    ensure_ledger,
    known_now,
    last_training,
    note_training,
)
from ml.retraining.rules import PromiseRules, load_rules
from ml.training.params import load_params
from tests.fixtures.tables import write_world
from tests.fixtures.trained import Trained
from tests.fixtures.worlds import grow
from warehouse.access import connect
from warehouse.connection.roles import Role

Decide = Callable[..., Due]


def change(statement: str) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(statement)


@pytest.fixture
def decide(database: str) -> Decide:
    """Decide after a training that knew all that the tables of a made-up world hold."""
    with connect() as connection:
        write_world(connection, grow(seed=7))
    with connect(role=Role.TRAINER) as connection:
        ensure_ledger(connection)
        known = known_now(connection, load_params())
        before = Training(
            "nothing has been trained yet", True, True, "champion", 1, "run", known.known_to,
            known.chip_months, known.data_kind, known.tunables, known.building_months,
        )  # fmt: skip
        note_training(connection, Family.CHIPS, before)

    def ask(*, has_champion: bool = True, **changed: Any) -> Due:
        with connect(role=Role.TRAINER) as connection:
            last = last_training(connection, Family.CHIPS)
            assert last is not None
            return due(
                connection, replace(last, **changed), known_now(connection, load_params()),
                load_rules(), family=Family.CELLS, has_champion=has_champion,
            )  # fmt: skip

    return ask


def add_months(number: int, *, factor: float = 1.0) -> None:
    """Add months in which each chip gains as in the months before, times the factor."""
    for ahead in range(1, number + 1):
        change(
            "create temp table newer as select * from ("
            "  select *, row_number() over (partition by chip_key order by as_of desc) as nth"
            f"  from features.chip_month) as months where nth = {ahead + 1}; "
            "alter table newer drop column nth; "
            f"update newer set as_of = {203000 + ahead}, net_change_1 = net_change_1 * {factor}"
            f" + {0 if factor == 1 else 3}; "
            "insert into features.chip_month select * from newer; drop table newer"
        )


def test_without_news_nothing_is_due(decide: Decide) -> None:
    assert decide() == Due.no(
        "no month has come since the last training",
        {"new_months": 0, "share_of_chip_months_new_or_gone": 0},
    )


def test_one_usual_month_is_not_enough(decide: Decide) -> None:
    add_months(1)

    found = decide()

    assert not found.is_due
    assert found.reason.startswith("1 month of 3 have come since, without drift")
    assert found.evidence["distance_net_change_1"] < 0.3


def test_enough_months_are(decide: Decide) -> None:
    add_months(3)

    found = decide()

    assert found.is_due
    assert found.reason == "3 months have come since the last training"
    assert found.evidence["new_months"] == 3


def test_a_month_of_drift_is(decide: Decide) -> None:
    add_months(1, factor=4)

    found = decide()

    assert found.is_due
    assert found.reason.startswith("the data drift: net_change_1 (PSI ")


def test_other_data_of_the_same_months_are(decide: Decide) -> None:
    change("update features.chip_month set known_count = known_count * 2")

    found = decide()

    assert found.is_due
    assert found.reason == "100% of the buildings are new or gone since the last training"


def test_many_withdrawn_chip_months_are(decide: Decide) -> None:
    change("delete from features.chip_month where chip_key % 3 = 0")

    found = decide()

    assert found.is_due
    assert found.reason.endswith("% of the chip-months are new or gone since the last training")
    assert found.evidence["share_of_chip_months_new_or_gone"] == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"tunables": "other"}, "the tunables have changed"),
        ({"data_kind": "generated"}, "the data are unknown now, and were generated"),
        ({"trained": False, "outcome": "too little data"}, "the last training came to nothing"),
    ],
)
def test_what_else_makes_one_due(decide: Decide, changed: dict[str, Any], reason: str) -> None:
    found = decide(**changed)

    assert found.is_due
    assert found.reason.startswith(reason)


def test_a_lost_champion_makes_one_due(decide: Decide) -> None:
    assert decide(has_champion=False).reason == "the champion's files are gone"
    assert not decide(has_champion=False, promoted=False).is_due


def test_errors_are_held_against_the_promise(trained: Trained, trained_database: str) -> None:
    """Forecasts of the champion from a month whose truth is known; then a truth far off."""
    rules = PromiseRules(worst_ratio=1.5, least_outcomes=100)
    with connect(role=Role.TRAINER) as connection:
        ensure_ledger(connection)
        noted = Training(
            "first", True, True, "champion", 1, trained.report.run_id, 201912, 1, "own", "x"
        )
        note_training(connection, Family.CHIPS, noted)
    forecast_chips()
    with connect(role=Role.TRAINER) as connection:
        assert broken_promise(connection, rules) is None
        connection.execute(
            "insert into ml.chip_forecast select chip_key, target, 201901, horizon, q10, q50, q90, "
            "baseline, model_version from ml.chip_forecast"
        )
    usual = ratio(rules)
    assert usual is not None
    change("update features.chip_target set net_change = net_change + 500 where as_of = 201901")
    change("update features.chip_target set net_area_change = net_area_change + 60000")
    worse = ratio(rules)
    assert worse is not None
    assert worse > rules.worst_ratio
    assert worse > 2 * usual


def ratio(rules: PromiseRules) -> float | None:
    with connect(role=Role.TRAINER) as connection:
        return broken_promise(connection, rules)


def test_a_second_run_trains_nothing_and_says_why(
    in_trained: Trained, trained_database: str
) -> None:
    trainings: list[str] = []

    def quick() -> TrainingReport[BacktestRow]:
        trainings.append("trained")
        return in_trained.report

    first, second, third = (
        training.train_if_due(Family.CHIPS, quick, always=always) for always in (False, False, True)
    )

    assert (first.due.reason, second.due.reason, third.due.reason) == (
        "nothing has been trained yet",
        "no month has come since the last training",
        "it was asked for",
    )
    assert second.report is None
    assert len(trainings) == 2
    with psycopg.connect(trained_database) as connection:
        rows = connection.execute(
            "select due_because, promoted, mlflow_run is not null from ml.training order by 1"
        ).fetchall()
    assert [row[0] for row in rows] == ["it was asked for", "nothing has been trained yet"]
