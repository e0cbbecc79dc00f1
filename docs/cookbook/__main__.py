"""``python -m docs.cookbook``: ask the warehouse every question of ``docs/cookbook``.

Writes a page: each question with its SQL, the first rows of its answer, and its time beside one
parallel sequential scan of the observations. ``docs/cookbook.md`` is such a page, of generated
data. Here stands the asking and the page; the questions are SQL files.
"""

import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console

from warehouse.access import connect
from warehouse.cli import run_cli
from warehouse.connection.errors import UserError
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT, get_settings

QUESTIONS: Final = PROJECT_ROOT / "docs" / "cookbook"
ROWS_SHOWN: Final = 10
WIDEST_CELL: Final = 60
"""Characters of a cell on the page; a longer value is cut."""

app = typer.Typer(help=__doc__, add_completion=False, pretty_exceptions_enable=False)


class CookbookError(UserError):
    """A question cannot be asked: the tables that it reads are not there."""


@dataclass(frozen=True, slots=True)
class Question:
    """A file of the cookbook.

    Attributes:
        path: The file.
        text: The question, one line.
        asked_by: Who asks it.
        remarks: What to know about the answer; empty where there is nothing.
        sql: The statement.
    """

    path: Path
    text: str
    asked_by: str
    remarks: str
    sql: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gave.

    Attributes:
        question: The question.
        columns: Names of the columns.
        rows: The first ``ROWS_SHOWN`` rows.
        row_count: All rows.
        seconds: Median duration, the rows fetched.
    """

    question: Question
    columns: list[str]
    rows: list[tuple[object, ...]]
    row_count: int
    seconds: float


def read_questions(folder: Path = QUESTIONS) -> list[Question]:
    """Return the questions of a folder, in the order of their numbers."""
    return [_read_question(path) for path in sorted(folder.glob("*.sql"))]


def ask(connection: psycopg.Connection, question: Question, *, runs: int = 1) -> Answer:
    """Ask a question.

    Args:
        connection: As a role that may read marts, features, layers and ml.
        question: The question.
        runs: How often; the median duration counts.

    Raises:
        CookbookError: A table that it reads is not there.
    """
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        try:
            cursor = connection.execute(question.sql)
        except psycopg.errors.UndefinedTable as error:
            message = (
                f"{question.path.name}: {error.diag.message_primary}; build the warehouse first, "
                "with `make run`"
            )
            raise CookbookError(message) from error
        rows = cursor.fetchall()
        seconds.append(time.perf_counter() - started)
    columns = [column.name for column in cursor.description or []]
    return Answer(question, columns, rows[:ROWS_SHOWN], len(rows), statistics.median(seconds))


def scan_seconds(connection: psycopg.Connection, *, runs: int) -> tuple[int, float]:
    """Return rows of the observations, and the median duration of a parallel sequential scan."""
    with connection.transaction():
        for method in ("indexscan", "indexonlyscan", "bitmapscan"):
            connection.execute(f"set local enable_{method} = off")
        seconds = []
        # The first scan warms the cache, as the questions find it warm.
        for _ in range(runs + 1):
            started = time.perf_counter()
            row = connection.execute(
                "select count(*), max(building_id) from marts.fact_chip_observation"
            ).fetchone()
            seconds.append(time.perf_counter() - started)
    return int(row[0]) if row else 0, statistics.median(seconds[1:])


@app.command()
def cookbook(
    runs: Annotated[int, typer.Option(help="How often each question is asked.", min=1)] = 5,
    out: Annotated[
        Path | None, typer.Option(help="The page to write; cookbook.md in the home's artifacts.")
    ] = None,
) -> None:
    """Ask every question as role analyst and write the page."""
    page = out or get_settings().artifacts / "cookbook.md"
    console = Console(soft_wrap=True, highlight=False)
    with connect(role=Role.ANALYST) as connection:
        try:
            row_count, scan = scan_seconds(connection, runs=runs)
        except psycopg.errors.UndefinedTable as error:
            message = "there are no marts yet; build them with `make run`"
            raise CookbookError(message) from error
        answers = []
        for question in read_questions():
            answer = ask(connection, question, runs=runs)
            console.print(
                f"{answer.seconds * 1000:8.1f} ms {answer.seconds / scan:6.2f} scans "
                f"{answer.row_count:7,} rows  {question.text}"
            )
            answers.append(answer)
    page.write_text("\n".join(_page(answers, row_count, scan)), encoding="utf-8")
    console.print(f"{scan * 1000:8.1f} ms for the scan of {row_count:,} rows; page: {page}")


def _read_question(path: Path) -> Question:
    sql = path.read_text(encoding="utf-8")
    header = re.match(r"-- (?P<text>.+)\n-- Asked by: (?P<by>.+)\.\n(?P<more>(-- .+\n)*)", sql)
    if header is None:
        message = f"{path}: expected `-- question` and `-- Asked by: ....` on top"
        raise CookbookError(message)
    remarks = " ".join(line.removeprefix("-- ") for line in header["more"].splitlines())
    return Question(path, header["text"], header["by"], remarks, sql[header.end() :].strip())


def _page(answers: list[Answer], row_count: int, scan: float) -> Iterator[str]:
    yield from (
        "# Cookbook",
        "",
        "Questions to the warehouse, each with its SQL (in `docs/cookbook/`), the first rows of",
        "its answer, and its time. Written by `make cookbook`; the page in the project's `docs/`",
        "is of generated data. The tests run every question. To ask one yourself:",
        "`make psql ROLE=analyst ARGS='-f docs/cookbook/01-fastest-growing-aois.sql'`.",
        "",
        "Times are beside one parallel sequential scan of `marts.fact_chip_observation`:",
        f"{row_count:,} rows, {scan * 1000:,.0f} ms on the machine of this page.",
        "",
        "| | question | asked by | rows | ms | scans |",
        "| --- | --- | --- | ---: | ---: | ---: |",
    )
    for number, answer in enumerate(answers, start=1):
        question = answer.question
        yield (
            f"| {number} | [{question.text}](#{_anchor(number, question)}) | {question.asked_by} "
            f"| {answer.row_count:,} | {answer.seconds * 1000:,.1f} "
            f"| {answer.seconds / scan:.3f} |"
        )
    for number, answer in enumerate(answers, start=1):
        yield from _section(number, answer)


def _section(number: int, answer: Answer) -> Iterator[str]:
    question = answer.question
    yield from ("", f"## {number}. {question.text}", "")
    if question.remarks:
        yield from (question.remarks, "")
    yield from ("```sql", question.sql, "```", "")
    yield f"{answer.row_count:,} rows in {answer.seconds * 1000:,.1f} ms"
    yield from ("", "| " + " | ".join(answer.columns) + " |")
    yield "|" + " --- |" * len(answer.columns)
    for row in answer.rows:
        yield "| " + " | ".join(_cell(value) for value in row) + " |"
    if answer.row_count > len(answer.rows):
        yield "| ... |" + " |" * (len(answer.columns) - 1)


def _cell(value: object) -> str:
    text = "" if value is None else str(value).replace("|", "\\|")
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 1] + "…"


def _anchor(number: int, question: Question) -> str:
    words = re.sub(r"[^a-z0-9 -]", "", f"{number} {question.text}".lower())
    return words.replace(" ", "-")


if __name__ == "__main__":
    run_cli(app)
