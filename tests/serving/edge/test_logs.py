"""Log lines as JSON, and no more of a kind than a person reads."""

import json
import logging
import sys
import time

import pytest

from serving.edge import logs
from serving.edge.logs import LINES_PER_WINDOW, WINDOW_SECONDS, Calm, JsonLines


def record(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("serving.x", logging.WARNING, __file__, 1, message, args, None)


def test_a_line_is_an_object_with_the_request_it_belongs_to() -> None:
    token = logs.request_id.set("abc")
    try:
        line = json.loads(JsonLines().format(record("lost %s", "a\nb")))
    finally:
        logs.request_id.reset(token)
    assert line["message"] == "lost a\nb"
    assert (line["level"], line["logger"], line["request_id"]) == ("WARNING", "serving.x", "abc")


def test_a_traceback_stays_within_its_line() -> None:
    bug = record("failed")
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        bug.exc_info = sys.exc_info()
    line = JsonLines().format(bug)
    assert "\n" not in line
    assert "ZeroDivisionError" in json.loads(line)["traceback"]


def test_an_outage_writes_a_few_lines_and_says_how_many_it_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    calm = Calm()
    passed = [calm.filter(record("gone: %s", number)) for number in range(475)]
    assert passed == [True] * LINES_PER_WINDOW + [False] * (475 - LINES_PER_WINDOW)
    assert calm.filter(record("another kind"))
    now += WINDOW_SECONDS
    late = record("gone: %s", 475)
    assert calm.filter(late)
    assert json.loads(JsonLines().format(late))["left_out"] == 475 - LINES_PER_WINDOW
