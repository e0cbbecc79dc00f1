"""The page that documents the API, from Swagger UI as BentoML ships it; nothing from elsewhere."""

from pathlib import Path
from typing import Final

from bentoml._internal import server
from fastapi import APIRouter
from starlette.responses import FileResponse, Response

_ASSETS: Final = Path(server.__file__).parent / "static_content"
_FILES: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-light-32x32.png")

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Building growth: API</title>
<link rel="icon" href="docs/favicon-light-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<main id="api">The description of this API is <a href="openapi.json">openapi.json</a>.</main>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#api", deepLinking: true});\n'


def page_routes() -> APIRouter:
    """Return the routes of the documentation."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def documentation() -> Response:
        return Response(_PAGE, media_type="text/html")

    @router.get("/docs/start.js")
    async def start() -> Response:
        return Response(_START, media_type="text/javascript")

    for name in _FILES:
        _add_file(router, name)
    return router


def _add_file(router: APIRouter, name: str) -> None:
    @router.get(f"/docs/{name}")
    async def asset() -> Response:
        return FileResponse(_ASSETS / name, headers={"Cache-Control": "max-age=86400"})
