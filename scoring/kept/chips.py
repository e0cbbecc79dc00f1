"""Which chips a tracker is scored on, in which version of truth and predictions."""

from dataclasses import dataclass
from typing import Final

import psycopg

from scoring.errors import TablesMissingError, TestNameError, UnknownTrackerError
from scoring.metric.whole import Scope

_CHIPS: Final = """
    with truth as (
        select
            chip_key,
            min(chip_id) as chip_id,
            md5(
                string_agg(time_key || encode(content_digest, 'hex'), ',' order by time_key)
            ) as digest
        from raw.image
        group by chip_key
    ),

    predicted as (
        select
            chip_key,
            min(chip_id) as chip_id,
            md5(
                string_agg(time_key || encode(content_digest, 'hex'), ',' order by time_key)
            ) as digest
        from raw.prediction_image
        where tracker = %(tracker)s
        group by chip_key
    )

    select
        chip_key,
        coalesce(truth.chip_id, predicted.chip_id) as chip_id,
        coalesce(truth.digest, '') as truth_digest,
        coalesce(predicted.digest, '') as prediction_digest
    from truth
    full outer join predicted using (chip_key)
    order by chip_id
"""
"""What the dbt model ``int_scored_chips`` compares with, too."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip of the truth or of a tracker.

    Attributes:
        key: Its key.
        name: Its name.
        truth_digest: Changes with its true rows; empty where it has none.
        prediction_digest: Changes with its predictions, likewise.
    """

    key: int
    name: str
    truth_digest: str
    prediction_digest: str

    @property
    def version(self) -> tuple[str, str]:
        """Both digests."""
        return self.truth_digest, self.prediction_digest


def chips_of(connection: psycopg.Connection, tracker: str, scope: Scope) -> list[Chip]:
    """Return the chips of the truth and of a tracker, within a scope, by name.

    Raises:
        TestNameError: The scope names a chip that is none of the truth.
    """
    chips = [Chip(*row) for row in connection.execute(_CHIPS.encode(), {"tracker": tracker})]
    names = {chip.name for chip in chips if chip.truth_digest}
    unknown = sorted((scope.chips or frozenset()) - names)
    if unknown:
        raise TestNameError(
            f"the truth has no chip {unknown[0]!r}; expected names such as {min(names, default='')}"
        )
    return [chip for chip in chips if scope.has_chip(chip.name)]


def scored_versions(connection: psycopg.Connection, tracker: str) -> dict[int, tuple[str, str]]:
    """Return of which digests the scores are that are kept of a tracker, by chip key."""
    rows = connection.execute(
        """
        select chip_key, truth_digest, prediction_digest
        from scores.chip_score
        where tracker = %s
        """,
        (tracker,),
    )
    return {chip_key: (truth, predicted) for chip_key, truth, predicted in rows}


def require(connection: psycopg.Connection, tracker: str) -> None:
    """Raise ``UnknownTrackerError`` where the warehouse has no predictions of a tracker."""
    known = names_of_trackers(connection)
    if tracker not in known:
        names = ", ".join(known) or "none"
        raise UnknownTrackerError(
            f"the warehouse has no predictions of {tracker!r}; it has those of: {names}; load some "
            "with: python -m loaders predictions PATH --tracker NAME"
        )


def names_of_trackers(connection: psycopg.Connection) -> list[str]:
    """Return the trackers of which the warehouse has predictions, by name.

    Raises:
        TablesMissingError: Nothing was loaded yet.
    """
    made = connection.execute("select to_regclass('raw.prediction_image') is not null").fetchone()
    if made != (True,):
        raise TablesMissingError(
            "nothing was loaded into this warehouse yet; load labels with: python -m loaders load "
            "PATH, and predictions with: python -m loaders predictions PATH --tracker NAME"
        )
    rows = connection.execute("select distinct tracker from raw.prediction_image order by tracker")
    return [tracker for (tracker,) in rows]
