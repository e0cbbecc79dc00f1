"""The measurement: ways to serve side by side, in rounds, so that load slows all alike."""

import logging
import os
import statistics
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import psycopg
from pydantic import BaseModel, ConfigDict

from benchmarks.errors import BenchmarkError
from benchmarks.service.processes import Running, Way, as_body, free_port, started
from serving.api.questions import EXAMPLE_FEATURES
from serving.bento.packaging import bento_folder, bentoml_environment, latest_tag
from serving.edge.settings import ServiceSettings
from warehouse.access import dsn
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT

logger = logging.getLogger(__name__)

BARE: Final = Way("bare", "bare FastAPI", ("benchmarks.service.bare",))
OURS: Final = Way("ours", "serving serve", ("serving.api",))
ROWS: Final = 1000
MB: Final = 1024 * 1024

QUESTIONS: Final = {"lookup": 300, "features": 300, "batch": 12}
"""Requests of each kind in a round."""


class Figures(BaseModel):
    """What was found of one way to serve; a list has one value per round.

    Attributes:
        label: As on the page.
        cpu_ms: By question, CPU of the process tree per request.
        ratio: By question, the same to the bare application's of the same round.
        first_answer_cpu: CPU seconds to the first answer.
        resident_mb: Memory after the rounds.
        more_mb: How far the peak of memory rose by the largest bodies.
    """

    model_config = ConfigDict(extra="forbid")

    label: str
    cpu_ms: dict[str, list[float]]
    ratio: dict[str, list[float]]
    first_answer_cpu: float
    resident_mb: float
    more_mb: float


class Results(BaseModel):
    """A whole measurement."""

    model_config = ConfigDict(extra="forbid")

    load_before: float
    chips: int
    rows: int
    ways: dict[str, Figures]


def run(rounds: int) -> Results:
    """Measure the package built last beside the bare application.

    Args:
        rounds: How often every question is asked of every way.
    """
    tag, conninfo = latest_tag(), dsn()
    source = bento_folder(tag) / "src"
    environment = bentoml_environment() | {
        "SN7_DSN": conninfo,
        "SN7_MODEL_BUNDLE": str(source / "model"),
        "SN7_SERVICE_DRAIN_SECONDS": "0",
    }
    ways = (BARE, OURS, Way("bentoml", "bentoml serve", ("bentoml", "serve", tag)))
    chips = _chips(conninfo)
    load = os.getloadavg()[0]
    with ExitStack() as stack:
        running = {}
        for way in ways:
            logger.info("starting %s", way.label)
            folder = PROJECT_ROOT if way is BARE else source
            start = started(way, free_port(), folder=folder, environment=environment)
            running[way.key] = stack.enter_context(start)
        bodies = _bodies(chips)
        found = {key: _rounds(running, key, body, rounds) for key, body in bodies.items()}
        figures = {
            way.key: Figures(
                label=way.label,
                cpu_ms={question: found[question][way.key] for question in found},
                ratio={question: _ratios(found[question], way.key) for question in found},
                first_answer_cpu=running[way.key].first_answer_cpu,
                resident_mb=running[way.key].resident() / MB,
                more_mb=0.0 if way is BARE else _more_memory(running[way.key]),
            )
            for way in ways
        }
    return Results(load_before=round(load, 1), chips=len(chips), rows=ROWS, ways=figures)


def _chips(conninfo: str) -> list[str]:
    with psycopg.connect(conninfo) as connection:
        connection.execute(f"set role {Role.SERVICE}")
        rows = connection.execute("select chip_id from marts.dim_chip order by chip_id").fetchall()
    if not rows:
        raise BenchmarkError("the warehouse has no chips; run `make run` first")
    return [row[0] for row in rows]


def _bodies(chips: list[str]) -> dict[str, tuple[str, bytes]]:
    many = [chips[number % len(chips)] for number in range(ROWS)]
    return {
        "lookup": ("/forecast", as_body({"chip_id": chips[0]})),
        "features": ("/forecast_features", as_body({"rows": [EXAMPLE_FEATURES], "drivers": 3})),
        "batch": ("/forecast_batch", as_body({"chip_ids": many, "drivers": 0})),
    }


def _rounds(
    running: dict[str, Running], question: str, body: tuple[str, bytes], rounds: int
) -> dict[str, list[float]]:
    """Return CPU per request (ms) by way, one value per round; the first requests warm up."""
    requests = QUESTIONS[question]
    found: dict[str, list[float]] = {key: [] for key in running}
    for one in running.values():
        one.ask(*body)
    for number in range(rounds):
        logger.info("%s, round %d of %d", question, number + 1, rounds)
        for key, one in running.items():
            before = one.cpu()
            for _ in range(requests):
                one.ask(*body)
            found[key].append((one.cpu() - before) / requests * 1000)
    return found


def _ratios(found: dict[str, list[float]], key: str) -> list[float]:
    return [mine / bare for mine, bare in zip(found[key], found[BARE.key], strict=True)]


def _more_memory(running: Running) -> float:
    """Return how many MB the largest bodies add to what the process has held so far."""
    before = running.resident()
    row = EXAMPLE_FEATURES | {"known_count": 98765.4321}
    running.ask("/forecast_features", as_body({"rows": [row] * 10_000}))
    limit = ServiceSettings().max_body
    running.ask("/forecast", b'{"a":[' + b"1000," * (limit // 5 - 2) + b"1]}", status=422)
    running.refused("/forecast", b" " * (50 * limit))
    return (running.peak() - before) / MB


def median(values: list[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def write(results: Results, path: Path) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(results.model_dump_json(indent=2) + "\n", encoding="utf-8")
