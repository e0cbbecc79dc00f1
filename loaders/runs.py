"""One load's lock, row of the ledger and transaction, however it ends."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg

from loaders.errors import DatabaseFullError, DatabaseLostError, SourceRefusedError
from loaders.forms.sources import Source
from loaders.limits import out_of_memory
from loaders.raw import ledger
from loaders.raw.schema import ensure_tables
from warehouse.access import connect
from warehouse.connection.errors import UserError
from warehouse.connection.roles import Role

logger = logging.getLogger(__name__)


@contextmanager
def opened_run(source: Source) -> Iterator[tuple[psycopg.Connection, int]]:
    """Hold lock, ledger row and transaction of one load; commit it, or leave nothing of it.

    Yields:
        The connection, within the load's transaction, and the ``load_id``.

    A ``SourceRefusedError`` raised within it ends it as well, with the ledger's row and
    rejected rows kept, so whoever raises it takes back what was loaded by a savepoint.

    Raises:
        SourceRefusedError: Raised within.
        DatabaseFullError: The server ran out of room.
        DatabaseLostError: The connection broke.
    """
    load_id: int | None = None
    try:
        with closing(connect(role=Role.LOADER, autocommit=True)) as connection:
            ledger.take_lock(connection)
            ensure_tables(connection)
            load_id = ledger.start(connection, source)
            refusal = None
            with connection.transaction():
                try:
                    yield connection, load_id
                except SourceRefusedError as error:
                    # What the load wrote is taken back already; what is said of it stays.
                    refusal = error
                    ledger.fail(connection, load_id, state="failed", message=str(error))
            if refusal is not None:
                raise refusal
    except BaseException as error:
        failure = _named(error)
        if load_id is not None:
            _note_failure(load_id, failure)
        if failure is error:
            raise
        raise failure from error


@contextmanager
def naming_failures() -> Iterator[None]:
    """Say of a driver's error what a user can do.

    Raises:
        DatabaseFullError: The server ran out of room.
        DatabaseLostError: The connection broke.
    """
    try:
        yield
    except psycopg.Error as error:
        failure = _named(error)
        if failure is error:
            raise
        raise failure from error


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
    return out_of_memory(error) or error


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
