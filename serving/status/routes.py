"""Route of the status page: every table is asked for by itself, and says so where it is missing."""

from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Response

from serving.edge.errors import DatabaseGoneError
from serving.lookup.pool import Pool
from serving.status.page import Rows, page_of
from serving.status.questions import QUESTIONS, Question


def status_routes(pool: Pool) -> APIRouter:
    """Return the route over a warehouse."""
    router = APIRouter(include_in_schema=False)

    @router.get("/status")
    async def status() -> Response:
        """Tables of what is loaded, how fresh, how good; 503 where none of them could be read."""
        tables = [await _answer(pool, question) for question in QUESTIONS]
        is_gone = all(failure is not None for _, _, failure in tables)
        return Response(
            page_of(tables, now=datetime.now(UTC)),
            status_code=HTTPStatus.SERVICE_UNAVAILABLE if is_gone else HTTPStatus.OK,
            media_type="text/html",
            headers={"Cache-Control": "no-store"},
        )

    return router


async def _answer(pool: Pool, question: Question) -> tuple[Question, Rows, str | None]:
    try:
        return question, await pool.fetch(question.query), None
    except DatabaseGoneError as error:
        return question, [], str(error)
