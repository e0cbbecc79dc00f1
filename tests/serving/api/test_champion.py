"""The service follows the newest package of its store, and no request is lost meanwhile."""

import dataclasses
import time
from pathlib import Path

import pytest

from ml.model.chip_model import ForecastModel
from serving.api.app import Application
from serving.edge.settings import ServiceSettings
from tests.fixtures.service import TestClient, serving_client


def put_package(packages: Path, name: str, model: ForecastModel) -> None:
    """Lay a package as ``serving.bento`` does, and name it the latest."""
    model.save(packages / name / "src" / "model")
    (packages / "latest").write_text(name, "utf-8")


def version(client: TestClient) -> int:
    found = client.get("/openapi.json").json()["info"]["version"]
    return int(found)


def wait_for(client: TestClient, wanted: int) -> list[int]:
    """Ask until a version is served; returns all versions that answered."""
    seen = []
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        seen.append(version(client))
        if seen[-1] == wanted:
            return seen
        time.sleep(0.01)
    raise AssertionError(seen)


def test_a_newer_package_is_served_without_losing_a_request(
    model: ForecastModel, tmp_path: Path
) -> None:
    put_package(tmp_path, "1-a", model.with_version(1))
    service = Application(model.with_version(1), ServiceSettings(follow_seconds=0.05))
    with serving_client(service, tmp_path) as client:
        assert version(client) == 1
        put_package(tmp_path, "2-b", model.with_version(2))
        assert set(wait_for(client, 2)) <= {1, 2}
        (tmp_path / "latest").write_text("1-a", "utf-8")  # the alias moves back
        wait_for(client, 1)


def test_a_package_that_cannot_be_read_changes_nothing(
    model: ForecastModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put_package(tmp_path, "1-a", model.with_version(1))
    service = Application(model.with_version(1), ServiceSettings(follow_seconds=0.05))
    with serving_client(service, tmp_path) as client:
        (tmp_path / "latest").write_text("3-half", "utf-8")
        deadline = time.monotonic() + 20
        while "package 3-half is not served" not in caplog.text:
            assert time.monotonic() < deadline
            assert version(client) == 1
        other = dataclasses.replace(model.with_version(4))
        put_package(tmp_path, "4-c", other)
        wait_for(client, 4)
