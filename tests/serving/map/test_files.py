"""The page's files: all from here, kept for good under an address that changes with them."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml.model.chip_model import ForecastModel
from serving.map.files import FIRST_ASKED, PAGE, page
from tests.fixtures.service import TestClient, served


@pytest.fixture
def client(model: ForecastModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A service with a key, and without a warehouse: the page needs neither."""
    monkeypatch.delenv("SN7_DSN", raising=False)
    with served(model, api_key="a secret") as client:
        yield client


def test_all_that_the_page_names_is_there_and_kept_for_good(client: TestClient) -> None:
    html = client.get("/").text
    named = re.findall(r'(?:href|src)="(map/[^"]+)"', html)
    assert len(named) > 10
    for name in named:
        answer = client.get(f"/{name}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        plain = client.get(f"/{name}", headers={"Accept-Encoding": "identity"})
        assert plain.content == answer.content


def test_every_module_is_fetched_at_once_and_names_only_modules_that_are_there(
    client: TestClient,
) -> None:
    html = client.get("/").text
    for path in PAGE.rglob("*.js"):
        assert f"/{path.relative_to(PAGE)}" in html
        for name in re.findall(r'from "([^"]+)"', path.read_text("utf-8")):
            assert (path.parent / name).resolve().is_file(), f"{path.name} imports {name}"


def test_the_page_is_asked_for_anew_and_known_by_its_tag(client: TestClient) -> None:
    answer = client.get("/")
    assert "no-cache" in answer.headers["cache-control"]
    again = client.get("/", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_files_of_another_version_are_not_mixed_with_these(client: TestClient) -> None:
    assert client.get("/map/0123456789ab/main.js").status_code == 404
    assert client.get(f"/map/{page().version}/../../secret").status_code in {401, 404}
    assert client.get(f"/map/{page().version}/nothing.js").status_code == 404


def test_with_a_key_the_page_is_open_and_the_data_are_not(client: TestClient) -> None:
    assert client.get("/").status_code == 200
    for address in FIRST_ASKED:
        assert client.get(f"/{address}").status_code == 401


def test_no_file_of_ours_names_another_host_or_is_long() -> None:
    for path in PAGE.rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8")
            hosts = set(re.findall(r"https?://([\w.]+)", text)) - {"www.w3.org"}
            assert hosts == set(), path
            assert len(text.splitlines()) < 300, path


def test_the_page_without_tiles_is_small() -> None:
    """All that a first view fetches but for the chip's own tile (at most 260 KB), zipped."""
    files = sum(len(one.zipped) for one in page().files.values())
    assert files + len(gzip.compress(page().html)) < 400_000


def test_land_is_the_whole_world_in_little_room() -> None:
    land = Path(PAGE / "data" / "land.json")
    assert land.stat().st_size < 100_000
    numbers = [float(one) for one in re.findall(r"-?\d+\.?\d*", land.read_text("utf-8"))]
    assert (min(numbers), max(numbers)) == (-180, 180)
