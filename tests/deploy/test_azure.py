"""The Bicep fits together as far as one can tell without Azure, and its scripts fail clearly."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.azure.check import FOLDER, faults, read
from ml.model.chip_model import ForecastModel
from serving.api.app import Application
from serving.edge.settings import ServiceSettings
from tests.fixtures.service import listening
from tests.fixtures.trained import Trained
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


@pytest.fixture
def url(
    champion: ForecastModel, trained: Trained, use_database: Callable[[str], str]
) -> Iterator[str]:
    """The service, which asks for a key."""
    use_database(trained.conninfo)
    with listening(Application(champion, ServiceSettings(api_key=SecretStr("key")))) as address:
        yield address


def smoke(url: str, *, key: str = "key") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FOLDER / "smoke.sh", url], capture_output=True, text=True, check=False,
        env=os.environ | {"SN7_SERVICE_API_KEY": key, "SMOKE_SECONDS": "1"},
    )  # fmt: skip


def test_the_smoke_test_passes_a_service_that_forecasts(url: str) -> None:
    done = smoke(url)
    assert (done.returncode, done.stdout) == (0, f"{url} forecasts\n"), done.stderr


def test_the_smoke_test_stops_one_that_does_not_forecast_for_it(url: str) -> None:
    done = smoke(url, key="another")
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
