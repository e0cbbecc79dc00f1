"""Routes of tiles, in the addresses that maps ask for: zoom, column, row."""

import gzip
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from pydantic import BeforeValidator, Field

from serving.edge.responses import REVALIDATE, is_known
from serving.edge.strict import StrictRoute, whole
from serving.tiles.store import TileStore

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
ZOOM: Final = 13
TILES: Final = 2**ZOOM

Place = Annotated[int, Field(ge=0, lt=TILES), BeforeValidator(whole)]

_TILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A Mapbox vector tile with the layers `buildings` and `chip`.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
    204: {"description": "There is no chip."},
}


def tile_routes(store: TileStore) -> APIRouter:
    """Return the routes over a store of tiles."""
    router = APIRouter(route_class=StrictRoute, tags=["tiles"])

    @router.get("/tiles/buildings/13/{x}/{y}", responses=_TILE, response_class=Response)
    async def read_tile(
        request: Request,
        x: Annotated[Place, Path(description="Column of the tile, `tile_x` of a chip.")],
        y: Annotated[Place, Path(description="Row of the tile, `tile_y` of a chip.")],
    ) -> Response:
        """Give all of a chip's buildings with the months they were seen in.

        A chip is one tile of zoom 13; a map draws it larger by itself.
        """
        chip_key = x * TILES + y
        known = await store.tag(chip_key)
        if known is None:
            return Response(status_code=204, headers={"Cache-Control": REVALIDATE})
        if is_known(request, f'W/"{known}"'):
            headers = {"ETag": f'W/"{known}"', "Cache-Control": REVALIDATE}
            return Response(status_code=304, headers=headers)
        tile = await store.tile(chip_key, known)
        if tile is None:
            return Response(status_code=204, headers={"Cache-Control": REVALIDATE})
        headers = {"ETag": f'W/"{tile.tag}"', "Cache-Control": REVALIDATE}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            body = gzip.decompress(tile.zipped)
            return Response(body, media_type=MEDIA_TYPE, headers=headers)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(tile.zipped, media_type=MEDIA_TYPE, headers=headers)

    return router
