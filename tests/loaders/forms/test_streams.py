"""Reading a file by whole lines."""

import hashlib
from contextlib import closing
from pathlib import Path

import pytest

from loaders.forms.streams import HashingFile, LinewiseFile


@pytest.mark.parametrize("size", [7, 1001, 10**6])
def test_each_read_ends_with_a_line_and_nothing_is_lost(tmp_path: Path, size: int) -> None:
    content = b"".join(b"%d,x\n" % number for number in range(1000)) + b"without an end"
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with closing(HashingFile(path)) as file:
        reads = list(iter(lambda: LinewiseFile(file).read(size), b""))
        assert file.finish() == hashlib.sha256(content).hexdigest()
    assert b"".join(reads) == content
    whole = [read for read in reads if read.endswith(b"\n")]
    assert b"".join(whole) == content.removesuffix(b"without an end")
    assert max(map(len, reads)) <= size


def test_a_line_longer_than_what_is_looked_at_is_read_in_parts(tmp_path: Path) -> None:
    content = b"x" * 300_000 + b"\n"
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with closing(HashingFile(path)) as file:
        reads = list(iter(lambda: LinewiseFile(file).read(100_000), b""))
    assert [len(read) for read in reads] == [100_000, 100_000, 100_000, 1]
    assert b"".join(reads) == content
