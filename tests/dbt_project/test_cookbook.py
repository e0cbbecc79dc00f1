"""Every question of the cookbook has an answer on a warehouse of generated data."""

import re

import psycopg
import pytest
from typer.testing import CliRunner

from docs.cookbook.__main__ import Question, app, ask, read_questions
from warehouse.connection.settings import PROJECT_ROOT, get_settings

QUESTIONS = read_questions()
MAY_BE_EMPTY = {"08-demolitions", "14-where-raw-counts-mislead"}
"""Few buildings are demolished or hidden in 20,000 rows."""


def test_there_are_enough_questions_of_every_kind_of_person() -> None:
    assert len(QUESTIONS) >= 15
    assert {question.asked_by for question in QUESTIONS} == {
        "a planner",
        "a researcher",
        "an ML engineer",
    }
    numbers = [int(question.path.name.split("-")[0]) for question in QUESTIONS]
    assert numbers == list(range(1, len(QUESTIONS) + 1))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.path.stem)
def test_a_question_has_an_answer(analyst: psycopg.Connection, question: Question) -> None:
    answer = ask(analyst, question)
    assert answer.row_count > 0 or question.path.stem in MAY_BE_EMPTY
    assert len(set(answer.columns)) == len(answer.columns)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.path.stem)
def test_a_question_has_one_answer(question: Question) -> None:
    """An answer in no order differs from run to run."""
    assert re.search(r"\norder by\s", question.sql) is not None


def test_the_page_goes_to_the_home_and_not_over_the_projects_own(
    built: str,
) -> None:
    ours = PROJECT_ROOT / "docs" / "cookbook.md"
    before = ours.read_bytes()
    said = CliRunner().invoke(app, ["--runs", "1"], catch_exceptions=False)
    written = get_settings().artifacts / "cookbook.md"
    assert said.output.endswith(f"page: {written}\n")
    assert QUESTIONS[-1].text in written.read_text("utf-8")
    assert written.read_text("utf-8").splitlines()[:7] == ours.read_text("utf-8").splitlines()[:7]
    assert ours.read_bytes() == before
