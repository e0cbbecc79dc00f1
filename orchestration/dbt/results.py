"""What a ``dbt build`` says of itself: ``run_results.json``."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

RUN_RESULTS = "run_results.json"
TESTS = ("test.", "unit_test.")
MODELS = ("model.", "seed.", "snapshot.")
"""Hooks of the project are nodes, too, and no models."""

BROKEN = ("error", "fail", "runtime error")


@dataclass(frozen=True, slots=True)
class DbtResults:
    """Outcome of a ``dbt build``.

    Attributes:
        models: Models, seeds and snapshots built.
        tests_passed: Tests that held.
        tests_warned: Tests that found rows but only warn.
        failures: One line for each model that could not be built and each test that does not hold.
    """

    models: int
    tests_passed: int
    tests_warned: int
    failures: tuple[str, ...]

    @property
    def tests(self) -> int:
        """Tests that ran to an end."""
        return self.tests_passed + self.tests_warned + self.tests_failed

    @property
    def tests_failed(self) -> int:
        """Tests that do not hold."""
        return sum(line.startswith(("test ", "unit test ")) for line in self.failures)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read ``run_results.json``."""
        return cls.from_nodes(json.loads(path.read_bytes())["results"])

    @classmethod
    def read_if_run(cls, path: Path) -> Self | None:
        """Read ``run_results.json``; none where dbt had nothing to do."""
        return cls.read(path) if path.exists() else None

    @classmethod
    def from_nodes(cls, nodes: Iterable[Mapping[str, Any]]) -> Self:
        """Sum up the ``results`` of ``run_results.json``.

        Source: https://docs.getdbt.com/reference/artifacts/run-results-json
        """
        models = passed = warned = 0
        failures = []
        for node in nodes:
            is_test = node["unique_id"].startswith(TESTS)
            status = node["status"]
            models += node["unique_id"].startswith(MODELS) and status == "success"
            passed += is_test and status == "pass"
            warned += is_test and status == "warn"
            if status in BROKEN:
                failures.append(_failure(node))
        return cls(models, passed, warned, tuple(failures))


def _failure(node: Mapping[str, Any]) -> str:
    kind, _, name = node["unique_id"].split(".")[:3]
    reason = " ".join(str(node["message"] or node["status"]).split())
    return f"{kind.replace('_', ' ')} {name}: {reason.partition(' compiled code at ')[0]}"
