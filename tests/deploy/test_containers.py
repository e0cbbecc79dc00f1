"""What the linters of containers do not see: our own promises about image and compose file."""

import re
from typing import Any

import pytest
import yaml

from warehouse.connection.settings import PROJECT_ROOT

DOCKERFILE = (PROJECT_ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVING_PORTS = {"postgis": 5432, "dagster": 3001, "mlflow": 5000, "service": 3000}


def instructions(name: str) -> list[str]:
    """Return the arguments of every instruction of the Dockerfile of this name."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} (.+)$", joined, re.MULTILINE)


def copied_folders() -> set[str]:
    return {line.split()[0] for line in instructions("COPY") if not line.startswith("--")}


def test_image_holds_every_package_of_the_project_that_runs() -> None:
    packages = {path.parent.name for path in PROJECT_ROOT.glob("*/__init__.py")}

    assert packages - copied_folders() <= {"benchmarks", "tests"}


def test_everything_that_is_copied_is_there_and_not_ignored() -> None:
    ignore = (PROJECT_ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    for name in copied_folders():
        assert (PROJECT_ROOT / name).exists(), name
        assert f"!{name}" in ignore


def test_no_secret_gets_into_the_image() -> None:
    ignore = (PROJECT_ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert ignore[1] == "*"
    assert not any(".env" in line for line in ignore)


def test_packages_are_installed_by_hash() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]

    assert installs
    assert all("--require-hashes" in line for line in installs)


def test_image_does_not_run_as_root() -> None:
    assert instructions("USER")[-1].split(":")[0] == "10001"


def test_images_are_pinned_to_a_version() -> None:
    names = [line.split()[0] for line in instructions("FROM")]
    names += [service["image"] for service in SERVICES.values()]

    assert all(re.search(r":\d+[\d.-]*", name) for name in names)


@pytest.mark.parametrize("name", SERVICES)
def test_every_port_is_of_this_machine_only(name: str) -> None:
    port = SERVING_PORTS.get(name)

    assert SERVICES[name].get("ports", []) == ([f"127.0.0.1:{port}:{port}"] if port else [])


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "main"])
def test_every_lasting_service_tells_its_health_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_may_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]

    assert service["user"].split(":")[0] not in {"root", "0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_from_the_environment(name: str) -> None:
    for variable, value in SERVICES[name]["environment"].items():
        if "PASSWORD" in variable or "DSN" in variable:
            assert re.fullmatch(r"\$\{SN7_\w+:\?set it in .env\}", value), variable


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    text = (PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")

    for variable in set(re.findall(r"\$\{(\w+)", text)):
        assert re.search(rf"^{variable}=", example, re.MULTILINE), variable


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "postgis"])
def test_commands_of_the_services_exist(name: str) -> None:
    python, flag, package, *_ = SERVICES[name]["command"]

    assert (python, flag) == ("python", "-m")
    assert (PROJECT_ROOT / package / "__main__.py").exists()
    commands = [PROJECT_ROOT / package / name for name in ("__main__.py", "commands.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in commands if path.exists())
    subcommand = SERVICES[name]["command"][3]
    assert re.search(rf'(def {subcommand}\(|command\(\s*"{subcommand}")', source), subcommand
