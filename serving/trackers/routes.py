"""Routes of trackers: a table of them, their scores by chip, their matches month by month."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from serving.edge.responses import cacheable
from serving.edge.strict import StrictRoute, whole
from serving.trackers.answers import Matches, Trackers, TrackerScores
from serving.trackers.store import TrackerStore

_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_CHIP: Final = r"^L15-[0-9]{4}E-[0-9]{4}N_[0-9]{1,4}_[0-9]{1,4}_13$"
_MONTHS: Final = 12
_FIRST_YEAR, _LAST_YEAR = 2000, 2039
"""As ``serving.api.fields`` has them, which may not be imported here; so is the months' format."""

TrackerInPath = Annotated[
    str, Path(min_length=1, max_length=63, pattern=_NAME, description="Name of a tracker.")
]
ChipInPath = Annotated[
    str,
    Path(min_length=1, max_length=40, pattern=_CHIP, description="Name of a chip.",
         examples=["L15-1615E-1205N_6460_3370_13"]),
]  # fmt: skip


def _month(value: int) -> int:
    year, month = divmod(value, 100)
    if not (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= _MONTHS):
        raise ValueError(f"{value} is no month; expected year * 100 + month, such as 201912")
    return value


MonthAsked = Annotated[
    Annotated[
        int,
        BeforeValidator(whole),
        AfterValidator(_month),
        WithJsonSchema({"type": "integer", "format": "time-key"}),
    ],
    Query(description="The month; one that was not scored has no matches."),
]


def tracker_routes(store: TrackerStore) -> APIRouter:
    """Return the routes over a warehouse."""
    router = APIRouter(route_class=StrictRoute, tags=["trackers"])

    @router.get("/trackers", responses={200: {"model": Trackers}})
    async def list_trackers(request: Request) -> Response:
        """List the trackers whose predictions were loaded, the best first."""
        return cacheable(request, {"trackers": await store.trackers()})

    @router.get("/trackers/{tracker}", responses={200: {"model": TrackerScores}})
    async def read_tracker(request: Request, tracker: TrackerInPath) -> Response:
        """Tell a tracker's scores, by chip and their mean."""
        found = await store.tracker(tracker)
        return cacheable(request, {**found, "chips": await store.chips(tracker)})

    @router.get("/trackers/{tracker}/chips/{chip_id}/matches", responses={200: {"model": Matches}})
    async def list_matches(
        request: Request, tracker: TrackerInPath, chip_id: ChipInPath, month: MonthAsked
    ) -> Response:
        """Tell what a tracker made of a chip in a month: matches, switches, misses and ghosts."""
        rows = await store.matches(tracker, chip_id, month)
        answer = {"tracker": tracker, "chip_id": chip_id, "month": month, "matches": rows}
        return cacheable(request, answer)

    return router
