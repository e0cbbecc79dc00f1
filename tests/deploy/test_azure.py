"""The Bicep fits together as far as one can tell without Azure, and its scripts fail clearly."""

import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.azure.check import FOLDER, faults, read
from warehouse.connection.settings import PROJECT_ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(FOLDER, tmp_path / "azure")


def change(folder: Path, name: str, before: str, after: str) -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_every_symbol_is_declared_and_every_parameter_given() -> None:
    assert faults() == []
    assert len(list(FOLDER.rglob("*.bicep"))) >= 9


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("modules/watch.bicep", "WorkspaceResourceId: workspace.id",
         "WorkspaceResourceId: workplace.id", "workplace is declared nowhere"),
        ("modules/jobs.bicep", "'${vaultUri}secrets/owner-password'",
         "'${vaultUrl}secrets/owner-password'", "vaultUrl is declared nowhere"),
        ("main.bicep", "    databaseHost: database.outputs.host\n", "",
         "module jobs is not given databaseHost"),
        ("main.bicep", "database.outputs.host", "database.outputs.hostName",
         "module database has no output hostName"),
        ("main.bicep", "    plan: servicePlan", "    plans: servicePlan",
         "module service has no parameter plans"),
        ("main.bicep", "'modules/vault.bicep'", "'modules/safe.bicep'",
         "there is no modules/safe.bicep"),
        ("modules/identity.bicep", "  location: location\n", "", "location is used nowhere"),
        ("dev.bicepparam", "param databaseTier = 'Burstable'\n", "", "databaseTier is not given"),
        ("prod.bicepparam", "param image", "param picture", "has no parameter picture"),
    ],
)  # fmt: skip
def test_a_fault_is_told(folder: Path, name: str, before: str, after: str, said: str) -> None:
    change(folder, name, before, after)
    assert any(said in fault for fault in faults(folder)), faults(folder)


def test_no_secret_stands_in_a_file_and_each_is_marked_as_one() -> None:
    for path in FOLDER.rglob("*.bicep"):
        lines = path.read_text("utf-8").splitlines()
        for number, line in enumerate(lines):
            if line.startswith("param ") and ("assword" in line or "apiKey" in line):
                assert lines[number - 1] == "@secure()", f"{path.name}: {line}"
    for path in FOLDER.glob("*.bicepparam"):
        for line in path.read_text("utf-8").splitlines():
            if "assword" in line or "apiKey" in line:
                assert "readEnvironmentVariable(" in line


def test_modules_are_small_enough_to_read() -> None:
    assert [path.name for path in FOLDER.rglob("*.bicep") if len(read(path).text) > 6000] == []


class _Service(http.server.BaseHTTPRequestHandler):
    """Stands for a service that is ready, and forecasts if it is asked rightly."""

    forecasts = True

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        right = "histories" in body and self.headers["X-API-Key"] == "key" and self.forecasts
        self.send_response(200 if right else 503)
        self.end_headers()
        if right:
            self.wfile.write(b'{"forecasts": [{"horizon": 1}]}')

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def smoke(url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FOLDER / "smoke.sh", url], capture_output=True, text=True, check=False,
        env=os.environ | {"SN7_SERVICE_API_KEY": "key", "SMOKE_SECONDS": "1"},
    )  # fmt: skip


def test_the_smoke_test_passes_a_service_that_forecasts(url: str) -> None:
    done = smoke(url)
    assert (done.returncode, done.stdout) == (0, f"{url} forecasts\n"), done.stderr


def test_the_smoke_test_stops_one_that_is_only_there(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Service, "forecasts", False)
    done = smoke(url)
    assert done.returncode == 1
    assert "does not forecast" in done.stderr


def test_the_smoke_test_stops_one_that_is_not_there() -> None:
    done = smoke("http://127.0.0.1:9")
    assert done.returncode == 1
    assert "does not say yes" in done.stderr


@pytest.mark.parametrize("arguments", [["staging", "v1"], ["dev", "a b"], []])
def test_a_wrong_call_of_deploy_does_nothing(arguments: list[str]) -> None:
    names = ("SN7_PASSWORD", "SN7_PIPELINE_PASSWORD", "SN7_SERVICE_PASSWORD", "SN7_SERVICE_API_KEY")
    done = subprocess.run(
        [PROJECT_ROOT / "deploy" / "azure" / "deploy.sh", *arguments],
        env=os.environ | dict.fromkeys(names, "x"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "dev" in done.stderr
