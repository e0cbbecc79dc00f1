"""Routes that read a request to the letter: no unread key, no other type, no duplicate, in time."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from serving.edge.errors import SlowBodyError, WrongTypeError

SMALL_BODY: Final = 256 * 1024
"""Bytes; of larger bodies one is read and answered at a time, so that memory stays bounded."""

BODY_SECONDS: Final = 20.0
MOST_PARTS: Final = 65_536
MOST_VALUES: Final = 500_000
MOST_QUOTES: Final = 1_000_000
"""Lists and objects, commas, quotation marks of one body: more than the largest batch needs, and
few enough that they fit into memory as objects."""

MOST_KEYS: Final = 1000
"""Of one object."""

_WHOLE: Final = re.compile(r"-?[0-9]{1,10}")

_large_bodies = asyncio.Semaphore(1)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _ParsedRequest(Request):
    """A request of which the body has been read by our own rules."""

    parsed: Any

    async def json(self) -> Any:
        return self.parsed


class StrictRoute(APIRoute):
    """A route that refuses what it would otherwise have to ignore or guess."""

    def get_route_handler(self) -> Handler:
        """Return the handler of FastAPI with the checks before it."""
        answer = super().get_route_handler()
        known = frozenset(field.alias for field in self.dependant.query_params)
        has_body = self.body_field is not None

        async def handle(request: Request) -> Response:
            _check_query(request, known)
            if not has_body:
                return await answer(request)
            _check_type(request)
            length = request.headers.get("content-length")
            if length is not None and int(length) <= SMALL_BODY:
                return await answer(await _read(request))
            async with _large_bodies:
                return await answer(await _read(request))

        return handle


def whole(value: object) -> object:
    """Refuse text of a path or a query that is no whole number, such as ``1e2`` or `` 1``."""
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError("expected a whole number")
    return value


def parse(body: bytes) -> Any:
    """Return the JSON of a body.

    Raises:
        RequestValidationError: It is none, has a key twice, or more parts than a batch can have.
    """
    parts, quotes = body.count(b"[") + body.count(b"{"), body.count(b'"')
    if parts > MOST_PARTS or quotes > MOST_QUOTES or body.count(b",") > MOST_VALUES:
        raise _invalid(f"more than {MOST_PARTS} lists and objects, or {MOST_VALUES} values")
    try:
        return json.loads(body, object_pairs_hook=_without_duplicates)
    except RecursionError as error:
        raise _invalid("lists and objects lie too deep within each other") from error
    except UnicodeDecodeError as error:
        raise _invalid(f"expected UTF-8 ({error.reason} at byte {error.start})") from error
    except ValueError as error:
        raise _invalid(f"expected JSON: {error}") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_KEYS:
        raise ValueError(f"an object has {len(pairs)} keys; expected at most {MOST_KEYS}")
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice[:40]!r} stands there twice")
    return found


async def _read(request: Request) -> Request:
    found = _ParsedRequest(request.scope, request.receive)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await found.body()
    except TimeoutError as error:
        raise SlowBodyError(f"the body did not arrive within {BODY_SECONDS:g} s") from error
    found.parsed = parse(body)
    return found


def _check_query(request: Request, known: frozenset[str]) -> None:
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if name not in known:
            expected = ", ".join(sorted(known)) or "none"
            raise _invalid(f"unknown parameter; expected {expected}", place=("query", name))
        if given.count(name) > 1:
            raise _invalid("the parameter stands there twice", place=("query", name))


def _check_type(request: Request) -> None:
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind != "application/json":
        said = f"is {given[:80]!r}" if given else "is not set"
        raise WrongTypeError(f"the header Content-Type {said}; expected application/json")


def _invalid(reason: str, *, place: tuple[str, ...] = ("body",)) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": place, "msg": reason}])
