"""From an exception to the one form of errors."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from serving.edge import logs
from serving.edge.errors import ServingError
from serving.edge.problems import InvalidPart, problem

MOST_ERRORS: Final = 20
"""Parts of one request that are named."""

_LONGEST_NAME: Final = 60
_WORDS: Final = {
    "extra_forbidden": "There is no such key here",
    "missing": "It is required and is not there",
}
"""By pydantic's type of error, where its own words would leave one guessing."""


def add_handlers(app: FastAPI) -> None:
    """Let an application answer every exception as problem details."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(ServingError, _failed)
    app.add_exception_handler(Exception, _broken)


def _invalid(_: Request, error: Exception) -> Response:
    found: Sequence[Any] = getattr(error, "errors", list)()
    parts = [_part(one) for one in found[:MOST_ERRORS]]
    said = "; ".join(f"{part.place}: {part.reason}" for part in parts[:3])
    more = len(found) - 3
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        said + (f"; and {more} more" if more > 0 else ""),
        request_id=_current_id(),
        errors=parts,
    )


def _part(error: dict[str, Any]) -> InvalidPart:
    names = (_printable(name) for name in error["loc"])
    reason = _WORDS.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
    return InvalidPart(place=".".join(names), reason=reason)


def _printable(name: object) -> str:
    text = str(name)
    cut = text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…"
    return cut if cut.isprintable() else ascii(cut)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    status = HTTPStatus(error.status_code)
    details = {
        HTTPStatus.NOT_FOUND: f"there is nothing at {_printable(request.url.path)}; "
        "/openapi.json lists what there is",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{_printable(request.method)} is not for this address; the "
        "header Allow says what is",
    }
    detail = details.get(status, str(error.detail))
    return problem(status, detail, request_id=_current_id(), headers=error.headers)


def _failed(_: Request, error: Exception) -> Response:
    assert isinstance(error, ServingError)  # noqa: S101 - registered for it alone
    headers = {"Retry-After": "1"} if error.status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return problem(error.status, str(error), request_id=_current_id(), headers=headers)


def _broken(_: Request, __: Exception) -> Response:
    # The gate logs it: Starlette raises it once more after this answer.
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "the service failed; its log has the reason under this request id",
        request_id=_current_id(),
    )


def _current_id() -> str:
    return logs.request_id.get() or ""
