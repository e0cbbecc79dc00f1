"""One load: a source into schema ``raw``, all of it or nothing."""

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from loaders.assembly.batches import Assembly, KnownFootprints
from loaders.background import Background
from loaders.errors import (
    NothingLoadedError,
    SourceRefusedError,
)
from loaders.forms.origin import is_generated
from loaders.forms.parts import Batch, KnownImage, Mask, Part, Rejection, Rejections
from loaders.forms.reading import Reader, content_sha256
from loaders.forms.sources import Source, find_source
from loaders.limits import REJECT_LIMIT, require_memory
from loaders.progress import Advance, Follow, tracking
from loaders.raw import ledger
from loaders.raw.ledger import FinishedLoad, Outcome
from loaders.raw.rejects import RejectedRows
from loaders.raw.sources import make_way, refuse_mixture
from loaders.raw.store import Changes, Store
from loaders.raw.towns import nearest_places, unnamed_chips, write_places
from loaders.remarks import refusal_of, warnings_of
from loaders.runs import opened_run
from loaders.terms.other_forms import OtherForm


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
        other_forms: How many loaded rows had another form with the same meaning, by kind.
        seconds: Duration.
        warnings: What could not be loaded and what stayed for it, in sentences.
        made_way: Generated sources that left, as the source is the user's own, each with the
            images that went with it.
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
    other_forms: tuple[tuple[str, int], ...]
    seconds: float
    warnings: tuple[str, ...] = ()
    made_way: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Loading:
    """A load at work.

    Attributes:
        connection: Within the load's transaction.
        load_id: Its row of the ledger.
        source: What is loaded.
        rejected: Its rejected rows.
    """

    connection: psycopg.Connection
    load_id: int
    source: Source
    rejected: RejectedRows


@dataclass(slots=True)
class Counts:
    """Rows so far."""

    read: int = 0
    loaded: int = 0
    other_forms: Counter[OtherForm] = field(default_factory=Counter)


def load(
    path: Path,
    *,
    source: str | None = None,
    progress: bool | Follow = False,
    reject_limit: int = REJECT_LIMIT,
) -> LoadReport:
    """Load a source into schema ``raw``; loading it again changes nothing.

    Own data make generated data leave, in the same transaction.

    Args:
        path: A CSV (plain, .gz, .bz2, .xz, .zst), a Parquet file, a tar archive of CSVs, or a
            folder of SpaceNet 7's tree.
        source: Identity of the source in the ledger; without it, its resolved path. A later load
            of the same identity replaces what the earlier one brought.
        progress: Show progress, or call back with it.
        reject_limit: Rejected rows that the source may have.

    Raises:
        LoaderError: Nothing was changed; the message says why.
    """
    require_memory()
    started = time.monotonic()
    found = find_source(path, name=source)
    with opened_run(found) as (connection, load_id):
        is_own = not is_generated(found.path)
        if not is_own:
            refuse_mixture(connection, found.name)
        rejected = RejectedRows(load_id=load_id, limit=reject_limit)
        size = found.size_bytes()
        with tracking(total_bytes=size, enabled=progress) as advance:
            outcome = _unchanged(connection, found, size)
            if outcome is None:
                outcome = _load(Loading(connection, load_id, found, rejected), advance)
        left = make_way(connection, load_id, found.name) if is_own else {}
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
        rejected_reasons=tuple(rejected.reasons.most_common()),
        other_forms=tuple(outcome.other_forms.items()),
        seconds=time.monotonic() - started,
        warnings=outcome.warnings,
        made_way=tuple((name, len(withdrawn.images)) for name, withdrawn in left.items()),
    )


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
        warnings=tuple(newest.warnings),
    )


def _load(loading: Loading, advance: Advance) -> Outcome:
    """Load all that can be; what was written is taken back where that is nothing."""
    counts = Counts()
    rejected = loading.rejected
    try:
        with loading.connection.transaction():
            reader = Reader(loading.source)
            assembly, changes = _read_and_write(loading, reader, counts, advance)
            if not counts.loaded and (rejected.count or changes.removed):
                raise NothingLoadedError(
                    refusal_of(loading.source.name, loading.load_id, rejected.reasons)
                )
    except SourceRefusedError:
        rejected.write(loading.connection, rejected.first())
        ledger.refuse(
            loading.connection, loading.load_id, rows_read=counts.read, rows_rejected=rejected.count
        )
        raise
    return Outcome(
        state="loaded",
        content_sha256=reader.content_sha256(),
        rows_read=counts.read,
        rows_loaded=counts.loaded,
        rows_rejected=rejected.count,
        images_changed=changes.changed,
        images_unchanged=changes.unchanged,
        images_removed=changes.removed,
        warnings=warnings_of(changes, unnamed_rows=assembly.unnamed_count),
        other_forms={str(form): count for form, count in counts.other_forms.most_common()},
    )


def _read_and_write(
    loading: Loading, reader: Reader, counts: Counts, advance: Advance
) -> tuple[Assembly, Changes]:
    connection = loading.connection
    store = Store(connection, load_id=loading.load_id, source=loading.source.name)
    with Background() as writer:
        assembly = Assembly(_known_footprints(store, writer))
        for part in reader.parts():
            rejections = _take_in(part, assembly, store, writer, counts)
            if rejections:
                _reject(rejections, loading, assembly, writer)
            advance(reader.position, counts.read)
        writer.put(loading.rejected.write, connection, loading.rejected.take())
        unnamed = writer.call(unnamed_chips, connection, assembly.chip_keys)
        settled = writer.start(store.settle, assembly.images, assembly.unnamed_count)
        places = nearest_places(unnamed)
        changes = settled.result()
        if unnamed:
            writer.call(write_places, connection, unnamed, places)
    return assembly, changes


def _known_footprints(store: Store, writer: Background) -> KnownFootprints:
    """Ask the database by the thread that holds it; nothing where it is known to be empty."""
    if store.is_fresh:
        return store.known_footprints
    return lambda chip_key: writer.call(store.known_footprints, chip_key)


def _take_in(
    part: Part, assembly: Assembly, store: Store, writer: Background, counts: Counts
) -> list[Rejection]:
    match part:
        case Batch():
            assembled = assembly.add(part)
            writer.put(store.add, assembled)
            if store.is_fresh and (left := assembly.take_left()):
                writer.put(store.add_images, left)
            counts.loaded += assembled.row_count
            counts.read += part.frame.height
            counts.other_forms.update(assembled.other_forms)
            return assembled.rejections
        case KnownImage():
            assembly.name(part.filename)
        case Mask():
            store.mask(part)
        case Rejections():
            counts.read += len(part.rows)
            return part.rows
    return []


def _reject(
    rejections: list[Rejection], loading: Loading, assembly: Assembly, writer: Background
) -> None:
    assembly.miss(rejections)
    loading.rejected.add(rejections)
    if loading.rejected.is_much:
        writer.put(loading.rejected.write, loading.connection, loading.rejected.take())
