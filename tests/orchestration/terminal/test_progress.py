"""What a person sees while a run goes on."""

import io
import uuid
from collections.abc import Iterator

import dagster as dg
from rich.console import Console

from orchestration.terminal.progress import Progress


@dg.asset
def source_data() -> None:
    """Goes well."""


@dg.multi_asset(
    specs=[dg.AssetSpec("one", deps=[source_data]), dg.AssetSpec("two")],
    check_specs=[dg.AssetCheckSpec("whole", asset="one")],
)
def raw_tables() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    yield dg.MaterializeResult(asset_key="one")
    yield dg.MaterializeResult(asset_key="two")
    yield dg.AssetCheckResult(passed=True, asset_key="one", check_name="whole")


@dg.asset(deps=["one"])
def broken() -> None:
    raise ValueError


def lines(assets: list[dg.AssetsDefinition], *, terminal: bool = False) -> list[str]:
    """Run assets and return the lines of their progress."""
    out = io.StringIO()
    progress = Progress(Console(file=out, force_terminal=terminal, width=100))
    job = dg.Definitions(assets, jobs=[dg.define_asset_job("all")]).resolve_job_def("all")
    run_id = str(uuid.uuid4())
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_event_listener(run_id, progress)
        job.execute_in_process(instance=instance, run_id=run_id, raise_on_error=False)
    progress.stop()
    return out.getvalue().splitlines()


def test_each_finished_step_is_one_plain_line() -> None:
    first, second = lines([source_data, raw_tables])

    assert first.split()[:3] == ["done", "source", "data"]
    assert second.split()[:3] == ["done", "raw", "tables"]


def test_a_step_of_many_tables_tells_how_many() -> None:
    first, second = lines([source_data, raw_tables])

    assert second.endswith("2 tables, 1 checks")
    assert first.endswith(" s")


def test_a_failed_step_says_so() -> None:
    assert lines([source_data, raw_tables, broken])[-1].split()[:2] == ["failed", "broken"]


def test_a_terminal_shows_the_step_that_runs() -> None:
    assert any(
        "raw tables" in line and "done" not in line
        for line in lines([source_data, raw_tables], terminal=True)
    )
