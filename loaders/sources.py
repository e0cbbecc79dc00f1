"""The sources of the warehouse: what it has of each, and how one is taken out of it."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from loaders.errors import UnknownSourceError
from loaders.raw import ledger
from loaders.raw.schema import ensure_tables
from loaders.raw.sources import KnownSource, list_sources
from loaders.raw.withdrawal import Withdrawn, take_out
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


def _find(connection: psycopg.Connection, name: str) -> KnownSource:
    known = {source.name: source for source in list_sources(connection)}
    found = known.get(name) or known.get(str(Path(name).expanduser().resolve()))
    if found is None:
        names = ", ".join(known) or "none"
        raise UnknownSourceError(f"there is no source {name!r}; the warehouse has: {names}")
    return found
