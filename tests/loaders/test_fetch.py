"""The public archive, from an S3-compatible server that the test starts."""

import gzip
import http.client
import io
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.exceptions import GenericError

from loaders import fetch as fetching
from loaders.errors import FetchError, SourceDamagedError, UnsafeArchiveError
from loaders.fetch import ARCHIVE, BUCKET, fetch
from loaders.load import load
from tests.fixtures.sources import Raw, csv_text, row

CSV = csv_text(row(n) for n in range(90))


def archive(*, name: str = "csvs/sn7_train_ground_truth_pix.csv", content: str = CSV) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content.encode()))
    return gzip.compress(buffer.getvalue(), compresslevel=0, mtime=0)


class Bucket:
    """Puts objects where ``fetch`` looks for them."""

    def __init__(self, endpoint: str) -> None:
        self.host = urlsplit(endpoint).netloc
        self.request("PUT", f"/{BUCKET}", b"")

    def request(self, method: str, path: str, body: bytes) -> None:
        connection = http.client.HTTPConnection(self.host)
        connection.request(method, path, body, headers={"x-amz-acl": "public-read"})
        response = connection.getresponse()
        assert response.status in {200, 204}, response.read()
        connection.close()

    def put(self, content: bytes) -> None:
        self.request("PUT", f"/{BUCKET}/{ARCHIVE}", content)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3-compatible server on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The public bucket, empty; ranges are small, so that a fetch takes many."""
    monkeypatch.setenv(fetching.ENDPOINT_VARIABLE, endpoint)
    monkeypatch.setattr(fetching, "RANGE_BYTES", 1000)
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc)
    connection.request("POST", "/moto-api/reset")
    assert connection.getresponse().status == 200
    connection.close()
    return Bucket(endpoint)


def break_after(monkeypatch: pytest.MonkeyPatch, ranges: int) -> list[tuple[int, int]]:
    """Let the connection break after some ranges; return the list of the ranges asked for."""
    asked: list[tuple[int, int]] = []
    get = obstore.get

    def get_or_break(store: Any, path: str, *, options: Any) -> Any:
        asked.append(options["range"])
        if len(asked) > ranges:
            raise GenericError("connection reset by peer")
        return get(store, path, options=options)

    monkeypatch.setattr(obstore, "get", get_or_break)
    return asked


def test_the_archive_is_fetched_unpacked_and_can_be_loaded(
    bucket: Bucket, raw: Raw, tmp_path: Path
) -> None:
    bucket.put(archive())
    folder = fetch(tmp_path / "sn7")
    assert (folder / "csvs" / "sn7_train_ground_truth_pix.csv").read_text() == CSV
    assert load(folder).rows_loaded == 90
    assert load(folder / Path(ARCHIVE).name).images_unchanged == 1


def test_a_broken_fetch_goes_on_where_it_stopped(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(archive())
    with monkeypatch.context() as patch:
        break_after(patch, 3)
        with pytest.raises(FetchError, match="goes on where it stopped"):
            fetch(tmp_path)
    assert not (tmp_path / "csvs").exists()
    asked = break_after(monkeypatch, 10**6)
    fetch(tmp_path)
    assert asked[0] == (3000, 4000)
    assert (tmp_path / Path(ARCHIVE).name).read_bytes() == archive()
    assert (tmp_path / "csvs" / "sn7_train_ground_truth_pix.csv").read_text() == CSV


def test_a_part_of_another_version_is_not_joined(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(archive(content=CSV.replace("10", "11")))
    with monkeypatch.context() as patch:
        break_after(patch, 3)
        with pytest.raises(FetchError):
            fetch(tmp_path)
    bucket.put(archive())
    fetch(tmp_path)
    assert (tmp_path / "csvs" / "sn7_train_ground_truth_pix.csv").read_text() == CSV


def test_an_archive_that_changes_while_it_is_fetched_is_refused(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(archive())
    get, asked = obstore.get, []

    def get_and_change(store: Any, path: str, *, options: Any) -> Any:
        asked.append(options)
        if len(asked) == 3:
            bucket.put(archive(content=CSV.replace("10", "11")))
        return get(store, path, options=options)

    monkeypatch.setattr(obstore, "get", get_and_change)
    with pytest.raises(FetchError, match="changed while it was fetched"):
        fetch(tmp_path)
    assert not (tmp_path / "csvs").exists()


def test_what_is_there_is_not_fetched_again(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(archive())
    fetch(tmp_path)
    asked = break_after(monkeypatch, 0)
    fetch(tmp_path)
    assert asked == []


def test_a_new_version_is_fetched_again(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put(archive())
    fetch(tmp_path)
    newer = CSV.replace("10", "11")
    bucket.put(archive(content=newer))
    fetch(tmp_path)
    assert (tmp_path / "csvs" / "sn7_train_ground_truth_pix.csv").read_text() == newer


def test_a_csv_that_was_deleted_is_unpacked_again(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put(archive())
    fetch(tmp_path)
    path = tmp_path / "csvs" / "sn7_train_ground_truth_pix.csv"
    path.unlink()
    fetch(tmp_path)
    assert path.read_text() == CSV


@pytest.mark.parametrize("name", ["../escaped.csv", "/srv/escaped.csv", "csvs/../../escaped.csv"])
def test_an_archive_that_leaves_its_folder_is_refused(
    bucket: Bucket, tmp_path: Path, name: str
) -> None:
    bucket.put(archive(name=name))
    with pytest.raises(UnsafeArchiveError, match="outside its folder"):
        fetch(tmp_path / "sn7")
    assert not list(tmp_path.rglob("escaped.csv"))


def test_a_damaged_archive_is_named(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put(archive()[:-300])
    with pytest.raises(SourceDamagedError, match="cut off"):
        fetch(tmp_path)
    assert not (tmp_path / "csvs").exists()


def test_a_missing_archive_is_named(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=re.escape(f"s3://{BUCKET}/{ARCHIVE} is not there")):
        fetch(tmp_path)


def test_a_note_that_cannot_be_read_is_no_note(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put(archive())
    fetch(tmp_path)
    note = next(tmp_path.glob("*.version.json"))
    assert json.loads(note.read_text())["size"] == len(archive())
    note.write_text("{")
    fetch(tmp_path)
    assert json.loads(note.read_text())["size"] == len(archive())
