"""Taking from the inbox into ``raw``: entry by entry, so that a bad one holds up no other."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from loaders.errors import (
    DatabaseFullError,
    DatabaseLostError,
    LoaderError,
    MemoryLimitError,
    UnknownSourceError,
)
from loaders.load import LoadReport, load
from loaders.progress import Follow
from loaders.raw.withdrawal import Withdrawn
from loaders.sources import forget
from orchestration.errors import InboxError
from orchestration.inbox import ledger
from orchestration.inbox.ledger import State, Taken
from orchestration.inbox.place import Entry, Inbox, open_inbox
from warehouse.access import connect
from warehouse.connection.roles import Role

logger = logging.getLogger(__name__)

_NOT_ITS_FAULT = (DatabaseLostError, DatabaseFullError, MemoryLimitError)

NO_INBOX = "the run was asked to take from the inbox, but SN7_INBOX is not set; set it, or run main"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What taking from the inbox came to.

    Attributes:
        reports: Of the loads that ended well.
        refused: Entries that could not be loaded, each with the reason.
        withdrawn: Sources that are gone from the inbox, each with the images that left with it.
    """

    reports: tuple[LoadReport, ...]
    refused: dict[str, str]
    withdrawn: dict[str, int]


def take(entries: Iterable[str], gone: Iterable[str], *, run_id: str, follow: Follow) -> Delivery:
    """Load entries of the inbox and withdraw those that are gone from it.

    Args:
        entries: Names of entries to load; one that has gone meanwhile is left to the next look.
        gone: Names of entries whose sources are to leave; one that has come back stays.
        run_id: Of Dagster, for the ledger.
        follow: Is told how far a load is.

    Raises:
        InboxError: There is no inbox, or it cannot be read.
        LoaderError: The database is lost or full, or memory is short.
    """
    inbox = open_inbox()
    if inbox is None:
        raise InboxError(NO_INBOX)
    lying = inbox.entries()
    reports: list[LoadReport] = []
    refused: dict[str, str] = {}
    withdrawn: dict[str, int] = {}
    others: set[str] = set()
    for name in gone:
        if name not in lying:
            left = _withdrawn(inbox, name)
            withdrawn[inbox.source_of(name)] = len(left.images)
            others |= left.other_versions.keys()
    # What the source that left had hidden comes back.
    again = [name for name in lying if inbox.source_of(name) in others]
    for name in dict.fromkeys([*again, *entries]):
        if name not in lying:
            continue
        outcome = _taken(inbox, lying[name], run_id, follow)
        if isinstance(outcome, LoadReport):
            reports.append(outcome)
        else:
            refused[name] = outcome
    return Delivery(tuple(reports), refused, withdrawn)


def _taken(inbox: Inbox, entry: Entry, run_id: str, follow: Follow) -> LoadReport | str:
    """Load one entry and note it; return the reason where it is refused."""
    outcome: LoadReport | str
    with inbox.at_hand(entry) as path:
        digest = inbox.digest(entry)
        try:
            source = inbox.source_of(entry.name) if inbox.folder is None else None
            outcome = load(path, source=source, progress=follow)
        except _NOT_ITS_FAULT:
            raise
        except LoaderError as error:
            logger.warning("%s was refused: %s", entry.name, error)
            outcome = str(error)
    if inbox.entries().get(entry.name) == entry:  # else the next look finds it new again
        is_refused = isinstance(outcome, str)
        row = Taken(
            entry.name,
            inbox.source_of(entry.name),
            entry.listing,
            digest,
            State.REFUSED if is_refused else State.TAKEN,
            str(outcome) if is_refused else None,
            run_id,
        )
        with connect(role=Role.ORCHESTRATOR) as connection:
            ledger.note(connection, row)
    return outcome


def _withdrawn(inbox: Inbox, name: str) -> Withdrawn:
    try:
        left = forget(inbox.source_of(name)).withdrawn
    except UnknownSourceError:
        left = Withdrawn()  # it was refused when it came, or a person has forgotten it already
    with connect(role=Role.ORCHESTRATOR) as connection:
        ledger.strike_out(connection, name)
    return left


def withdraw(sources: Iterable[str]) -> dict[str, int]:
    """Take sources out of the warehouse; return the images that left with each.

    Raises:
        UnknownSourceError: There is no such source.
    """
    return {name: len(forget(name).withdrawn.images) for name in sources}
