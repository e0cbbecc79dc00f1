"""Routes of what is known: chips, AOIs, months, histories. All may be kept and asked again."""

from typing import Any

from fastapi import APIRouter, Request, Response

from serving.api.answers import Aoi, AoiPage, Chip, ChipPage, History, Months
from serving.api.fields import (
    AfterAoi,
    AfterChip,
    AoiKeyAsked,
    AoiKeyInPath,
    ChipIdInPath,
    PageLimit,
)
from serving.edge.responses import cacheable
from serving.edge.strict import StrictRoute
from serving.lookup.places import Places


def place_routes(places: Places) -> APIRouter:
    """Return the routes over a warehouse."""
    router = APIRouter(route_class=StrictRoute)

    @router.get("/chips", responses={200: {"model": ChipPage}}, tags=["chips"])
    async def list_chips(
        request: Request,
        aoi_key: AoiKeyAsked = None,
        after: AfterChip = None,
        limit: PageLimit = 100,
    ) -> Response:
        """List chips by name."""
        rows = await places.chips(aoi_key=aoi_key, after=after, limit=limit + 1)
        return cacheable(request, _page(rows, "chips", "chip_id", limit))

    @router.get("/chips/{chip_id}", responses={200: {"model": Chip}}, tags=["chips"])
    async def read_chip(request: Request, chip_id: ChipIdInPath) -> Response:
        """Tell where a chip lies and which months there are of it."""
        return cacheable(request, await places.chip(chip_id))

    @router.get("/chips/{chip_id}/history", responses={200: {"model": History}}, tags=["chips"])
    async def read_history(request: Request, chip_id: ChipIdInPath) -> Response:
        """Tell what was seen of a chip month by month, counts as seen and corrected."""
        rows = await places.history(chip_id)
        return cacheable(request, {"chip_id": chip_id, "months": rows})

    @router.get("/aois", responses={200: {"model": AoiPage}}, tags=["places"])
    async def list_aois(
        request: Request, after: AfterAoi = None, limit: PageLimit = 100
    ) -> Response:
        """List AOIs by key."""
        rows = await places.aois(after=after, limit=limit + 1)
        return cacheable(request, _page(rows, "aois", "aoi_key", limit))

    @router.get("/aois/{aoi_key}", responses={200: {"model": Aoi}}, tags=["places"])
    async def read_aoi(request: Request, aoi_key: AoiKeyInPath) -> Response:
        """Tell where an AOI lies; `/chips?aoi_key=` lists its chips."""
        return cacheable(request, await places.aoi(aoi_key))

    @router.get("/months", responses={200: {"model": Months}}, tags=["places"])
    async def list_months(request: Request) -> Response:
        """List the months of the warehouse, those without an image included."""
        return cacheable(request, {"months": await places.months()})

    return router


def _page(rows: list[dict[str, Any]], name: str, key: str, limit: int) -> dict[str, Any]:
    """Return a page of rows of which one more than ``limit`` was asked for."""
    shown = rows[:limit]
    return {name: shown, "next_after": shown[-1][key] if len(rows) > limit else None}
