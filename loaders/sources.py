"""The sources of the warehouse: what it has of each, and how one is taken out of it.

Trackers, whose predictions stand beside the truth, are listed and taken out likewise.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from loaders.errors import UnknownSourceError, UnknownTrackerError
from loaders.raw import ledger
from loaders.raw.layout import layout_of
from loaders.raw.schema import ensure_tables
from loaders.raw.sources import KnownSource, KnownTracker, list_sources, list_trackers
from loaders.raw.withdrawal import Withdrawn, take_out, take_out_tracker
from loaders.runs import naming_failures
from warehouse.access import connect
from warehouse.connection.roles import Role


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A source that was taken out, and what left with it."""

    source: KnownSource
    withdrawn: Withdrawn


def known_sources() -> list[KnownSource]:
    """Return the sources that the warehouse has something of, or failed to load, by name."""
    with naming_failures(), closing(connect(role=Role.LOADER, autocommit=True)) as connection:
        ensure_tables(connection)
        return list_sources(connection)


def forget(name: str) -> Forgotten:
    """Take out a source with its images and masks, in one transaction.

    An image that another source has in the same version stays.

    Args:
        name: Its identity, or its path.

    Raises:
        UnknownSourceError: No such source is in the warehouse; nothing was changed.
    """
    with naming_failures(), closing(connect(role=Role.LOADER, autocommit=True)) as connection:
        ledger.take_lock(connection)
        ensure_tables(connection)
        source = _find(connection, name)
        with connection.transaction():
            withdrawn = take_out(connection, source.name, message="forgotten by the user")
    return Forgotten(source, withdrawn)


def known_trackers() -> list[KnownTracker]:
    """Return the trackers of which the warehouse has predictions, by name."""
    with naming_failures(), closing(connect(role=Role.LOADER, autocommit=True)) as connection:
        ensure_tables(connection)
        return list_trackers(connection)


def forget_tracker(name: str) -> int:
    """Take out all predictions of a tracker, in one transaction; return how many images left.

    Args:
        name: The tracker's.

    Raises:
        UnknownTrackerError: No such tracker is in the warehouse; nothing was changed.
    """
    with naming_failures(), closing(connect(role=Role.LOADER, autocommit=True)) as connection:
        ledger.take_lock(connection)
        ensure_tables(connection)
        known = [tracker.name for tracker in list_trackers(connection)]
        if name not in known:
            names = ", ".join(known) or "none"
            raise UnknownTrackerError(f"there is no tracker {name!r}; the warehouse has: {names}")
        with connection.transaction():
            withdrawn = take_out_tracker(
                connection, layout_of(name), message="forgotten by the user"
            )
    return len(withdrawn.images)


def _find(connection: psycopg.Connection, name: str) -> KnownSource:
    known = {source.name: source for source in list_sources(connection)}
    found = known.get(name) or known.get(str(Path(name).expanduser().resolve()))
    if found is None:
        names = ", ".join(known) or "none"
        raise UnknownSourceError(f"there is no source {name!r}; the warehouse has: {names}")
    return found
