"""The gate: what stands around the whole application, whatever answers behind it.

Request ids, refusals that need no look at the body (size, key, rate), headers of safety, HEAD,
counts, and the last net: an exception that nobody caught is a 500 in the one form of errors.
"""

import hmac
import logging
import re
import secrets
import time
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.edge import logs
from serving.edge.draining import Drain
from serving.edge.errors import BodyTooLargeError
from serving.edge.metrics import NO_ROUTE, Metrics
from serving.edge.problems import problem
from serving.edge.rates import RateLimit
from serving.edge.settings import ServiceSettings

logger = logging.getLogger(__name__)

OPEN_PATHS: Final = frozenset({"/livez", "/readyz", "/healthz"})
"""Answered without a key and beyond the rate limit: those who ask are supervisors."""

PAGE_PATHS: Final = ("/map/",)
"""Answered without a key, and so is ``/``: the map's own files, which know nothing of the data. Its
page asks people for the key and sends it with every question."""

CONTENT_POLICY: Final = (
    "default-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""Nothing is loaded from another host, and no page of another host shows ours in a frame."""

_SAFETY: Final = [
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")


class Gate:
    """An ASGI application around another.

    Args:
        app: What answers.
        settings: Size, key and rate.
        metrics: Where requests are counted.
        drain: Whether the process is ending.
    """

    def __init__(
        self, app: ASGIApp, *, settings: ServiceSettings, metrics: Metrics, drain: Drain
    ) -> None:
        self.app = app
        self._max_body = settings.max_body
        self._key = settings.api_key.get_secret_value().encode() if settings.api_key else None
        self._rate = RateLimit(settings.rate_limit) if settings.rate_limit else None
        self._metrics = metrics
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what is no HTTP goes on untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = _request_id(headers)
        token = logs.request_id.set(request_id)
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        answer = _Answer(send, request_id, ending=self._drain.has_begun)
        try:
            refusal = self._refusal(scope, headers, request_id)
            if b"content-length" not in headers or b"transfer-encoding" in headers:
                receive = _limited(receive, self._max_body)
            await (refusal or self.app)(inner, receive, answer.send)
        except Exception:
            logger.exception("a request failed")
            await answer.give_up(inner, receive)
        finally:
            logs.request_id.reset(token)
            route = getattr(inner.get("route"), "path", NO_ROUTE)
            seconds = time.perf_counter() - began
            self._metrics.answered(route, scope["method"], answer.status, seconds)

    def _refusal(
        self, scope: Scope, headers: MutableMapping[bytes, bytes], request_id: str
    ) -> Response | None:
        if scope["path"] in OPEN_PATHS:
            return None
        if self._rate is not None:
            client = scope["client"][0] if scope.get("client") else ""
            if (wait := self._rate.seconds_to_wait(client)) > 0:
                return problem(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"too many requests from this address; try again in {wait} s",
                    request_id=request_id,
                    headers={"Retry-After": str(wait)},
                )
        is_page = scope["path"] == "/" or scope["path"].startswith(PAGE_PATHS)
        if self._key is not None and not (is_page or self._is_key(headers, scope["method"])):
            return problem(
                HTTPStatus.UNAUTHORIZED,
                "the header X-API-Key does not hold the key of this service",
                request_id=request_id,
                headers={"WWW-Authenticate": 'ApiKey realm="sn7"'},
            )
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > self._max_body:
            return problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the body has {length[:20].decode()} bytes; expected at most {self._max_body}",
                request_id=request_id,
                headers={"Connection": "close"},
            )
        return None

    def _is_key(self, headers: MutableMapping[bytes, bytes], method: str) -> bool:
        # Browsers ask for a page's rights (OPTIONS) without the page's own headers.
        if method == "OPTIONS":
            return True
        return hmac.compare_digest(headers.get(b"x-api-key", b""), self._key or b"")


class _Answer:
    """What is sent for one request, with the headers that every answer has."""

    def __init__(self, send: Send, request_id: str, *, ending: bool) -> None:
        self._send = send
        self._request_id = request_id
        self._headers = [*_SAFETY, (b"x-request-id", request_id.encode())]
        if ending:
            self._headers.append((b"connection", b"close"))
        self.status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        self._has_started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_started = True
            self.status = message["status"]
            given: list[Any] = list(message.get("headers", ()))
            message = {**message, "headers": [*given, *self._headers]}
        await self._send(message)

    async def give_up(self, scope: Scope, receive: Receive) -> None:
        if self._has_started:
            return
        response = problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "the service failed; its log has the reason under this request id",
            request_id=self._request_id,
        )
        await response(scope, receive, self.send)


def _limited(receive: Receive, limit: int) -> Receive:
    """Stop a body that does not say its length once it is longer than ``limit`` bytes."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise BodyTooLargeError(f"the body has more than {limit} bytes; send less at once")
        return message

    return counted


def _request_id(headers: MutableMapping[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
