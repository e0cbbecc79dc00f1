"""A run of the terminal goes on in the UI: executed again from where it failed, by the daemon."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.runs.marks import SESSION_TAG
from tests.fixtures.commands import orchestrate
from warehouse.connection.settings import PROJECT_ROOT, get_settings

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 420
RUNS = "{ runsOrError { ... on Runs { results { runId status parentRunId tags { key value } } } } }"
AGAIN = """mutation($run: String!) { launchRunReexecution(
    reexecutionParams: {parentRunId: $run, strategy: FROM_FAILURE}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""


@pytest.fixture(scope="module")
def ui(module_database: str) -> Iterator[str]:
    """Address of a running UI with its daemon; stopped as a person stops it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "ui", "--port", str(port)],
        cwd=PROJECT_ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}/graphql"
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def asked(address: str, query: str, **variables: str) -> Any:
    request = urllib.request.Request(  # noqa: S310 (http, see above)
        address,
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        return json.load(answer)["data"]


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if found := holds():
                return found
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_a_failed_run_of_the_terminal_is_executed_again(
    ui: str, module_database: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    done = orchestrate("run", "--data", other, dsn=module_database, home=get_settings().home)
    assert done.code == 1
    [failed] = until(lambda: asked(ui, RUNS)["runsOrError"]["results"])
    assert failed["status"] == "FAILURE"

    def launched() -> Any:
        found = asked(ui, AGAIN, run=failed["runId"])["launchRunReexecution"]
        return found.get("run")  # none while the code location still loads

    again = until(launched)["runId"]

    def ended() -> Any:
        for run in asked(ui, RUNS)["runsOrError"]["results"]:
            if run["runId"] == again and run["status"] in {"SUCCESS", "FAILURE"}:
                return run
        return None

    run = until(ended)
    assert (run["parentRunId"], run["status"]) == (failed["runId"], "FAILURE")
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert tags[SESSION_TAG].startswith(f"{again} ")
    logs = get_settings().dagster / "storage" / failed["runId"] / "compute_logs"
    assert list(logs.glob("*.out"))
