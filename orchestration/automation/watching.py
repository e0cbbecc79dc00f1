"""Runs are watched: one that failed, a check that warns, a new champion are told to people."""

from collections.abc import Iterator
from typing import Final

import dagster as dg
from dagster._core.events import DagsterEventType

from orchestration.alerts import Alert, Alerts, Urgency

_SHOWN: Final = 5


@dg.run_failure_sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of every run that failed, with the reason.",
)
def failed_runs(context: dg.RunFailureSensorContext, alerts: Alerts) -> None:
    """Tell why a run failed."""
    run = context.dagster_run
    reason = _cause(context.failure_event)
    alerts.send(
        Alert(
            Urgency.ERROR,
            f"run {run.run_id[:8]} of {run.job_name} failed",
            f"{reason}\nRe-execute it from failure in the UI, or run the same command again.",
            run.run_id,
        )
    )


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    name="noteworthy_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of checks that warned in a run that went well, and of new champions.",
)
def noteworthy_runs(context: dg.RunStatusSensorContext, alerts: Alerts) -> None:
    """Tell what a person has to know of a run that went well."""
    for alert in noteworthy(context.instance, context.dagster_run.run_id):
        alerts.send(alert)


def noteworthy(instance: dg.DagsterInstance, run_id: str) -> Iterator[Alert]:
    """Yield what a person has to know of a run.

    Args:
        instance: Where its events are.
        run_id: The run.
    """
    kinds = {DagsterEventType.ASSET_CHECK_EVALUATION, DagsterEventType.ASSET_MATERIALIZATION}
    warned: list[str] = []
    for record in instance.get_records_for_run(run_id, of_type=kinds, limit=5_000).records:
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        if event.event_type is DagsterEventType.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            if not check.passed:
                figures = "; ".join(f"{key}: {it.value}" for key, it in check.metadata.items())
                name = f"{check.asset_key.to_user_string()}, {check.check_name}"
                warned.append(f"{name} ({figures[:300]})")
        elif event.step_key == "ml__trained_model":
            yield from _of_training(event.step_materialization_data.materialization, run_id)
    if warned:
        more = f"\nand {len(warned) - _SHOWN} more" if len(warned) > _SHOWN else ""
        text = "\n".join(warned[:_SHOWN]) + more
        yield Alert(Urgency.WARNING, f"{len(warned)} checks warn", text, run_id)


def _of_training(made: dg.AssetMaterialization, run_id: str) -> Iterator[Alert]:
    told = {name: value.value for name, value in made.metadata.items()}
    if not told.get("trained"):
        return
    became = "is champion" if told["promoted"] else "is no champion"
    text = f"trained because: {told['due_because']}\n{told['reason']}"
    yield Alert(Urgency.INFO, f"model version {told['model_version']} {became}", text, run_id)


def _cause(event: dg.DagsterEvent) -> str:
    """Return the innermost message of a failure, in one line."""
    data = event.event_specific_data
    error = getattr(data, "error", None)
    first = getattr(data, "first_step_failure_event", None)
    if first is not None:
        error = first.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    message = (error.message if error else event.message) or "no reason"
    return " ".join(message.split())
