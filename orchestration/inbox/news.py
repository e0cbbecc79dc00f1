"""What is new in an inbox: by comparing what lies there with what was taken, twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from orchestration.inbox.place import Entry

GONE: Final = "gone"
"""Stands for the listing of an entry that is not there."""

Sightings = Mapping[str, tuple[str, float]]
"""By entry: its listing when it was last looked at, and since when that has been so."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look into the inbox found.

    Attributes:
        steady: New or rewritten entries that nobody has written to for long enough.
        gone: Entries that were taken and have been missing for long enough.
        waiting: Entries that may still be written, or may come back.
        sightings: For the next look.
    """

    steady: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    sightings: dict[str, tuple[str, float]] = field(default_factory=dict)


def look(
    entries: Mapping[str, Entry],
    taken: Mapping[str, str],
    sightings: Sightings,
    *,
    now: float,
    settle_seconds: float,
) -> Look:
    """Compare what lies in the inbox with what was taken from it.

    An inbox in which nothing lies any more takes nothing away: it is rather not mounted.

    Args:
        entries: What lies there.
        taken: Listing of each entry as it was taken.
        sightings: Of the look before.
        now: Seconds of any clock.
        settle_seconds: How long an entry must have stayed as it is.
    """
    listings = {name: entry.listing for name, entry in entries.items()}
    if entries:
        listings |= dict.fromkeys(taken.keys() - entries.keys(), GONE)
    other = {name: listing for name, listing in listings.items() if taken.get(name) != listing}
    seen = {
        name: (listing, sightings[name][1] if _same(sightings, name, listing) else now)
        for name, listing in other.items()
    }
    settled = {
        name
        for name, (listing, since) in seen.items()
        if now - since >= settle_seconds and _same(sightings, name, listing)
        if listing == GONE or entries[name].size_bytes
    }
    return Look(
        steady=tuple(sorted(name for name in settled if other[name] != GONE)),
        gone=tuple(sorted(name for name in settled if other[name] == GONE)),
        waiting=tuple(sorted(other.keys() - settled)),
        sightings=seen,
    )


def _same(sightings: Sightings, name: str, listing: str) -> bool:
    return name in sightings and sightings[name][0] == listing
