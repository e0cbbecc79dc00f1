"""What the year looks like from outside: runs, trainings, alerts, and whether all is taken."""

import json
from dataclasses import dataclass
from typing import Any, Final

import dagster as dg
import psycopg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from orchestration.automation.arrivals import WHAT
from orchestration.automation.jobs import MAIN
from orchestration.inbox import ledger
from orchestration.inbox.place import open_inbox
from orchestration.instance import persistent_instance
from warehouse.access import connect
from warehouse.connection.errors import UserError
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings

AWAY: Final = (psycopg.Error, UserError, dg.DagsterError, OSError)


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run of the daemon's.

    Attributes:
        run_id: Its id.
        what: What it was on.
        status: How it ended, or where it is.
        seconds: How long it took; None while it is on.
    """

    run_id: str
    what: str
    status: str
    seconds: float | None


def runs() -> list[RunSeen]:
    """Return the runs of the main job so far, the oldest first."""
    with persistent_instance() as instance:
        records = instance.get_run_records(dg.RunsFilter(job_name=MAIN.name))
    return [
        RunSeen(
            record.dagster_run.run_id,
            record.dagster_run.tags.get(WHAT, ""),
            record.dagster_run.status.value,
            None
            if record.end_time is None or record.start_time is None
            else record.end_time - record.start_time,
        )
        for record in reversed(records)
    ]


def is_all_taken() -> bool:
    """Tell whether the ledger says of the inbox what lies in it, and the last run went well."""
    inbox = open_inbox()
    assert inbox is not None  # noqa: S101 (the year has one)
    lying = {name: entry.listing for name, entry in inbox.entries().items()}
    with connect(role=Role.ORCHESTRATOR) as connection:
        taken = {name: row.listing for name, row in ledger.taken(connection).items()}
    if lying != taken:
        return False
    with persistent_instance() as instance:
        waiting = [dg.DagsterRunStatus.QUEUED, *IN_PROGRESS_RUN_STATUSES]
        if instance.get_runs(dg.RunsFilter(job_name=MAIN.name, statuses=waiting), limit=1):
            return False
        last = instance.get_runs(dg.RunsFilter(job_name=MAIN.name), limit=1)
    return bool(last) and last[0].status is dg.DagsterRunStatus.SUCCESS


def sources_in_order() -> list[str]:
    """Return the entries of the inbox that are loaded, in the order in which they were taken."""
    with connect(role=Role.ORCHESTRATOR) as connection:
        rows = connection.execute(
            "select entry from monitoring.inbox where state = 'taken' order by taken_at"
        ).fetchall()
    return [str(name) for (name,) in rows]


def trainings() -> list[dict[str, Any]]:
    """Return the trainings of chips so far: why, and what came of them."""
    with connect(role=Role.ORCHESTRATOR) as connection:
        if connection.execute("select to_regclass('ml.training')").fetchone() == (None,):
            return []
        rows = connection.execute(
            "select due_because, promoted, outcome, model_version from ml.training "
            "where family = 'chips' and trained order by training_id"
        ).fetchall()
    names = ("because", "promoted", "outcome", "version")
    return [dict(zip(names, row, strict=True)) for row in rows]


def alerts() -> list[dict[str, str]]:
    """Return the alerts so far."""
    path = get_settings().logs / "alerts.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def months_forecast() -> int:
    """Return how many months forecasts start from."""
    with connect(role=Role.ORCHESTRATOR) as connection:
        if connection.execute("select to_regclass('ml.chip_forecast')").fetchone() == (None,):
            return 0
        row = connection.execute("select count(distinct as_of) from ml.chip_forecast").fetchone()
    return int(row[0]) if row else 0
