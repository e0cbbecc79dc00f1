"""The one form of errors: problem details of RFC 9457, whatever the status and whoever refuses."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"


class InvalidPart(BaseModel):
    """One part of a request that was refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: str = Field(
        description="Where it stands: body, query or path, and the names below it.",
        examples=["body.as_of"],
    )
    reason: str = Field(description="What is wrong with it.", examples=["Input should be a month"])


class Problem(BaseModel):
    """Why a request was not answered (RFC 9457)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description="Always about:blank: the status says what it is.")
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="What was found, what was expected, what to do.")
    request_id: str = Field(description="As in the header X-Request-ID and in the logs.")
    errors: list[InvalidPart] = Field(
        default=[], description="The parts that were refused, with status 422; at most 20."
    )


def problem(
    status: int,
    detail: str,
    *,
    request_id: str,
    errors: Sequence[InvalidPart] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error as the service answers it."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = [part.model_dump() for part in errors]
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
