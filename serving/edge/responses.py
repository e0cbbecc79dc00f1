"""Answers as bytes: JSON, and for what is read again and again with a tag, so that 304 will do."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import Request, Response

REVALIDATE: Final = "private, no-cache"
"""Kept by clients, and asked for again each time: a build changes what is true."""


def as_json(content: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return plain dictionaries and lists, or JSON that is bytes already, as an answer."""
    return Response(_bytes(content), media_type="application/json", headers=headers)


def cacheable(request: Request, content: Any) -> Response:
    """Return a JSON answer with an ETag, or 304 where the client has it already."""
    body = _bytes(content)
    tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": REVALIDATE}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _bytes(content: Any) -> bytes:
    return content if isinstance(content, bytes) else orjson.dumps(content)


def is_known(request: Request, tag: str) -> bool:
    """Tell whether ``If-None-Match`` holds a tag, compared weakly (RFC 9110, 13.1.2)."""
    given = request.headers.get("if-none-match", "")
    strong = tag.removeprefix("W/")
    return any(
        part.strip().removeprefix("W/") == strong or part.strip() == "*"
        for part in given.split(",")
    )
