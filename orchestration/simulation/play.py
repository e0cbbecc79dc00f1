"""Plays the year: delivers, waits until all has come through, disturbs, and tells what happened."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import psycopg

from orchestration.errors import SimulationError
from orchestration.simulation import watch
from orchestration.simulation.client import Client
from orchestration.simulation.ending import build_fresh, differences
from orchestration.simulation.processes import program
from serving.bento.errors import NoBentoError
from serving.bento.packaging import latest_tag
from synthetic import Size, synthesize
from synthetic.year.cutting import Months
from synthetic.year.plan import Disturbance, Event, Year
from warehouse.access import dsn
from warehouse.cli import require_free_port
from warehouse.connection.settings import get_settings
from warehouse.running.lock import holder
from warehouse.server import lifecycle

PATIENCE_SECONDS: Final = 1_200.0
GRACE_SECONDS: Final = 15.0
"""How long after a restart of the database the client may still be told that it is away."""

Found = TypeVar("Found")
Say = Callable[[str], None]


@dataclass
class Month:
    """What one event came to.

    Attributes:
        event: What happened to the inbox.
        seconds: Until all was through.
        runs: Runs on it.
        trainings: Trainings that it brought.
        alerts: Alerts that went out.
    """

    event: Event
    seconds: float
    runs: list[watch.RunSeen]
    trainings: list[dict[str, object]]
    alerts: list[dict[str, str]]

    def lines(self) -> Iterator[str]:
        """Tell it."""
        yield f"month {self.event.month}: {self.event.what} ({self.seconds:.0f} s)"
        if self.event.disturbance is not Disturbance.NONE:
            yield f"    {self.event.disturbance}"
        for run in self.runs:
            took = "" if run.seconds is None else f" in {run.seconds:.0f} s"
            yield f"    run {run.run_id[:8]} on {run.what}: {run.status}{took}"
        for one in self.trainings:
            became = "champion" if one["promoted"] else "kept out"
            yield f"    trained, as {one['because']}: version {one['version']} {became}"
        for alert in self.alerts:
            first = alert["text"].splitlines()[0] if alert["text"] else ""
            yield f"    {alert['urgency']}: {alert['subject']}: {first[:160]}"


@dataclass
class Played:
    """The whole year.

    Attributes:
        months: What happened, in order.
        client: Who asked the service.
        away: Spans in which the database was away.
        differing: Tables that differ from one build of everything.
        seconds: How long it took.
    """

    months: list[Month] = field(default_factory=list)
    client: Client | None = None
    away: list[tuple[float, float]] = field(default_factory=list)
    differing: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def verdict(self) -> Iterator[str]:
        """Tell how it ended."""
        if self.client is not None:
            unexcused = self.client.unexcused(self.away)
            versions = ", ".join(sorted(self.client.versions))
            yield (
                f"the client asked {self.client.asked:,} times, of model versions {versions}; "
                f"{len(self.client.failures) - len(unexcused)} failed while the database was away, "
                f"{len(unexcused)} at other times"
            )
            yield from (f"    {one.reason}" for one in unexcused[:5])
        if self.differing:
            yield "tables that differ from one build of everything:"
            yield from (f"    {table}: {what}" for table, what in self.differing.items())
        else:
            yield "all tables equal those of one build of everything"
        yield f"a year in {self.seconds / 60:.1f} minutes"

    @property
    def is_good(self) -> bool:
        """All tables are equal, and no request failed without an excuse."""
        failed = self.client is None or self.client.unexcused(self.away)
        return not self.differing and not failed


def play(*, factor: float, ui_port: int, service_port: int, say: Say) -> Played:
    """Play the year in the home that the settings name, which is new.

    Args:
        factor: Buildings, in relation to the sample.
        ui_port: Of Dagster's UI.
        service_port: Of the service.
        say: Takes the lines.

    Raises:
        SimulationError: Something did not come through in time.
    """
    started = time.monotonic()
    for port in (ui_port, service_port):
        require_free_port(port)
    made = synthesize(get_settings().data / "simulated", size=Size.SAMPLE, factor=factor)
    inbox = get_settings().data / "arrivals"
    inbox.mkdir()
    os.environ |= {"SN7_INBOX": str(inbox), "SN7_INBOX_SETTLE_SECONDS": "2"}
    dsn()
    played = Played()
    with ExitStack() as stack:
        stack.enter_context(program("dagster", "-m", "orchestration", "ui", "--port", str(ui_port)))
        for event in Year(Months.read(made.out)).events():
            month = _through(event, inbox, played)
            played.months.append(month)
            for line in month.lines():
                say(line)
            if played.client is None and _has_package():
                serve = ("-m", "serving", "serve", "--port", str(service_port))
                stack.enter_context(program("service", *serve))
                played.client = _client(service_port)
                played.client.start()
        if played.client is not None:
            played.client.stop()
    fresh = build_fresh([inbox / name for name in watch.sources_in_order()])
    played.differing = differences(dsn(), fresh)
    played.seconds = time.monotonic() - started
    return played


def _through(event: Event, inbox: Path, played: Played) -> Month:
    """Deliver, disturb, and wait until all that lies in the inbox has come through."""
    begin = time.monotonic()
    runs, trainings, alerts = watch.runs(), watch.trainings(), watch.alerts()
    event.deliver(inbox)
    if event.disturbance is Disturbance.RESTART:
        _until("a run builds", lambda: _is_building() or None)
        gone = time.time()
        lifecycle.stop(get_settings(), force=True)
        dsn()
        played.away.append((gone, time.time() + GRACE_SECONDS))
    elif event.disturbance is Disturbance.KILL:
        at_work = _until("a run builds", lambda: holder(dsn()) if _is_building() else None)
        os.kill(int(at_work.process), signal.SIGKILL)
    if event.is_news:
        _until(event.what, lambda: watch.is_all_taken() or None)
    return Month(
        event,
        time.monotonic() - begin,
        watch.runs()[len(runs) :],
        watch.trainings()[len(trainings) :],
        watch.alerts()[len(alerts) :],
    )


def _until(what: str, find: Callable[[], Found | None]) -> Found:
    """Wait until something is there; while the database is away, it is not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            found = find()
        except watch.AWAY:
            found = None
        if found is not None:
            return found
        time.sleep(1)
    raise SimulationError(
        f"waited {PATIENCE_SECONDS:.0f} s in vain until {what}; see {get_settings().logs}"
    )


def _is_building() -> bool:
    with psycopg.connect(dsn(), autocommit=True) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity "
            "where application_name like 'dbt%' and datname = current_database()"
        ).fetchone()
    return bool(row and row[0])


def _has_package() -> bool:
    try:
        return bool(latest_tag())
    except NoBentoError:
        return False


def _client(port: int) -> Client:
    with psycopg.connect(dsn()) as connection:
        chips = connection.execute("select chip_id from marts.dim_chip order by 1").fetchall()
    client = Client(f"http://127.0.0.1:{port}", [str(chip) for (chip,) in chips])
    _until("the service answers", lambda: client.is_answered() or None)
    return client


def new_home(home: Path) -> None:
    """Make a home of the year's own the one in use; an earlier year in it is deleted."""
    # Where a shell started this in the background it ignores interrupts, as its children would.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["SN7_HOME"] = str(home)
    for name in ("SN7_DSN", "SN7_PORT"):
        os.environ.pop(name, None)
    if home.exists():
        lifecycle.delete(get_settings(), force=True)
