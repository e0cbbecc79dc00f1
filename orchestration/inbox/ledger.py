"""``monitoring.inbox``: what was taken from the inbox, so that nothing is taken twice or forgotten.

A row is written once the entry's load has ended, well or in a refusal; a load that was killed or
lost its database leaves none, so the next look finds the entry new again.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import psycopg
from psycopg.rows import class_row

TABLE: Final = """
    create table if not exists monitoring.inbox (
        entry text primary key,
        source text not null,
        listing text not null,
        digest text not null,
        state text not null check (state in ('taken', 'refused')),
        message text,
        run_id text not null,
        taken_at timestamptz not null default clock_timestamp()
    );
    comment on table monitoring.inbox is
    'One row per entry of the inbox that was taken or refused, as it was then.'
"""


class State(StrEnum):
    """What became of an entry."""

    TAKEN = "taken"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry of the inbox that a run dealt with.

    Attributes:
        entry: Its name.
        source: Its identity in the ledger of loads.
        listing: What the store said of its files.
        digest: Of its contents.
        state: Taken or refused.
        message: Why it was refused.
        run_id: The run of Dagster.
    """

    entry: str
    source: str
    listing: str
    digest: str
    state: str
    message: str | None
    run_id: str


def taken(connection: psycopg.Connection) -> dict[str, Taken]:
    """Return what was taken from the inbox and not been withdrawn since, by entry.

    Args:
        connection: As role orchestrator.
    """
    connection.execute(TABLE)
    with connection.cursor(row_factory=class_row(Taken)) as cursor:
        rows = cursor.execute(
            "select entry, source, listing, digest, state, message, run_id from monitoring.inbox"
        ).fetchall()
    return {row.entry: row for row in rows}


def note(connection: psycopg.Connection, row: Taken) -> None:
    """Write down what became of an entry, in place of what was written of it before."""
    connection.execute(TABLE)
    connection.execute(
        """
        insert into monitoring.inbox as held
            (entry, source, listing, digest, state, message, run_id)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (entry) do update set
            source = excluded.source,
            listing = excluded.listing,
            digest = excluded.digest,
            state = excluded.state,
            message = excluded.message,
            run_id = excluded.run_id,
            taken_at = clock_timestamp()
        """,
        (row.entry, row.source, row.listing, row.digest, row.state, row.message, row.run_id),
    )


def note_touched(connection: psycopg.Connection, entry: str, listing: str) -> None:
    """Write down that an entry was written anew with the same contents."""
    connection.execute(
        "update monitoring.inbox set listing = %s where entry = %s", (listing, entry)
    )


def strike_out(connection: psycopg.Connection, entry: str) -> None:
    """Forget an entry that was withdrawn."""
    connection.execute(TABLE)
    connection.execute("delete from monitoring.inbox where entry = %s", (entry,))
