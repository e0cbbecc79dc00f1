"""Every dbt model as an asset and every dbt data test as an asset check, from one ``dbt build``."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Final

import dagster as dg
import psycopg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets

from ml.lifecycle.schema import ensure_schema
from orchestration.dbt.counts import row_count
from orchestration.dbt.months import Stage, record_months
from orchestration.dbt.project import dbt_project, manifest
from orchestration.dbt.results import RUN_RESULTS, DbtResults
from orchestration.dbt.sentences import broken_by
from orchestration.dbt.standing import build_digest, is_standing, keep_standing
from orchestration.dbt.translator import LayerTranslator
from orchestration.errors import DbtBuildError
from orchestration.resources import forget_results
from orchestration.terminal import step
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.running.lock import RunSession
from warehouse.waiting import told_of_waits

BUILD = ("build", "--exclude-resource-type", "unit_test")
"""Unit tests judge the SQL, not the data; the test suite runs them."""

FAILURES_SHOWN = 3

AS_BUILT: Final = "as the last build left it"

DBT_ENDS_WITHIN_SECONDS: Final = 5.0
"""What an interrupted dbt gets to end by itself, which takes it 2 to 4 s on a busy machine."""


def build_dbt_assets(parsed: Path) -> dg.AssetsDefinition:
    """Return the assets and checks of the whole dbt project.

    Args:
        parsed: Path of its ``manifest.json``.
    """

    @dbt_assets(
        manifest=parsed,
        project=dbt_project(),
        dagster_dbt_translator=LayerTranslator(),
        name="dbt_models",
    )
    def dbt_models(
        context: dg.AssetExecutionContext,
        dbt: DbtCliResource,
        run_lock: dg.ResourceParam[RunSession],  # noqa: ARG001 (held while dbt runs)
    ) -> Iterator[Any]:
        with connect(role=Role.TRANSFORMER, autocommit=True) as connection:
            nodes = json.loads(parsed.read_bytes())["nodes"]
            if not context.is_subset and is_standing(connection, nodes):
                yield from _standing(context, connection, nodes)
            else:
                yield from _built(context, dbt, connection)
        record_months(context, Stage.BUILT)

    return dbt_models


def _built(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, connection: psycopg.Connection
) -> Iterator[Any]:
    digest = build_digest(connection)
    with connect(role=Role.TRAINER) as trainer:
        ensure_schema(trainer)  # the layer of hot spots is a view of it
    invocation = dbt.cli(BUILD, context=context, raise_on_error=False)
    total = len(context.selected_asset_keys) + len(context.selected_asset_check_keys)
    with (
        ended_with_the_step(invocation),
        told_of_waits(lambda sentence: tell(context, sentence), application="dbt"),
    ):
        for done, event in enumerate(invocation.stream(), start=1):
            step.report(min(done, total), total, "tables and checks")
            yield told_of(event, invocation, connection)
    raise_if_failed(invocation)
    if not context.is_subset:
        keep_standing(connection, digest)


def build_all(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, connection: psycopg.Connection
) -> None:
    """Run the whole ``dbt build`` within a step that is none of its assets.

    Raises:
        DbtBuildError: A model failed, or a test does not hold.
    """
    digest = build_digest(connection)
    invocation = dbt.cli(BUILD, manifest=manifest(), raise_on_error=False)
    with (
        ended_with_the_step(invocation),
        told_of_waits(lambda sentence: tell(context, sentence), application="dbt"),
    ):
        invocation.wait()
    raise_if_failed(invocation)
    keep_standing(connection, digest)


def _standing(
    context: dg.AssetExecutionContext, connection: psycopg.Connection, nodes: Mapping[str, Any]
) -> Iterator[dg.MaterializeResult[None]]:
    """Say of each table that it stands; its checks held when it was built."""
    context.log.info("nothing has changed since the last build: dbt need not run")
    forget_results()
    upstream = {name: node["depends_on"]["nodes"] for name, node in nodes.items()}
    for name in TopologicalSorter(upstream).static_order():
        node = nodes.get(name, {})
        if node.get("resource_type") == "model":
            yield dg.MaterializeResult(
                asset_key=LayerTranslator().get_asset_key(node),
                metadata={"state": AS_BUILT, **_counted(node, connection)},
            )


@contextmanager
def ended_with_the_step(invocation: DbtCliInvocation) -> Iterator[None]:
    """Leave no dbt behind, however the body ends.

    dagster-dbt passes an interrupt on and waits, but has closed the pipe that dbt writes to, and
    a dbt whose thread fails to write its line waits for that thread for ever.

    Raises:
        DagsterExecutionInterruptedError: The interrupted dbt had to be ended by force.
    """
    invocation.termination_timeout_seconds = DBT_ENDS_WITHIN_SECONDS
    try:
        yield
    except subprocess.TimeoutExpired as error:
        raise DagsterExecutionInterruptedError from error
    finally:
        if invocation.process.poll() is None:
            invocation.process.kill()
            invocation.process.wait()


def tell(context: dg.AssetExecutionContext, sentence: str) -> None:
    """Say in the run's log, and on the terminal if there is one, for whom dbt waits."""
    context.log.warning(sentence)
    step.say(sentence)


def told_of(event: object, invocation: DbtCliInvocation, connection: psycopg.Connection) -> object:
    """Add to the event of a table its row count, and to that of a broken test the rows at fault.

    Row counts are taken here and not by dagster-dbt's ``fetch_row_counts``, which names the
    database that the manifest was made for, not the one that dbt has built in.
    """
    if isinstance(event, dg.Output):
        node = invocation.manifest["nodes"][event.metadata["unique_id"].value]
        return event.with_metadata({**event.metadata, **_counted(node, connection)})
    if isinstance(event, dg.AssetCheckResult) and not event.passed:
        node = invocation.manifest["nodes"][event.metadata["unique_id"].value]
        broken = broken_by(node, invocation.target_path, connection)
        evidence = {} if broken is None else {"broken_by": broken}
        return event._replace(metadata={**event.metadata, **evidence})
    return event


def _counted(node: Mapping[str, Any], connection: psycopg.Connection) -> dict[str, int]:
    """Return the row count of a table; of a view none, which would have to be worked out."""
    if node["config"]["materialized"] == "standing_view":
        return {}
    count = row_count(connection, schema=node["schema"], table=node["alias"])
    return {"dagster/row_count": count}


def raise_if_failed(invocation: DbtCliInvocation) -> None:
    """Say in one sentence what dbt could not build, if so.

    Raises:
        DbtBuildError: A model failed, or a test does not hold.
    """
    if invocation.is_successful():
        return
    results = invocation.target_path / RUN_RESULTS
    failures = DbtResults.read(results).failures if results.exists() else ()
    if not failures and (error := invocation.get_error()) is not None:
        raise error
    named = "; ".join(failures[:FAILURES_SHOWN])
    more = f"; and {len(failures) - FAILURES_SHOWN} more" if len(failures) > FAILURES_SHOWN else ""
    log = invocation.target_path / "dbt.log"
    raise DbtBuildError(f"dbt build failed: {named}{more} (all of it: {log})")
