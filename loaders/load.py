"""One load: a source into schema ``raw``, all of it or nothing."""

import gzip
import logging
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from loaders import ledger
from loaders.assembly import Assembly
from loaders.ledger import Outcome
from loaders.places import write_places
from loaders.rows import Batch, Rejection, read_lines
from loaders.sources import Kind, Source, find_source
from loaders.storing import Store
from loaders.streams import HashingFile, Readable, pieces, read_ahead, without_header
from warehouse.connection import connect
from warehouse.roles import Role

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did.

    Attributes:
        load_id: Its row in ``raw.load_run``.
        source: Identity of the source.
        state: ``loaded``, or ``unchanged`` where the source was loaded before as it is.
        rows_read: Rows of the source.
        rows_loaded: Rows of the source that the warehouse now has.
        rows_rejected: Rows in ``raw.rejected_row``.
        images_changed: Images whose rows are new or differ.
        images_unchanged: Images that were there already with the same rows.
        images_removed: Images that this source no longer has.
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
    seconds: float


def load(path: Path, *, source: str | None = None, progress: bool = False) -> LoadReport:
    """Load a source into schema ``raw``; loading it again changes nothing.

    Args:
        path: A CSV (plain or gzip), an archive of CSVs, or a folder of SpaceNet 7's tree.
        source: Identity of the source in the ledger; without it, its resolved path. A later load
            of the same identity replaces what the earlier one brought.
        progress: Show progress.

    Raises:
        LoaderError: Nothing was changed; the message says why.
    """
    started = time.monotonic()
    found = find_source(path, name=source)
    with connect(role=Role.LOADER, autocommit=True) as connection, ledger.exclusive(connection):
        ledger.ensure_tables(connection)
        load_id = ledger.start(connection, found)
        with connection.transaction():
            outcome = _load(connection, found, load_id)
            ledger.finish(connection, load_id, outcome)
    return LoadReport(
        load_id,
        found.name,
        outcome.state,
        outcome.rows_read,
        outcome.rows_loaded,
        outcome.rows_rejected,
        outcome.images_changed,
        outcome.images_unchanged,
        outcome.images_removed,
        time.monotonic() - started,
    )


def _load(connection: psycopg.Connection, source: Source, load_id: int) -> Outcome:
    store = Store(connection, load_id=load_id, source=source.name)
    assembly = Assembly(store.known_footprints)
    read = loaded = rejected = 0
    content = ""
    for path in source.csvs:
        with closing(HashingFile(path)) as file:
            for batch in _batches(file, path, source.kind):
                if isinstance(batch, Rejection):
                    store.reject([batch], path.name)
                    read += 1
                    rejected += 1
                    continue
                assembled = assembly.add(batch)
                store.add(assembled)
                store.reject(assembled.rejections, path.name)
                read += batch.frame.height
                rejected += len(assembled.rejections)
                loaded += len(assembled.observations.chip_keys)
            content = file.finish()
    changes = store.settle(assembly.images)
    write_places(connection)
    return Outcome(
        "loaded",
        content,
        read,
        loaded,
        rejected,
        changes.changed,
        changes.unchanged,
        changes.removed,
    )


def _batches(file: HashingFile, path: Path, kind: Kind) -> Iterator[Batch | Rejection]:
    stream: Readable = file
    if kind is Kind.CSV_GZIP or path.suffix == ".gz":
        stream = gzip.GzipFile(fileobj=file)
    with read_ahead(pieces(stream, name=str(path))) as ahead:
        for piece in without_header(ahead, name=str(path)):
            yield from read_lines(piece.lines, piece.first_line)
