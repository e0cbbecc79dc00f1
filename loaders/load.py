"""One load: a source into schema ``raw``, all of it or nothing."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from loaders.assembly.batches import Assembly, KnownFootprints
from loaders.background import Background
from loaders.errors import DatabaseFullError, DatabaseLostError
from loaders.forms.parts import Batch, KnownImage, Mask, Part, Rejection
from loaders.forms.reading import Reader, content_sha256
from loaders.forms.sources import Source, find_source
from loaders.progress import Advance, Follow, tracking
from loaders.raw import ledger
from loaders.raw.ledger import FinishedLoad, Outcome
from loaders.raw.store import Store
from loaders.raw.towns import nearest_places, unnamed_chips, write_places
from warehouse.access import connect
from warehouse.connection.errors import UserError
from warehouse.connection.roles import Role

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did.

    Attributes:
        load_id: Its row in ``raw.load_run``.
        source: Identity of the source.
        state: ``loaded``, or ``unchanged`` where the source was loaded before as it is.
        rows_read: Rows of the source.
        rows_loaded: Rows of the source that the warehouse has.
        rows_rejected: Rows of the source in ``raw.rejected_row``.
        images_changed: Images whose rows are new or differ.
        images_unchanged: Images that were there already with the same rows.
        images_removed: Images that this source had and no longer has.
        rejected_reasons: How many rows were rejected for each reason, most frequent first.
        seconds: Duration.
    """

    load_id: int
    source: str
    state: str
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    images_changed: int
    images_unchanged: int
    images_removed: int
    rejected_reasons: tuple[tuple[str, int], ...]
    seconds: float


@dataclass(slots=True)
class Counts:
    """Rows so far."""

    read: int = 0
    loaded: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def reject(self, rejections: list[Rejection]) -> None:
        """Count rejected rows by the phrase that opens their reason."""
        self.reasons.update(rejection.reason.partition(":")[0] for rejection in rejections)

    @property
    def rejected(self) -> int:
        """Rows that cannot be loaded."""
        return self.reasons.total()


def load(path: Path, *, source: str | None = None, progress: bool | Follow = False) -> LoadReport:
    """Load a source into schema ``raw``; loading it again changes nothing.

    Args:
        path: A CSV (plain or gzip), a tar archive of CSVs, or a folder of SpaceNet 7's tree.
        source: Identity of the source in the ledger; without it, its resolved path. A later load
            of the same identity replaces what the earlier one brought.
        progress: Show progress, or call back with it.

    Raises:
        LoaderError: Nothing was changed; the message says why.
    """
    started = time.monotonic()
    found = find_source(path, name=source)
    reasons: Counter[str] = Counter()
    with opened_run(found) as (connection, load_id):
        size = found.size_bytes()
        with tracking(total_bytes=size, enabled=progress) as advance:
            outcome = _unchanged(connection, found, size)
            if outcome is None:
                outcome, reasons = _load(connection, found, load_id, advance)
        ledger.finish(connection, load_id, outcome)
    return LoadReport(
        load_id=load_id,
        source=found.name,
        state=outcome.state,
        rows_read=outcome.rows_read,
        rows_loaded=outcome.rows_loaded,
        rows_rejected=outcome.rows_rejected,
        images_changed=outcome.images_changed,
        images_unchanged=outcome.images_unchanged,
        images_removed=outcome.images_removed,
        rejected_reasons=tuple(reasons.most_common()),
        seconds=time.monotonic() - started,
    )


@contextmanager
def opened_run(source: Source) -> Iterator[tuple[psycopg.Connection, int]]:
    """Hold lock, ledger row and transaction of one load; commit it, or leave nothing of it.

    Yields:
        The connection, within the load's transaction, and the ``load_id``.

    Raises:
        DatabaseFullError: The server ran out of room.
        DatabaseLostError: The connection broke.
    """
    load_id: int | None = None
    try:
        with closing(connect(role=Role.LOADER, autocommit=True)) as connection:
            ledger.take_lock(connection)
            ledger.ensure_tables(connection)
            load_id = ledger.start(connection, source)
            with connection.transaction():
                yield connection, load_id
    except BaseException as error:
        failure = _named(error)
        if load_id is not None:
            _note_failure(load_id, failure)
        if failure is error:
            raise
        raise failure from error


def _unchanged(connection: psycopg.Connection, source: Source, size: int) -> Outcome | None:
    """Return the outcome of a source that was loaded before as it is, or None."""
    newest = ledger.newest_finished(connection, source)
    if newest is None or newest.size_bytes != size:
        return None
    content = content_sha256(source)
    if newest.content_sha256 != content:
        return None
    return _same_again(newest, content)


def _same_again(newest: FinishedLoad, content: str) -> Outcome:
    return Outcome(
        state="unchanged",
        content_sha256=content,
        rows_read=newest.rows_read,
        rows_loaded=newest.rows_loaded,
        rows_rejected=newest.rows_rejected,
        images_changed=0,
        images_unchanged=newest.images,
        images_removed=0,
        message=f"loaded before, by load {newest.load_id}",
    )


def _load(
    connection: psycopg.Connection, source: Source, load_id: int, advance: Advance
) -> tuple[Outcome, Counter[str]]:
    reader = Reader(source)
    counts = Counts()
    store = Store(connection, load_id=load_id, source=source.name)
    with Background() as writer:
        assembly = Assembly(_known_footprints(store, writer))
        for part in reader.parts():
            _take_in(part, assembly, store, writer, counts)
            advance(reader.position, counts.read)
        unnamed = writer.call(unnamed_chips, connection, assembly.chip_keys)
        settled = writer.start(store.settle, assembly.images)
        places = nearest_places(unnamed)
        changes = settled.result()
        if unnamed:
            writer.call(write_places, connection, unnamed, places)
    outcome = Outcome(
        state="loaded",
        content_sha256=reader.content_sha256(),
        rows_read=counts.read,
        rows_loaded=counts.loaded,
        rows_rejected=counts.rejected,
        images_changed=changes.changed,
        images_unchanged=changes.unchanged,
        images_removed=changes.removed,
    )
    return outcome, counts.reasons


def _known_footprints(store: Store, writer: Background) -> KnownFootprints:
    """Ask the database by the thread that holds it; nothing where it is known to be empty."""
    if store.is_fresh:
        return store.known_footprints
    return lambda chip_key: writer.call(store.known_footprints, chip_key)


def _take_in(
    part: Part, assembly: Assembly, store: Store, writer: Background, counts: Counts
) -> None:
    rejections: list[Rejection] = []
    match part:
        case Batch():
            assembled = assembly.add(part)
            writer.put(store.add, assembled)
            if store.is_fresh:
                for observations in assembly.take_left():
                    writer.put(store.add_chip, observations)
            counts.loaded += assembled.row_count
            counts.read += part.frame.height
            rejections = assembled.rejections
        case KnownImage():
            assembly.name(part.filename)
        case Mask():
            store.mask(part)
        case Rejection():
            counts.read += 1
            rejections = [part]
    if rejections:
        counts.reject(rejections)
        writer.put(store.reject, rejections)


def _named(error: BaseException) -> BaseException:
    """Return a driver's error as one that says what a user can do."""
    if isinstance(error, psycopg.errors.DiskFull):
        return DatabaseFullError(
            f"the database server has no room left ({_first_line(error)}); nothing was changed; "
            "make room and run the same command again"
        )
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return DatabaseLostError(
            f"the connection to the database broke ({_first_line(error)}); nothing was changed; "
            "run the same command again"
        )
    return error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _note_failure(load_id: int, error: BaseException) -> None:
    """Tell the ledger; where that cannot be, the next load will find the row stale."""
    state = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
    try:
        with closing(connect(role=Role.LOADER, autocommit=True)) as connection:
            ledger.fail(connection, load_id, state=state, message=_first_line(error))
    except (UserError, psycopg.Error) as unreachable:
        logger.warning("the failure could not be noted in raw.load_run (%s)", unreachable)
