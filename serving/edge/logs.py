"""Logs as lines of JSON, with the request they belong to, and no more of a kind than can be read.

What a client or an outage can cause again and again is written a few times a minute and then
counted, so that nobody fills a disk from outside.
"""

import json
import logging
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request that is being answered."""

WINDOW_SECONDS: Final = 60.0
LINES_PER_WINDOW: Final = 5
KINDS: Final = 500
"""Most kinds of lines that are told apart; beyond it all counts begin anew."""

LOGGERS: Final = ("serving", "ml", "warehouse", "psycopg", "uvicorn", "bentoml")


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, request id, and the traceback of a bug."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        if (left_out := getattr(record, "left_out", 0)) > 0:
            line["left_out"] = left_out
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


@dataclass(slots=True)
class _Window:
    began: float
    lines: int = 0
    left_out: int = 0


class Calm(logging.Filter):
    """Lets ``LINES_PER_WINDOW`` lines of a kind through each window and counts the rest.

    A kind is a logger with a message before its values are put in. The first line of the next
    window says how many were left out, as ``left_out``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[tuple[str, str], _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is written."""
        kind = (record.name, str(record.msg)[:200])
        now = time.monotonic()
        window = self._windows.get(kind)
        if window is None or now - window.began >= WINDOW_SECONDS:
            if len(self._windows) >= KINDS:
                self._windows.clear()
            record.left_out = window.left_out if window else 0
            window = self._windows[kind] = _Window(now)
        window.lines += 1
        if window.lines > LINES_PER_WINDOW:
            window.left_out += 1
            return False
        return True


def log_as_json() -> None:
    """Send the logs of the service, and of what it stands on, to standard error as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    handler.addFilter(Calm())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
    for name in ("serving", "ml", "warehouse"):
        logging.getLogger(name).setLevel(logging.INFO)
    for name in ("psycopg", "uvicorn.error", "bentoml"):
        logging.getLogger(name).setLevel(logging.WARNING)
