"""Months as partitions: events for those that changed, and building any set of them anew."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from loaders.load import load
from orchestration.assets.months import SEEN, MonthsConfig, rebuilt
from orchestration.dbt.months import MONTHS, Stage, record_months
from orchestration.dbt.project import manifest
from orchestration.resources import build_resources
from orchestration.runs.retention import say_again
from tests.fixtures.sources import csv_text, row
from warehouse.access import connect
from warehouse.connection.roles import Role

pytestmark = pytest.mark.slow

NAMES = ("2018_01", "2018_02", "2018_03", "2018_05", "2018_07")
KEYS = [int(name.replace("_", "")) for name in NAMES]
FACTS = """
    select chip_key, time_key, building_count, appeared from marts.fact_chip_month order by 1, 2
"""
RANGE = {
    "dagster/asset_partition_range_start": "201802",
    "dagster/asset_partition_range_end": "201805",
}


@pytest.fixture(scope="module")
def built(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Five months of one chip, loaded; not yet built."""
    path: Path = tmp_path_factory.mktemp("delivery") / "labels.csv"
    rows = [row(n, name) for at, name in enumerate(NAMES) for n in range(3 + at)]
    path.write_text(csv_text(rows))
    load(path)
    manifest()
    return module_database


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        made.add_dynamic_partitions("month", [str(key) for key in KEYS])
        yield made


Rebuild = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def rebuild(built: str, instance: dg.DagsterInstance) -> Rebuild:
    job = dg.Definitions(
        assets=[*SEEN, rebuilt],
        jobs=[dg.define_asset_job("months", [rebuilt])],
        resources=build_resources(),
        executor=dg.in_process_executor,
    ).resolve_job_def("months")

    def run(*months: int, tags: dict[str, str] | None = None) -> dg.ExecuteInProcessResult:
        config = dg.RunConfig(ops={"months__rebuilt": MonthsConfig(months=list(months))})
        return job.execute_in_process(
            run_config=config, instance=instance, tags=tags, raise_on_error=False
        )

    return run


def facts() -> list[tuple[object, ...]]:
    with connect(role=Role.TRANSFORMER) as connection:
        return connection.execute(FACTS).fetchall()


def spoil(month: int) -> None:
    """Make a month's facts wrong, as a restore of an old backup does."""
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("delete from marts.fact_chip_observation where time_key = %s", (month,))


def observed() -> dict[int, int]:
    query = "select time_key, count(*) from marts.fact_chip_observation group by 1"
    with connect(role=Role.TRANSFORMER) as connection:
        return dict(connection.execute(query).fetchall())


def test_any_set_of_months_and_any_range_is_built_anew_in_one_run(
    built: str, rebuild: Rebuild, instance: dg.DagsterInstance
) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        assert connection.execute("select to_regclass('marts.fact_chip_month')").fetchone() == (
            None,
        )
    first = rebuild()
    assert first.success
    whole, rows = facts(), observed()
    assert [count for _, _, count, _ in whole] == [3, 4, 5, 6, 7]
    assert rows == dict(zip(KEYS, (3, 4, 5, 6, 7), strict=True))

    spoil(201803)
    spoil(201807)
    assert rebuild(201807, 201803).success
    assert (facts(), observed()) == (whole, rows)

    spoil(201805)
    ranged = rebuild(tags=RANGE)
    assert ranged.success
    assert (facts(), observed()) == (whole, rows)
    assert sorted(instance.get_materialized_partitions(rebuilt.key)) == [
        "201802",
        "201803",
        "201805",
    ]
    assert sorted(instance.get_materialized_partitions(Stage.BUILT.key)) == list(map(str, KEYS))


def test_a_month_that_is_not_built_is_refused_in_a_sentence(rebuild: Rebuild, built: str) -> None:
    result = rebuild(201803, 203001)

    assert not result.success
    [failure] = result.get_step_failure_events()
    error = failure.step_failure_data.error
    assert error is not None
    assert error.cause is not None
    assert "nothing is built of 203001; expected months such as 201801" in error.cause.message


def test_events_are_written_for_changed_months_alone_and_said_again(
    database: str, tmp_path: Path
) -> None:
    path = tmp_path / "labels.csv"

    @dg.asset(key=["raw", "image"])
    def image(context: dg.AssetExecutionContext) -> list[int]:
        return record_months(context, Stage.LOADED)

    def told(*rows: tuple[str, int, str]) -> object:
        path.write_text(csv_text(rows))
        load(path)
        return dg.materialize([image, *SEEN], instance=first).output_for_node("raw__image")

    with dg.DagsterInstance.ephemeral() as first:
        assert told(row(1), row(1, "2018_02")) == [201801, 201802]
        assert told(row(1), row(1, "2018_02")) == []
        assert told(row(1), row(1, "2018_02"), row(2, "2018_02")) == [201802]
        assert told(row(1), row(1, "2018_03")) == [201803]
        assert sorted(first.get_dynamic_partitions(MONTHS.name or "")) == ["201801", "201803"]

    with dg.DagsterInstance.ephemeral() as later:  # the runs that told of it are gone
        assert say_again(later) == {"loaded": [201801, 201803], "built": [], "forecast": []}
        assert later.get_materialized_partitions(Stage.LOADED.key) == {"201801", "201803"}
        assert say_again(later)["loaded"] == []
