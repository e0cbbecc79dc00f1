"""Telling a run at work from one whose process is gone.

Every run holds the run lock by a session of the database (``warehouse.running.lock``), and says in
a tag which one. The session ends with the process, so the run is at work while it is there.
"""

from collections.abc import Set
from typing import Final

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

SESSION_TAG: Final = "sn7/session"

GONE: Final = "its process ended without a word, as after a kill; what it had finished is kept"

_UNFINISHED: Final = [dg.DagsterRunStatus.NOT_STARTED, *IN_PROGRESS_RUN_STATUSES]


def mark(run_id: str, session: str) -> dict[str, str]:
    """Return the tag of a run; it names the run, as a re-executed run inherits its parent's."""
    return {SESSION_TAG: f"{run_id} {session}"}


def session_of(run: dg.DagsterRun) -> str | None:
    """Return the session of a run; None where it has not said which."""
    run_id, _, session = run.tags.get(SESSION_TAG, "").partition(" ")
    return session if run_id == run.run_id else None


def close_dead_runs(instance: dg.DagsterInstance, live: Set[str]) -> list[str]:
    """Mark as failed the runs whose session is gone, and return their ids.

    They would else count as running for good, and hold up Dagster's queue.

    Args:
        instance: Where runs are kept.
        live: Sessions of the server, asked for just now.
    """
    closed = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        session = session_of(run)
        if session is None or session in live:
            continue
        now = instance.get_run_by_id(run.run_id)
        if now is None or now.is_finished:
            continue
        if now.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(now, GONE)
        else:
            instance.report_run_failed(now, GONE)
        closed.append(run.run_id)
    return closed
