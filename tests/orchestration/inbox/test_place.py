"""An inbox in a folder and one in a bucket: what lies there, by content, and none of the rest."""

import http.client
from collections.abc import Callable, Iterator
from pathlib import Path

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import ObjectStore, S3Store

from orchestration.errors import InboxError
from orchestration.inbox.place import Inbox, open_inbox

Put = Callable[[str, bytes], None]

BUCKET = "deliveries"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3-compatible server on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    connection = http.client.HTTPConnection(host, port)
    connection.request("PUT", f"/{BUCKET}", headers={"x-amz-acl": "public-read-write"})
    assert connection.getresponse().status == 200
    connection.close()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def inbox(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Inbox, Put]:
    """An inbox, and a way to put files into it."""
    monkeypatch.setenv("SN7_HOME", str(tmp_path / "home"))
    if request.param == "folder":
        address = str(tmp_path / "inbox")
        Path(address).mkdir()

        def put(path: str, content: bytes) -> None:
            (Path(address) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(address) / path).write_bytes(content)

    else:
        address = f"s3://{BUCKET}/{tmp_path.name}"
        endpoint = request.getfixturevalue("endpoint")
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": "anything",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        store: ObjectStore = S3Store(BUCKET, prefix=tmp_path.name)

        def put(path: str, content: bytes) -> None:
            obstore.put(store, path, content)

    monkeypatch.setenv("SN7_INBOX", address)
    found = open_inbox()
    assert found is not None
    return found, put


def test_files_and_folders_at_the_top_are_sources(inbox: tuple[Inbox, Put]) -> None:
    place, put = inbox
    put("2018_01.csv", b"a")
    put("delivery/csvs/1.csv", b"bb")
    put("delivery/train/x/labels/1_UDM.geojson", b"ccc")

    found = place.entries()

    assert {name: (len(one.files), one.size_bytes) for name, one in found.items()} == {
        "2018_01.csv": (1, 1),
        "delivery": (2, 5),
    }


def test_hidden_and_unfinished_files_are_none(inbox: tuple[Inbox, Put]) -> None:
    place, put = inbox
    for name in (".2018_01.csv", "2018_01.csv.part", "x/.rsync", "b.crdownload", "__MACOSX/a.csv"):
        put(name, b"a")

    assert place.entries() == {}


def test_the_digest_is_of_the_content_alone(inbox: tuple[Inbox, Put]) -> None:
    place, put = inbox

    def digest() -> str:
        return place.digest(place.entries()["a.csv"])

    put("a.csv", b"one")
    first = digest()
    put("a.csv", b"one")
    assert digest() == first
    put("a.csv", b"two")
    assert digest() != first


def test_an_entry_is_at_hand_whole(inbox: tuple[Inbox, Put]) -> None:
    place, put = inbox
    put("delivery/csvs/1.csv", b"bb")
    put("delivery/csvs/2.csv", b"ccc")

    with place.at_hand(place.entries()["delivery"]) as path:
        content = {file.name: file.read_bytes() for file in path.rglob("*.csv")}

    assert content == {"1.csv": b"bb", "2.csv": b"ccc"}
    assert path.exists() == (place.folder is not None)


def test_no_inbox_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SN7_INBOX", raising=False)

    assert open_inbox() is None


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/no/such/folder", "the inbox /no/such/folder .* is no folder; make it, or mount"),
        ("ftp://host/inbox", "SN7_INBOX is 'ftp://host/inbox': .*expected a folder, s3://"),
    ],
)
def test_what_is_no_inbox_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, address: str, sentence: str
) -> None:
    monkeypatch.setenv("SN7_INBOX", address)

    with pytest.raises(InboxError, match=sentence):
        open_inbox()


def test_a_bucket_that_does_not_answer_is_said_in_a_sentence(
    inbox: tuple[Inbox, Put], monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "anybody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
    monkeypatch.setenv("SN7_INBOX", "s3://no-such-bucket/inbox")
    missing = open_inbox()
    assert missing is not None

    with pytest.raises(InboxError, match=r"the inbox s3://no-such-bucket/inbox .* cannot be read"):
        missing.entries()
