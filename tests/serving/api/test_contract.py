"""The OpenAPI description is valid, true, and enough to make a client of."""

import importlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from serving.api.fields import FIRST_YEAR, LAST_YEAR
from serving.tiles.routes import MEDIA_TYPE

EXAMPLES = 200


@pytest.fixture(scope="module")
def description(address: str) -> dict[str, Any]:
    """What the service says of itself."""
    with urllib.request.urlopen(f"{address}/openapi.json") as response:  # noqa: S310
        found: dict[str, Any] = json.load(response)
    return found


def test_the_description_is_valid_openapi_3_1(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    validate(description)


def test_the_description_knows_which_numbers_are_months(description: dict[str, Any]) -> None:
    months = description["components"]["schemas"]["TimeKey"]["anyOf"]
    told = [n for one in months for n in range(one["minimum"], one["maximum"] + 1)]
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    assert told == [year * 100 + month for year in years for month in range(1, 13)]


def test_every_operation_declares_its_errors_in_one_form(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for operation in operations.values():
            errors = {s: r for s, r in operation["responses"].items() if s >= "400"}
            assert errors, path
            for response in errors.values():
                assert list(response["content"]) == ["application/problem+json"]


@pytest.fixture(scope="module")
def generated(
    description: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A client made of the description, importable as ``growth_client``."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(description), encoding="utf-8")
    overrides = f"content_type_overrides: {{{MEDIA_TYPE}: application/octet-stream}}\n"
    (folder / "config.yaml").write_text(overrides, encoding="utf-8")
    tool = Path(sys.executable).with_name("openapi-python-client")
    done = subprocess.run(
        [tool, "generate", "--path", "openapi.json", "--meta", "none",
         "--output-path", "growth_client", "--fail-on-warning", "--config", "config.yaml"],
        cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": f"{tool.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder / "growth_client"


def test_a_generated_client_has_each_model_once(
    generated: Path, description: dict[str, Any]
) -> None:
    models = {path.stem.replace("_", "") for path in (generated / "models").glob("[a-z]*.py")}
    wanted = {name.lower() for name in description["components"]["schemas"]} - {"timekey"}
    assert models == wanted | {"healthstatus", "historiesquestionhistoriesitem", "matchkind"}


def test_a_generated_client_forecasts_and_reads_problems(generated: Path, address: str) -> None:
    made = importlib.import_module("growth_client.models")
    api = importlib.import_module("growth_client.api.forecasts.forecast")
    chips = importlib.import_module("growth_client.api.chips.list_chips")
    with importlib.import_module("growth_client").Client(base_url=address) as client:
        chip = chips.sync(client=client, limit=1).chips[0]
        question = made.ChipQuestion(chip_id=chip.chip_id, as_of=chip.last_month)
        answer = api.sync(client=client, body=question)
        problem = api.sync(client=client, body=made.ChipQuestion(chip_id="nowhere"))
    assert isinstance(answer, made.ForecastAnswer)
    assert [one.horizon for one in answer.forecasts[0].horizons] == [1, 3, 6, 12]
    assert isinstance(problem, made.Problem)
    assert problem.detail == "the warehouse has no chip nowhere"


@pytest.mark.slow
def test_schemathesis_finds_nothing(address: str, tmp_path: Path) -> None:
    """Without ``--continue-on-failure`` it would stop at the first finding of an operation."""
    tool = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [tool, "run", f"{address}/openapi.json", "--checks", "all", "--continue-on-failure",
         "--max-examples", str(EXAMPLES), "--phases", "examples,coverage,fuzzing", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
