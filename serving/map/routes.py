"""Routes of the map: the page at ``/``, its files below an address that changes with them."""

import gzip
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from serving.edge.responses import REVALIDATE, is_known
from serving.map.files import page

KEPT: Final = "public, max-age=31536000, immutable"


def map_routes() -> APIRouter:
    """Return the routes; files are read when first asked for."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def index(request: Request) -> Response:
        """The page itself is asked for each time; what it names is never asked for twice."""
        tag = f'W/"{page().version}"'
        headers = {"ETag": tag, "Cache-Control": REVALIDATE}
        if is_known(request, tag):
            return Response(status_code=304, headers=headers)
        return Response(page().html, media_type="text/html", headers=headers)

    @router.get("/map/{version}/{name:path}")
    async def file(request: Request, version: str, name: str) -> Response:
        found = page().files.get(name) if version == page().version else None
        if found is None:
            raise HTTPException(404)
        headers = {"Cache-Control": KEPT, "Vary": "Accept-Encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            body = gzip.decompress(found.zipped)
            return Response(body, media_type=found.media_type, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(found.zipped, media_type=found.media_type, headers=headers)

    return router
