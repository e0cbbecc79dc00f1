"""A trained database, the service in this process, and the built bento behind real HTTP."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ml.lifecycle import tracking
from serving.bento.packaging import Bento, package
from tests.conftest import free_port
from tests.ml.fixtures import Trained, drop_service_connections, trained, trained_database
from warehouse.connection.settings import PROJECT_ROOT

with warnings.catch_warnings():
    # Starlette asks for httpx2; what the lock file holds, httpx, does the same here. BentoML 1.4
    # uses what pydantic 2.11 calls deprecated while it is imported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

    from serving.api.service import BUNDLE_FOLDER, BuildingGrowth

__all__ = ["BUNDLE_FOLDER", "TestClient", "trained", "trained_database"]

STARTING_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an HTTP answer."""

    status: int
    text: str

    @property
    def json(self) -> dict[str, object]:
        found = json.loads(self.text)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True, slots=True)
class Server:
    """A running service process."""

    port: int
    process: subprocess.Popen[str]

    def call(
        self, path: str, body: object = None, *, content_type: str = "application/json"
    ) -> Answer:
        """GET without a body, else POST; bytes are sent as they are."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, headers={"Content-Type": content_type}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return Answer(response.status, response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode())


StartServer = Callable[..., Server]


@pytest.fixture(scope="session")
def start_server() -> Iterator[StartServer]:
    """Start service processes; all are stopped at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(command: list[str], *, cwd: Path, environment: dict[str, str], log: Path) -> Server:
        port = free_port()
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *command, "--port", str(port)],
                cwd=cwd, env=os.environ | environment, stdout=output, stderr=output, text=True,
            )  # fmt: skip
        started.append(process)
        server = Server(port, process)
        deadline = time.monotonic() + STARTING_SECONDS
        while True:
            try:
                if server.call("/livez").status == 200:
                    return server
            except OSError:
                time.sleep(0.1)
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def bento(trained: Trained) -> Bento:
    """The champion of the trained database, packaged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN7_DSN", trained.conninfo)
        patch.setenv("SN7_HOME", trained.home)
        champion = tracking.champion()
        assert champion is not None
        return package(champion.model)


@pytest.fixture(scope="session")
def server(
    trained: Trained,
    bento: Bento,
    start_server: StartServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Server:
    """The bento, served by the project's own command."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    environment = {"SN7_DSN": trained.conninfo, "SN7_HOME": trained.home}
    return start_server(["serving", "serve"], cwd=PROJECT_ROOT, environment=environment, log=log)


@pytest.fixture(scope="session")
def app(trained: Trained, bento: Bento) -> Iterator[TestClient]:
    """The service in this process; BentoML makes its metrics once, so there is but one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN7_DSN", trained.conninfo)
        patch.setenv("SN7_MODEL_BUNDLE", str(bento.folder / "src" / "model"))
        with TestClient(BuildingGrowth.to_asgi()) as client:
            yield client


@pytest.fixture
def client(app: TestClient, trained: Trained, use_database: Callable[[str], str]) -> TestClient:
    """The service in this process, on the trained database; for tests that change nothing."""
    use_database(trained.conninfo)
    return app


@pytest.fixture
def own_client(app: TestClient, trained_database: str) -> Iterator[TestClient]:
    """The service in this process, on a copy of the trained database that a test may spoil."""
    yield app
    with contextlib.suppress(psycopg.OperationalError):
        drop_service_connections(trained_database)
