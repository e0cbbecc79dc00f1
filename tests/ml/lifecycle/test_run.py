"""Training on a real database: registry, refusal, too little data."""

import dataclasses
from pathlib import Path

import psycopg
import pytest

from ml.errors import FeatureTableError
from ml.judging.backtest import FORECASTERS, MODEL, Protocol
from ml.lifecycle import registry, tracking
from ml.lifecycle.run import train
from ml.model.grid import HORIZONS
from ml.training.params import Params
from tests.fixtures.tables import write_world
from tests.fixtures.trained import Trained
from tests.fixtures.worlds import World, grow
from warehouse.access import connect
from warehouse.connection.roles import Role


def count(query: str) -> int:
    with connect() as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_a_better_model_is_registered_as_champion(in_trained: Trained) -> None:
    assert in_trained.report.promoted
    assert in_trained.report.model_version == 1
    assert in_trained.report.reason.startswith("champion: beats every plain forecast")
    champion = registry.champion()
    assert champion is not None
    assert champion.version == 1
    assert champion.model.manifest.version == 1
    assert champion.tags[registry.DIGEST] == registry.model_digest(
        dataclasses.replace(
            champion.model, manifest=champion.model.manifest.model_copy(update={"version": None})
        )
    )


def test_the_backtest_is_written_beside_its_baselines(in_trained: Trained) -> None:
    with connect(role=Role.ANALYST) as connection:
        rows = connection.execute(
            "select protocol, horizon, forecaster, rows_judged, pinball, coverage from ml.backtest "
            "where target = 'building_count' and run_id = %s", (in_trained.report.run_id,),
        ).fetchall()  # fmt: skip
    assert (
        len(rows)
        == len(Protocol) * len(HORIZONS) * len(FORECASTERS)
        == len(in_trained.report.metrics)
    )
    by_key = {tuple(row[:3]): row[3:] for row in rows}
    for row in in_trained.report.metrics:
        one = row.score
        assert by_key[row.protocol, row.horizon, row.forecaster] == pytest.approx(
            (one.rows, one.pinball, one.coverage)
        )


def test_training_again_on_the_same_data_makes_no_second_version(
    trained_database: str, params: Params
) -> None:
    again = train(params=params)
    assert (again.promoted, again.model_version) == (True, 1)
    assert count("select count(*) from mlflow.model_versions") == 1


def test_changed_data_make_a_new_champion(trained_database: str, params: Params) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(
            "update features.chip_target set net_change = net_change + 1 where chip_key = 1003"
        )
    report = train(params=params)
    assert (report.promoted, report.model_version) == (True, 2)
    champion = registry.champion()
    assert champion is not None
    assert champion.version == 2


def test_a_champion_whose_files_are_gone_is_replaced(
    trained_database: str, params: Params, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with connect() as connection:
        connection.execute(
            "update mlflow.model_versions set source = %s", ((tmp_path / "gone").as_uri(),)
        )
    assert registry.champion() is None
    assert "champion of building-growth, version 1, counts as none: the model bundle" in caplog.text
    report = train(params=params)
    assert (report.promoted, report.model_version) == (True, 2)


def shuffled(world: World) -> World:
    """Targets that no feature tells anything about: each chip gets those of another."""
    by_horizon: dict[int, list[int]] = {}
    for row in world.targets:
        by_horizon.setdefault(int(row["horizon"] or 0), []).append(int(row["net_change"] or 0))
    targets = [
        row | {"net_change": by_horizon[int(row["horizon"] or 0)].pop((i * 7919) % n)}
        for i, row in enumerate(world.targets)
        for n in [len(by_horizon[int(row["horizon"] or 0)])]
    ]
    return World(features=world.features, targets=targets)


def test_a_model_worse_than_a_baseline_is_a_challenger_and_the_champion_stays(
    trained_database: str, params: Params, world: World
) -> None:
    with connect() as connection:
        write_world(connection, shuffled(world))
    overfit = params.boosting.model_copy(
        update={"min_data_in_leaf": 2, "num_leaves": 64, "learning_rate": 0.5}
    )
    report = train(params=params.model_copy(update={"boosting": overfit}))
    assert report.trained
    assert not report.promoted
    assert report.model_version == 2
    assert report.reason.startswith("challenger: does not beat every plain forecast")
    assert "\n" not in report.reason
    assert count(f"select count(*) from ml.backtest where run_id = '{report.run_id}'") > 0
    champion = registry.champion()
    assert champion is not None
    assert champion.version == 1
    challenger = registry.CHIPS.by_alias(tracking.mlflow_client(), registry.CHALLENGER)
    assert challenger is not None
    assert challenger.version == 2
    losses = {(row.protocol, row.horizon, row.forecaster): row.score for row in report.metrics}
    assert losses[Protocol.ROLLING_ORIGIN, 1, MODEL].pinball > min(
        score.pinball for key, score in losses.items() if key[:2] == (Protocol.ROLLING_ORIGIN, 1)
    )


def test_one_chip_month_says_what_is_lacking_and_succeeds(database: str) -> None:
    with connect() as connection:
        write_world(connection, World(features=grow(chips=1, months=1).features, targets=[]))
    report = train()
    assert not report.trained
    assert report.reason == (
        "too little data to train: 0 chips with a later month to learn from (at least 10); "
        "0 as-of months (at least 6); too few targets: 0 at 1 months, 0 at 3 months, "
        "0 at 6 months, 0 at 12 months (at least 40 each)"
    )
    assert count("select count(*) from ml.backtest") == 0
    assert count("select count(*) from pg_tables where schemaname = 'mlflow'") == 0


def test_missing_feature_tables_are_named_with_what_to_do(database: str) -> None:
    with pytest.raises(FeatureTableError, match=r'"features\.chip_month" does not exist; run `dbt'):
        train()


def test_a_missing_column_is_named(trained_database: str) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("alter table features.chip_month drop column smoothed_change")
    with pytest.raises(FeatureTableError, match="smoothed_change"):
        train()


def test_a_target_without_features_is_refused(trained_database: str) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(
            "delete from features.chip_month where chip_key = 1003 and as_of = "
            "(select min(as_of) from features.chip_month where chip_key = 1003)"
        )
    with pytest.raises(FeatureTableError, match=r"\(1003, \d+\) that features\.chip_month lacks"):
        train()


def test_a_run_that_fails_is_kept_as_failed(
    trained_database: str, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(role=Role.TRAINER) as connection:
        connection.execute(
            "alter table ml.backtest add constraint refuse check (mae < 0) not valid"
        )
    with pytest.raises(psycopg.errors.CheckViolation):
        train(params=params)
    client = tracking.mlflow_client()
    [run] = client.search_runs(
        [tracking.experiment_id(client)], filter_string="attributes.status = 'FAILED'"
    )
    assert run.info.run_id not in {in_this.run_id for in_this in [registry.champion()] if in_this}
    assert count("select count(*) from mlflow.model_versions") == 1
