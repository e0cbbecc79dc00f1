"""What a person sees while a run goes on."""

import io
import uuid
from collections.abc import Iterator

import dagster as dg
from rich.console import Console

from orchestration.terminal.progress import Progress
from orchestration.terminal.step import report, shown_on
from warehouse.progress import Display


@dg.asset
def source_data() -> None:
    """Goes well."""


@dg.multi_asset(
    specs=[dg.AssetSpec(["raw", "load_run"], deps=[source_data]), dg.AssetSpec("two")],
    check_specs=[dg.AssetCheckSpec("whole", asset=["raw", "load_run"])],
)
def raw_tables(
    context: dg.AssetExecutionContext,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    report(3, 12, "nodes")
    context.log_event(dg.AssetMaterialization(["months", "loaded"], partition="201801"))
    yield dg.MaterializeResult(asset_key=["raw", "load_run"], metadata={"rows_read": 1234})
    yield dg.MaterializeResult(asset_key="two")
    yield dg.AssetCheckResult(passed=True, asset_key=["raw", "load_run"], check_name="whole")


@dg.asset(deps=["two"])
def broken() -> None:
    raise ValueError


def lines(assets: list[dg.AssetsDefinition], *, terminal: bool = False) -> list[str]:
    """Run assets and return the lines of their progress."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, highlight=False)
    job = dg.Definitions(assets, jobs=[dg.define_asset_job("all")]).resolve_job_def("all")
    run_id = str(uuid.uuid4())
    with (
        dg.DagsterInstance.ephemeral() as instance,
        Display(console) as display,
        shown_on(display),
    ):
        instance.add_event_listener(run_id, Progress(display))
        job.execute_in_process(instance=instance, run_id=run_id, raise_on_error=False)
    return out.getvalue().splitlines()


def test_each_finished_step_is_one_plain_line() -> None:
    first, second = lines([source_data, raw_tables])

    assert first.split()[:3] == ["done", "source", "data"]
    assert second.split()[:3] == ["done", "raw", "tables"]


def test_a_step_tells_its_rows_and_of_many_tables_how_many() -> None:
    first, second = lines([source_data, raw_tables])

    assert second.endswith(" s  1,234 rows, 2 tables, 1 checks")
    assert first.endswith(" s")


def test_a_failed_step_says_so() -> None:
    assert lines([source_data, raw_tables, broken])[-1].split()[:2] == ["failed", "broken"]


def test_a_terminal_shows_how_far_the_step_at_work_is() -> None:
    shown = "\n".join(lines([source_data, raw_tables], terminal=True))

    assert "raw tables" in shown.partition("done raw tables")[0]
    assert "3 of 12 nodes" in shown


def test_without_a_terminal_a_step_may_report_all_the_same() -> None:
    report(1, 2, "nodes")
