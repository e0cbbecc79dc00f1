"""The UI: Dagster's own, on our graph and our runs (the code location in development mode)."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from warehouse.connection.settings import PROJECT_ROOT

pytestmark = pytest.mark.slow

QUERY = """{ repositoriesOrError { __typename ... on RepositoryConnection { nodes {
    name location { name } jobs { name } assetNodes { assetKey { path } } } } } }"""
PATIENCE_SECONDS = 420


@pytest.fixture(scope="module")
def ui(module_database: str) -> Iterator[str]:
    """Address of a running UI; stopped as a person stops it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "ui", "--port", str(port)],
        cwd=PROJECT_ROOT,
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ask(address: str) -> dict[str, Any]:
    """Wait until the UI answers the query, and return the repository."""
    request = urllib.request.Request(  # noqa: S310 (http, see above)
        f"{address}/graphql",
        data=json.dumps({"query": QUERY}).encode(),
        headers={"Content-Type": "application/json"},
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                found = json.load(answer)["data"]["repositoriesOrError"]
            if found.get("nodes"):
                return dict(found["nodes"][0])
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        assert time.monotonic() < deadline, "the UI did not load the graph"
        time.sleep(0.5)


def test_ui_shows_the_graph_and_the_job(ui: str) -> None:
    repository = ask(ui)

    assert repository["location"]["name"] == "orchestration.definitions"
    assert "main" in {job["name"] for job in repository["jobs"]}
    assert ["marts", "dim_chip"] in [node["assetKey"]["path"] for node in repository["assetNodes"]]
