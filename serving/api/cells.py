"""Routes of cells: where within a chip, or within a box, building goes on."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator, Field

from serving.api.answers import CellPage
from serving.api.fields import CHIP_PATTERN, LONGEST_CHIP, end_month
from serving.edge.responses import cacheable
from serving.edge.strict import StrictRoute, whole
from serving.lookup.cells import Box, Cells
from serving.lookup.places import Places

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
CellKey = Annotated[int, Field(ge=0, lt=2**37), BeforeValidator(whole)]
ChipName = Annotated[str, Field(min_length=1, max_length=LONGEST_CHIP, pattern=CHIP_PATTERN)]
Limit = Annotated[int, Field(ge=1, le=5000), BeforeValidator(whole)]


def cell_routes(cells: Cells, places: Places) -> APIRouter:
    """Return the routes over a warehouse."""
    router = APIRouter(route_class=StrictRoute, tags=["cells"])

    @router.get("/cells", responses={200: {"model": CellPage}})
    async def list_cells(
        request: Request,
        chip_id: Annotated[ChipName | None, Query(description="Only cells of this chip.")] = None,
        west: Annotated[
            Longitude, Query(description="Degrees; greater than `east` across 180.")
        ] = -180.0,
        south: Annotated[Latitude, Query(description="Degrees.")] = -90.0,
        east: Annotated[Longitude, Query(description="Degrees.")] = 180.0,
        north: Annotated[Latitude, Query(description="Degrees.")] = 90.0,
        after: Annotated[
            CellKey | None, Query(description="Only cells with a greater key.")
        ] = None,
        limit: Annotated[Limit, Query(description="Most of them in one answer.")] = 1024,
    ) -> Response:
        """Tell how likely a building appears in each cell, of a chip or within a box."""
        if chip_id is not None:
            await places.chip(chip_id)  # 404 where there is none
        box = Box(west, south, east, north)
        rows = await cells.within(box, chip_id=chip_id, after=after, limit=limit + 1)
        for row in rows:
            row["horizons"] = [
                {
                    "horizon": horizon,
                    "month": end_month(row["as_of"], horizon),
                    "probability": probability,
                }
                for horizon, probability in row["horizons"]
            ]
        shown = rows[:limit]
        next_after = shown[-1]["cell_key"] if len(rows) > limit else None
        return cacheable(request, {"cells": shown, "next_after": next_after})

    return router
