"""The inbox is watched: what came, changed or went starts a run, once nobody writes to it."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES, RunRecord

from orchestration.assets.source import SourceConfig
from orchestration.automation.jobs import MAIN
from orchestration.errors import InboxError
from orchestration.inbox import ledger
from orchestration.inbox.news import Look, Sightings, look
from orchestration.inbox.place import Entry, Inbox, open_inbox
from warehouse.access import connect
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings

SECONDS_BETWEEN_LOOKS: Final = (5, 30)
"""Least and most; between them, half of the time that an entry must have stayed as it is."""

STARTED_BY: Final = "sn7/started_by"
INBOX: Final = "inbox"
NEWS: Final = "sn7/news"
ATTEMPT: Final = "sn7/attempt"
WHAT: Final = "sn7/arrivals"

MOST_ATTEMPTS: Final = 3
"""A run that was killed or lost its database is started again; one that fails at each try is not
helped by a fourth."""

WAIT_SECONDS: Final = 30.0
"""Before the second attempt; before the third twice as long."""


def build_inbox_sensor() -> dg.SensorDefinition:
    """Return the sensor; it is on from the start where ``SN7_INBOX`` is set."""
    settings = get_settings()
    is_on = settings.inbox is not None
    least, most = SECONDS_BETWEEN_LOOKS
    status = dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name="inbox",
        job_name=MAIN.name,
        minimum_interval_seconds=round(min(max(settings.inbox_settle_seconds / 2, least), most)),
        default_status=status,
        description="Runs `main` on what came into the inbox (SN7_INBOX), changed, or left it.",
    )
    def inbox_sensor(
        context: dg.SensorEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        try:
            inbox = open_inbox()
            if inbox is None:
                yield dg.SkipReason("SN7_INBOX is not set")
                return
            request, sightings = evaluate(inbox, context.instance, context.cursor)
        except InboxError as error:
            yield dg.SkipReason(str(error))
            return
        context.update_cursor(json.dumps(sightings))
        yield request

    return inbox_sensor


def evaluate(
    inbox: Inbox, instance: dg.DagsterInstance, cursor: str | None, now: float | None = None
) -> tuple[dg.RunRequest | dg.SkipReason, Sightings]:
    """Look into the inbox and say what is to be done.

    Args:
        inbox: Where to look.
        instance: Whose runs tell whether an attempt failed.
        cursor: What ``sightings`` of the look before were, as JSON.
        now: Seconds of the clock.

    Raises:
        InboxError: The inbox cannot be read.
    """
    if instance.get_runs(_not_over(), limit=1):
        reason = "a run on what came before is not over yet"
        return dg.SkipReason(reason), json.loads(cursor or "{}")
    entries = inbox.entries()
    with connect(role=Role.ORCHESTRATOR) as connection:
        taken = ledger.taken(connection)
    found = look(
        entries,
        {name: row.listing for name, row in taken.items()},
        {name: (seen[0], seen[1]) for name, seen in json.loads(cursor or "{}").items()},
        now=time.time() if now is None else now,
        settle_seconds=get_settings().inbox_settle_seconds,
    )
    fresh = _other_contents(inbox, entries, found, taken)
    last = next(iter(instance.get_run_records(dg.RunsFilter(job_name=MAIN.name), limit=1)), None)
    failed = _config_of(last) if last is not None and _has_failed(last) else SourceConfig()
    digests = {name: row.digest for name, row in taken.items()} | fresh
    names = sorted({name for name in failed.inbox if name in entries} | fresh.keys())
    gone = sorted({name for name in failed.gone if name not in entries} | {*found.gone})
    if names or gone:
        contents = {name: digests.get(name, "") for name in names}
        return _request(last, contents, gone, time.time()), found.sightings
    if found.waiting:
        waiting = ", ".join(found.waiting)
        return dg.SkipReason(f"waits until nobody writes to {waiting} any more"), found.sightings
    if taken and not entries:
        reason = "the inbox is empty; nothing is taken out for that (python -m loaders forget)"
        return dg.SkipReason(reason), found.sightings
    return dg.SkipReason("nothing new"), found.sightings


def _has_failed(last: RunRecord) -> bool:
    """Tell whether the last run was of the inbox and failed: what it left undone is due still."""
    run = last.dagster_run
    return run.tags.get(STARTED_BY) == INBOX and run.status is dg.DagsterRunStatus.FAILURE


def _config_of(last: RunRecord) -> SourceConfig:
    config: dict[str, Any] = dict(last.dagster_run.run_config)
    return SourceConfig(**config.get("ops", {}).get("source_data", {}).get("config", {}))


def _other_contents(
    inbox: Inbox,
    entries: Mapping[str, Entry],
    found: Look,
    taken: Mapping[str, ledger.Taken],
) -> dict[str, str]:
    """Return the digests of entries whose contents are new; note those that are not."""
    fresh = {}
    for name in found.steady:
        digest = inbox.digest(entries[name])
        if name in taken and taken[name].digest == digest:
            with connect(role=Role.ORCHESTRATOR) as connection:
                ledger.note_touched(connection, name, entries[name].listing)
        else:
            fresh[name] = digest
    return fresh


def _request(
    last: RunRecord | None, contents: Mapping[str, str], gone: Sequence[str], now: float
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run, unless one on the same has failed too often or just now.

    Args:
        last: The last run of the job, whoever started it.
        contents: Digest of each entry to load.
        gone: Entries to withdraw.
        now: Seconds since 1970.
    """
    news = hashlib.sha256(repr((sorted(contents.items()), gone)).encode()).hexdigest()[:16]
    attempt = 1
    if last is not None and last.dagster_run.tags.get(NEWS) == news:
        attempt = int(last.dagster_run.tags.get(ATTEMPT, "1")) + 1
        reason = _reason_to_wait(last, attempt, now)
        if reason is not None:
            return dg.SkipReason(reason)
    config = SourceConfig(inbox=sorted(contents), gone=list(gone))
    what = ", ".join([*sorted(contents), *(f"-{name}" for name in gone)])
    tags = {STARTED_BY: INBOX, NEWS: news, ATTEMPT: str(attempt), WHAT: what[:200]}
    return dg.RunRequest(run_config=dg.RunConfig(ops={"source_data": config}), tags=tags)


def _reason_to_wait(last: RunRecord, attempt: int, now: float) -> str | None:
    run = last.dagster_run
    if run.status is dg.DagsterRunStatus.CANCELED:
        return f"run {run.run_id[:8]} on this was canceled; it is for a person to start it again"
    if attempt > MOST_ATTEMPTS:
        return f"{MOST_ATTEMPTS} runs on this have failed; the last is {run.run_id[:8]}"
    wait = WAIT_SECONDS * (attempt - 1)
    if last.end_time is not None and now - last.end_time < wait:
        return f"run {run.run_id[:8]} failed; tries again {wait:.0f} s after its end"
    return None


def _not_over() -> dg.RunsFilter:
    waiting = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED]
    return dg.RunsFilter(tags={STARTED_BY: INBOX}, statuses=[*waiting, *IN_PROGRESS_RUN_STATUSES])
