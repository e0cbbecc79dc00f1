"""Trackers out of the marts, as rows for answers."""

from typing import Any, Final

from psycopg import sql

from serving.edge.errors import NotFoundError
from serving.lookup.pool import Pool

Row = dict[str, Any]

_FIELDS: Final = (
    "tracker", "scot", "chips_scored", "chip_count", "prediction_count", "scored_at", "threshold",
    "beta", "least_area", "test_chips", "test_months",
)  # fmt: skip
_SELECT: Final = sql.SQL("select {columns} from marts.dim_tracker ").format(
    columns=sql.SQL(", ").join(map(sql.Identifier, _FIELDS))
)
_TRACKERS: Final = _SELECT + sql.SQL("order by scot desc nulls last, tracker")
_TRACKER: Final = _SELECT + sql.SQL("where tracker = %(tracker)s")

_CHIP_FIELDS: Final = (
    "chip_id", "mismatches", "track_tp", "track_fp", "track_fn", "track_score", "change_tp",
    "change_fp", "change_fn", "change_score", "scot",
)  # fmt: skip
_CHIPS: Final = sql.SQL("""
    select {columns}
    from marts.tracker_score
    inner join marts.dim_chip using (chip_key)
    where tracker = %(tracker)s
    order by chip_id
""").format(columns=sql.SQL(", ").join(map(sql.Identifier, _CHIP_FIELDS)))

_MATCH_FIELDS: Final = ("kind", "building_id", "predicted_id", "iou", "months_late")
_MATCHES: Final = sql.SQL("""
    select
        case
            when fact_match.building_id is null then 'ghost'
            when fact_match.predicted_id is null then 'miss'
            when fact_match.mismatch then 'switch'
            else 'match'
        end,
        fact_match.building_id,
        fact_match.predicted_id,
        fact_match.iou,
        fact_change.months_late
    from marts.fact_match
    left join marts.fact_change
        on
            fact_match.tracker = fact_change.tracker
            and fact_match.chip_key = fact_change.chip_key
            and fact_match.building_id = fact_change.building_id
            and fact_match.time_key = fact_change.time_key
    where
        fact_match.tracker = %(tracker)s
        and fact_match.chip_key = %(chip_key)s
        and fact_match.time_key = %(month)s
    order by fact_match.match_no
""")
_CHIP: Final = sql.SQL("""
    select tracker_score.chip_key
    from marts.tracker_score
    inner join marts.dim_chip using (chip_key)
    where tracker_score.tracker = %(tracker)s and dim_chip.chip_id = %(chip_id)s
""")


class TrackerStore:
    """Reads trackers.

    Every method raises ``DatabaseGoneError`` where the warehouse does not answer.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def trackers(self) -> list[Row]:
        """Return all trackers, the best first."""
        rows = await self._pool.fetch(_TRACKERS)
        return [dict(zip(_FIELDS, row, strict=True)) for row in rows]

    async def tracker(self, tracker: str) -> Row:
        """Return one tracker.

        Raises:
            NotFoundError: There is none of that name.
        """
        rows = await self._pool.fetch(_TRACKER, {"tracker": tracker})
        if not rows:
            raise NotFoundError(f"the warehouse has no tracker {tracker}; /trackers lists them")
        return dict(zip(_FIELDS, rows[0], strict=True))

    async def chips(self, tracker: str) -> list[Row]:
        """Return a tracker's counts and scores by chip, by name."""
        rows = await self._pool.fetch(_CHIPS, {"tracker": tracker})
        return [dict(zip(_CHIP_FIELDS, row, strict=True)) for row in rows]

    async def matches(self, tracker: str, chip_id: str, month: int) -> list[Row]:
        """Return matches, misses and ghosts of a chip in a month.

        Raises:
            NotFoundError: There is no such tracker, or it is not scored on such a chip.
        """
        await self.tracker(tracker)
        chips = await self._pool.fetch(_CHIP, {"tracker": tracker, "chip_id": chip_id})
        if not chips:
            raise NotFoundError(
                f"tracker {tracker} is not scored on a chip {chip_id}; /trackers/{tracker} lists "
                "those it is scored on"
            )
        asked = {"tracker": tracker, "chip_key": chips[0][0], "month": month}
        rows = await self._pool.fetch(_MATCHES, asked)
        return [dict(zip(_MATCH_FIELDS, row, strict=True)) for row in rows]
