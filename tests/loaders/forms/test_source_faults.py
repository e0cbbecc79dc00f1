"""Sources that cannot be loaded: one clear sentence each, and nothing half done."""

import gzip
import io
import os
import tarfile
import threading
from pathlib import Path

import psycopg
import pytest

from loaders.errors import (
    LoaderError,
    SourceChangedError,
    SourceDamagedError,
    SourceFormError,
    SourceMissingError,
    UnsafeArchiveError,
)
from loaders.forms.sources import find_source
from loaders.forms.streams import HashingFile
from loaders.load import load
from tests.fixtures.sources import HEADER, Raw, csv_text, row
from warehouse.connection.errors import UserError

CONTENT = csv_text(row(n % 100, f"20{10 + n // 1200}_{1 + n // 100 % 12:02}") for n in range(9000))


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


LABELS = (tarfile.TarInfo("csvs/labels.csv"), CONTENT.encode())
HALF = len(CONTENT) // 2

BAD_FILES: dict[str, tuple[bytes, type[LoaderError], str]] = {
    "empty file": (b"", SourceMissingError, "is empty"),
    "other columns": (b"id,geometry\n1,2\n", SourceFormError, "expected 'filename,id,geometry'"),
    "a column more": (HEADER.encode() + b",area\n", SourceFormError, "expected 'filename"),
    "columns in another order": (b"id,filename,geometry\n", SourceFormError, "expected 'filename"),
    "no header": (CONTENT.partition("\n")[2].encode(), SourceFormError, "starts with 'global"),
    "semicolons": (HEADER.replace(",", ";").encode() + b"\n", SourceFormError, "expected"),
    "old macintosh line ends": (
        CONTENT.replace("\n", "\r").encode(),
        SourceFormError,
        "carriage returns alone",
    ),
    "utf-16": (CONTENT.encode("utf-16"), SourceFormError, "is text in UTF-16"),
    "only line feeds": (b"\n\n\n", SourceFormError, "starts with ''"),
    "binary": (bytes(range(256)) * 64, SourceFormError, "holds NUL bytes"),
    "zip archive": (b"PK\x03\x04rest", SourceFormError, "unpack it"),
    "endless line": (HEADER.encode() + b"\n" + b"x" * 200_000, SourceFormError, "line 2 is longer"),
    "gzip cut off": (gzip.compress(CONTENT.encode())[:-100], SourceDamagedError, "cut off"),
    "gzip cut in its header": (gzip.compress(b"x")[:5], SourceDamagedError, "cut off"),
    "gzip damaged": (
        gzip.compress(CONTENT.encode(), mtime=0)[:-8] + b"12345678",
        SourceDamagedError,
        "damaged",
    ),
    "gzip with something after it": (
        gzip.compress(CONTENT.encode()) + b"rest",
        SourceDamagedError,
        "damaged",
    ),
    "gzip of nothing": (gzip.compress(b""), SourceFormError, "starts with ''"),
    "gzip of another csv": (gzip.compress(b"a,b\n"), SourceFormError, "starts with 'a,b'"),
    "tar cut off": (tar_of(LABELS)[:HALF], SourceDamagedError, "cut off"),
    "tar.gz cut off": (gzip.compress(tar_of(LABELS))[:-50], SourceDamagedError, "cut off"),
    "tar without a csv": (
        tar_of((tarfile.TarInfo("readme.txt"), b"hello")),
        SourceMissingError,
        "holds no .csv",
    ),
    "tar that writes above its folder": (
        tar_of(LABELS, (tarfile.TarInfo("../../etc/cron.d/x"), b"x")),
        UnsafeArchiveError,
        "outside its folder",
    ),
    "tar with an absolute path": (
        tar_of((tarfile.TarInfo("/etc/labels.csv"), CONTENT.encode()), LABELS),
        UnsafeArchiveError,
        "outside its folder",
    ),
    "tar with a symlink": (
        tar_of((link("csvs/a.csv", "/etc/passwd"), b""), LABELS),
        UnsafeArchiveError,
        "a link or device",
    ),
    "tar with a hard link": (
        tar_of(LABELS, (link("csvs/a.csv", "../x", tarfile.LNKTYPE), b"")),
        UnsafeArchiveError,
        "a link or device",
    ),
    "tar with a device": (
        tar_of(LABELS, (link("csvs/a.csv", "", tarfile.CHRTYPE), b"")),
        UnsafeArchiveError,
        "a link or device",
    ),
}


@pytest.fixture
def loaded(raw: Raw, tmp_path: Path) -> Raw:
    """A warehouse that holds something already, which no fault may touch."""
    path = tmp_path / "before.csv"
    path.write_text(csv_text([row(1)]), encoding="utf-8")
    load(path)
    return raw


@pytest.mark.parametrize(("content", "error", "words"), BAD_FILES.values(), ids=BAD_FILES)
@pytest.mark.parametrize("is_first", [True, False], ids=["empty", "full"])
def test_a_file_that_cannot_be_loaded_changes_nothing(
    raw: Raw,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    error: type[LoaderError],
    words: str,
    is_first: bool,
) -> None:
    monkeypatch.setattr("loaders.forms.streams.LONGEST_LINE_BYTES", 100_000)
    before = []
    if not is_first:
        (tmp_path / "before.csv").write_text(csv_text([row(1)]), encoding="utf-8")
        load(tmp_path / "before.csv")
        before = raw.rows()
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(error, match=words) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert is_first or raw.rows() == before
    assert is_first or raw.query("select count(*) from raw.rejected_row") == [(0,)]


def test_a_missing_file_is_named(raw: Raw, tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match=r"nothing\.csv does not exist"):
        load(tmp_path / "nothing.csv")


def test_a_folder_in_place_of_a_file_says_what_a_folder_must_hold(raw: Raw, tmp_path: Path) -> None:
    folder = tmp_path / "labels.csv"
    folder.mkdir()
    with pytest.raises(SourceMissingError, match=r"neither csvs/\*\.csv nor train"):
        load(folder)


def test_a_pipe_is_no_source(raw: Raw, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceFormError, match="neither a file nor a folder"):
        load(tmp_path / "pipe")


def test_an_unreadable_csv_within_a_folder_stops_the_load(loaded: Raw, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "csvs"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text(CONTENT, encoding="utf-8")
    (folder / "b.csv").write_bytes(b"")
    with pytest.raises(SourceMissingError, match=r"b\.csv is empty"):
        load(folder.parent)
    assert loaded.rows() == [row(1)]


@pytest.mark.parametrize("change", ["grows", "shrinks", "is rewritten"])
def test_a_file_that_changes_while_it_is_read_is_not_loaded(
    loaded: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = tmp_path / "growing.csv"
    path.write_text(CONTENT, encoding="utf-8")
    read = HashingFile.read

    def read_and_change(file: HashingFile, size: int, /) -> bytes:
        data = read(file, size)
        if not data:
            if change == "grows":
                with path.open("a") as more:
                    more.write("x\n")
            else:
                path.write_text("x\n" if change == "shrinks" else CONTENT)
                os.utime(path, (1, 1))
        return data

    monkeypatch.setattr(HashingFile, "read", read_and_change)
    with pytest.raises(SourceChangedError, match="changed while it was read"):
        load(path)
    assert loaded.rows() == [row(1)]


def test_a_failed_load_stands_in_the_ledger(loaded: Raw, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(gzip.compress(CONTENT.encode())[:-100])
    with pytest.raises(SourceDamagedError) as caught:
        load(path)
    found = loaded.query("select state, message from raw.load_run order by load_id")
    assert found == [("loaded", None), ("failed", str(caught.value))]


def test_after_a_failed_load_the_next_one_goes_through(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(gzip.compress(CONTENT.encode())[:-100])
    with pytest.raises(SourceDamagedError):
        load(path)
    path.write_bytes(gzip.compress(CONTENT.encode()))
    assert load(path).rows_loaded == 9000
    assert raw.is_consistent()


def test_a_link_to_a_file_is_the_file(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(CONTENT, encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(path)
    load(path)
    assert load(tmp_path / "link.csv").state == "unchanged"


def test_threads_end_with_a_failed_load(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(gzip.compress(CONTENT.encode())[:-100])
    with pytest.raises(SourceDamagedError):
        load(path)
    assert {thread.name for thread in threading.enumerate()} & {"reader", "writer_0"} == set()


def test_an_error_of_our_own_keeps_its_traceback_and_changes_nothing(
    loaded: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(CONTENT, encoding="utf-8")

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("loaders.raw.store.write_claims", fail)
    with pytest.raises(ZeroDivisionError):
        load(path)
    assert loaded.rows() == [row(1)]
    assert sorted(loaded.states()) == ["failed", "loaded"]


def test_kinds_are_told_by_content_and_not_by_name(tmp_path: Path) -> None:
    kinds: dict[str, bytes] = {
        "csv": CONTENT.encode(),
        "csv.gz": gzip.compress(CONTENT.encode()),
        "tar": tar_of(LABELS),
        "tar.gz": gzip.compress(tar_of(LABELS)),
    }
    path = tmp_path / "labels.bin"
    for kind, content in kinds.items():
        path.write_bytes(content)
        assert find_source(path).kind == kind


def test_a_database_without_postgis_is_named(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(CONTENT, encoding="utf-8")
    monkeypatch.setattr(
        "warehouse.setup.bootstrap.create_postgis",
        lambda _: (_ for _ in ()).throw(UserError("has no PostGIS")),
    )
    with pytest.raises(UserError, match="has no PostGIS"):
        load(path)
    with psycopg.connect(empty_database) as connection:
        found = connection.execute("select 1 from pg_namespace where nspname = 'raw'").fetchall()
    assert found == []
