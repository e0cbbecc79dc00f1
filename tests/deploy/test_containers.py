"""What the linters of containers do not see: our own promises about images and compose file."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sn7.commands import COMMANDS
from warehouse.connection.settings import PROJECT_ROOT

IMAGES = {name: (PROJECT_ROOT / name).read_text("utf-8") for name in
          ("Dockerfile", "deploy/postgis/Dockerfile")}  # fmt: skip
DOCKERFILE = IMAGES["Dockerfile"]
COMPOSE = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PORTS = {"postgis": 5432, "dagster": 3001, "mlflow": 5000, "service": 3000,
         "prometheus": 9090, "grafana": 3000}  # fmt: skip
JOBS = {"main", "backup", "prepare"}
"""Services that end."""

OWNERS = {"prepare", "backup", "postgis"}
"""Services that know the superuser's password."""


def instructions(name: str, dockerfile: str = DOCKERFILE) -> list[str]:
    """Return the arguments of every instruction of a Dockerfile of this name."""
    joined = dockerfile.replace("\\\n", " ")
    return re.findall(rf"^{name} (.+)$", joined, re.MULTILINE)


def copied_folders() -> set[str]:
    return {line.split()[0] for line in instructions("COPY") if not line.startswith("--")}


def ours(service: str) -> bool:
    return str(SERVICES[service]["image"]).startswith("sn7-warehouse:")


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


@pytest.mark.parametrize("name", IMAGES)
def test_images_do_not_run_as_root(name: str) -> None:
    assert instructions("USER", IMAGES[name])[-1].split(":")[0] in {"10001", "999"}


@pytest.mark.parametrize("name", IMAGES)
def test_a_base_image_can_be_another_and_is_pinned(name: str) -> None:
    defaults = dict(line.split("=", 1) for line in instructions("ARG", IMAGES[name]))
    for base in instructions("FROM", IMAGES[name]):
        variable = re.match(r"\$\{(\w+)\}", base)
        assert variable, base
        assert re.search(r":\d+\.\d+[\w.-]*$", defaults[variable[1]])


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_to_a_version(name: str) -> None:
    assert re.search(r":v?\d+\.\d+\.\d+\}?$", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_port_is_of_this_machine_only(name: str) -> None:
    ports = SERVICES[name].get("ports", [])

    assert len(ports) == (name in PORTS)
    for port in ports:
        assert re.fullmatch(rf"127\.0\.0\.1:\$\{{SN7_\w+_PORT:-\d+\}}:{PORTS[name]}", port)


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - JOBS))
def test_every_lasting_service_tells_its_health_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_may_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]

    assert service["user"].split(":")[0] not in {"root", "0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_from_the_environment_and_have_no_default(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if "PASSWORD" in variable or "DSN" in variable:
            assert re.fullmatch(r"\$\{SN7_\w+:\?set it in .env\}", value), variable


@pytest.mark.parametrize("name", SERVICES)
def test_only_what_prepares_and_backs_up_knows_the_superuser(name: str) -> None:
    told = str(SERVICES[name].get("environment", {}))
    assert ("${SN7_PASSWORD" in told) == (name in OWNERS)


@pytest.mark.parametrize(
    ("name", "login"),
    [("service", "service"), ("mlflow", "trainer"), ("dagster", "pipeline"), ("main", "pipeline")],
)
def test_each_logs_in_with_no_more_rights_than_it_needs(name: str, login: str) -> None:
    environment = SERVICES[name]["environment"]
    assert environment["PGUSER"] == login
    assert f"SN7_{login.upper()}_PASSWORD" in environment["PGPASSWORD"]


@pytest.mark.parametrize("name", ["service", "mlflow"])
def test_what_only_reads_the_home_cannot_write_to_it(name: str) -> None:
    assert SERVICES[name]["volumes"] == ["home:/var/lib/sn7:ro"]


def test_every_variable_of_the_compose_file_is_in_the_example_without_a_secret() -> None:
    text = (PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")

    for variable in set(re.findall(r"\$\{(\w+)", text)):
        [value] = re.findall(rf"^{variable}=(.*)$", example, re.MULTILINE)
        assert not (value and re.search("PASSWORD|KEY", variable)), variable


@pytest.mark.parametrize("name", [name for name in SERVICES if ours(name)])
def test_commands_of_the_services_exist(name: str) -> None:
    python, flag, package, command, *_ = SERVICES[name]["command"]

    assert (python, flag, package) == ("python", "-m", "sn7")
    assert command in {entry.name for entry in COMMANDS}


def test_what_prometheus_and_grafana_are_told_is_there() -> None:
    asked = yaml.safe_load((PROJECT_ROOT / "deploy/prometheus/compose.yml").read_text("utf-8"))
    for job in asked["scrape_configs"]:
        for target in [each for static in job["static_configs"] for each in static["targets"]]:
            host, port = target.split(":")
            assert host == "127.0.0.1" or PORTS[host] == int(port)
    for name in ("prometheus", "grafana"):
        for volume in SERVICES[name]["volumes"]:
            source = volume.split(":")[0]
            assert not source.startswith("./") or Path(PROJECT_ROOT / source).is_dir()
