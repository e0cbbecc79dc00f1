"""`make run` without data: the whole chain on the generated sample, once, seen from all sides."""

from collections.abc import Callable, Iterator

import dagster as dg
import psycopg
import pytest

from ml.model.grid import HORIZONS, Target
from orchestration.assets.months import rebuilt
from orchestration.assets.report import report
from orchestration.assets.retention import retention
from orchestration.dbt.months import Stage
from orchestration.definitions import build_defs
from orchestration.instance import STORAGE_URL, persistent_instance
from orchestration.terminal.progress import TITLES
from tests.fixtures.commands import Outcome, orchestrate
from warehouse.connection.settings import get_settings

pytestmark = pytest.mark.slow

Query = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def outcome(module_database: str) -> Outcome:
    return orchestrate("run", dsn=module_database, home=get_settings().home)


@pytest.fixture(scope="module")
def query(module_database: str) -> Query:
    def ask(statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(module_database) as connection:
            return connection.execute(statement).fetchall()

    return ask


@pytest.fixture
def instance(
    outcome: Outcome, module_database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    for name in ("DAGSTER_HOME", STORAGE_URL, "DAGSTER_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "")
    with persistent_instance() as opened:
        yield opened


def test_the_run_succeeds_and_its_noise_stays_in_the_log(outcome: Outcome) -> None:
    assert outcome.code == 0, outcome.stdout + outcome.stderr
    assert outcome.stderr == ""
    assert "DEBUG" not in outcome.stdout
    assert "RUN_SUCCESS" in (get_settings().logs / "run.log").read_text(encoding="utf-8")
    assert (get_settings().logs / "dbt" / "dbt.log").exists()


def test_every_step_is_a_line_of_progress(outcome: Outcome) -> None:
    steps = [line for line in outcome.lines if line.startswith("done ")]

    assert [step.removeprefix("done ")[:26].strip() for step in steps] == list(TITLES.values())


def test_summary_tells_rows_read_loaded_and_rejected(outcome: Outcome, query: Query) -> None:
    [(read, loaded, rejected)] = query(
        "select rows_read, rows_loaded, rows_rejected from raw.load_run"
    )

    assert f"{read:,} rows read, {loaded:,} loaded, {rejected:,} rejected (loaded)" in outcome.lines


def test_summary_tells_the_rows_of_every_table(outcome: Outcome, query: Query) -> None:
    tables = query(
        "select relnamespace::regnamespace::text, relname from pg_class where not relispartition "
        "and relkind in ('r', 'p') and relnamespace::regnamespace::text in ('marts', 'features')"
    )
    assert len(tables) >= 10
    for schema, table in tables:
        [(count,)] = query(f"select count(*) from {schema}.{table}")
        assert f"{schema}.{table} {count:,}".split() in [line.split() for line in outcome.lines]


def test_sample_has_all_real_chips_and_months(query: Query, outcome: Outcome) -> None:
    assert query("select count(*) from marts.dim_chip") == [(60,)]
    assert query("select count(*) from marts.dim_aoi") == [(30,)]
    assert query("select count(*) from marts.fact_chip_month") == [(1408,)]


def test_every_chip_lies_within_exactly_one_aoi(query: Query, outcome: Outcome) -> None:
    astray = query(
        "select chip_key, count(dim_aoi.aoi_key) from marts.dim_chip left join marts.dim_aoi "
        "on st_within(dim_chip.centroid, dim_aoi.geom) group by chip_key "
        "having count(dim_aoi.aoi_key) <> 1"
    )
    assert astray == []


def test_every_chip_has_its_forecasts(query: Query, outcome: Outcome) -> None:
    chips = query(
        "select chip_key, target, array_agg(horizon order by horizon) from ml.chip_forecast "
        "group by 1, 2"
    )

    assert len(chips) == 60 * len(Target)
    assert {str(horizons) for _, _, horizons in chips} == {str([*HORIZONS])}
    assert query(
        "select count(*) from ml.chip_forecast where not q10 <= q50 or not q50 <= q90"
    ) == [(0,)]


def test_the_layer_of_hot_spots_shows_forecasts_from_the_first_run_on(
    query: Query, outcome: Outcome
) -> None:
    [(layer,)] = query("select pg_get_viewdef('layers.hot_spots'::regclass)")
    assert "ml.cell_forecast" in str(layer)


def test_summary_shows_the_forecast_beside_its_baselines(outcome: Outcome) -> None:
    header = next(line for line in outcome.lines if line.startswith("months ahead"))
    assert header.split("  ")[0] == "months ahead"
    for forecaster in ("model", "no change", "best plain forecast"):
        assert forecaster in header
    start = outcome.lines.index(header)
    horizons = [line.split()[0] for line in outcome.lines[start + 2 : start + 6]]
    assert horizons == ["1", "3", "6", "12"]


def test_summary_ends_in_commands_that_work(outcome: Outcome, query: Query) -> None:
    request = next(line for line in outcome.lines if line.startswith("curl"))
    chips = {str(chip) for (chip,) in query("select chip_id from marts.dim_chip")}
    assert any(f'{{"chip_id":"{chip}"}}' in request for chip in chips)

    command = next(line for line in outcome.lines if line.startswith('make psql ARGS="-c '))
    assert len(query(command.split("'")[1])) == 5


def test_service_is_packaged(outcome: Outcome) -> None:
    bentos = get_settings().bentoml / "bentos"
    assert [path.name for path in bentos.glob("*/*/bento.yaml")] == ["bento.yaml"]


def test_run_is_kept_for_the_ui(instance: dg.DagsterInstance) -> None:
    [run] = instance.get_runs()

    assert (run.job_name, run.status) == ("main", dg.DagsterRunStatus.SUCCESS)
    assert run.tags[".dagster/repository"] == "__repository__@orchestration.definitions"


def test_every_asset_has_been_materialized(instance: dg.DagsterInstance) -> None:
    on_request = {rebuilt.key, retention.key, report.key}
    for key in build_defs().resolve_asset_graph().get_all_asset_keys() - on_request:
        assert instance.get_latest_materialization_event(key) is not None, key


def test_every_month_is_loaded_and_built_and_the_last_ones_forecast(
    instance: dg.DagsterInstance, query: Query
) -> None:
    months = {str(month) for (month,) in query("select distinct time_key from raw.image")}
    last = {str(month) for (month,) in query("select distinct as_of from ml.chip_forecast")}

    assert instance.get_materialized_partitions(Stage.LOADED.key) == months
    assert instance.get_materialized_partitions(Stage.BUILT.key) == months
    assert instance.get_materialized_partitions(Stage.FORECAST.key) == last
    assert set(instance.get_dynamic_partitions("month")) == months


def test_a_training_is_written_down_with_its_reason(query: Query, outcome: Outcome) -> None:
    assert query("select family, due_because, trained from ml.training order by 1") == [
        ("cells", "nothing has been trained yet", True),
        ("chips", "nothing has been trained yet", True),
    ]


def test_tables_report_their_row_counts(instance: dg.DagsterInstance) -> None:
    event = instance.get_latest_materialization_event(dg.AssetKey(["marts", "dim_chip"]))

    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["dagster/row_count"].value == 60


def test_checks_of_dbt_have_passed(instance: dg.DagsterInstance) -> None:
    graph = build_defs().resolve_asset_graph()
    keys = [
        key
        for key in graph.asset_check_keys
        if key.asset_key.path[0] == "marts" and key.name != "is_fresh"
    ]
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)

    assert keys
    assert {records[key].status.value for key in keys if key in records} == {"SUCCEEDED"}
    assert set(records) == set(keys)
