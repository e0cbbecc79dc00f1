"""Costs are bounded: what a file costs grows with its bytes, whatever they are."""

import bz2
import gzip
import io
import logging
import subprocess
import sys
import tarfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders import progress
from loaders.errors import SourceFormError
from loaders.forms import unpacking
from loaders.forms.csv_rows import read_lines
from loaders.forms.parts import Batch, FileLines, Part, Rejections
from loaders.forms.reading import Reader
from loaders.forms.sources import find_source
from loaders.forms.streams import Piece, count_lines
from loaders.load import load
from loaders.terms.reasons import Reason
from tests.fixtures.sources import HEADER, Raw, csv_text, filename, line, row, square
from warehouse.connection.settings import PROJECT_ROOT

ROW_COUNT = 20_000


def rows_as(form: str) -> bytes:
    texts = [square(n % 900 + 0.123456789, n // 900 + 0.123456789) for n in range(ROW_COUNT)]
    return "".join(form.format(filename(), n, text) + "\n" for n, text in enumerate(texts)).encode()


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least of three."""
    found = []
    for _ in range(3):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def read(lines: bytes) -> list[Batch | Rejections]:
    return list(read_lines(Piece(lines, count_lines(lines), FileLines(("labels.csv",), (2,)))))


@pytest.mark.parametrize(
    "form", ['"{}",{},"{}"', '"{}","{}","{}"', '{},{}.0,"{}"', 'x/{}.tif,{},"{}"']
)
def test_other_forms_cost_about_what_the_plain_one_does(form: str) -> None:
    plain, other = rows_as('{},{},"{}"'), rows_as(form)
    assert sum(part.frame.height for part in read(other) if isinstance(part, Batch)) == ROW_COUNT
    one_by_one = cpu_seconds(lambda: [each.split(b",") for each in plain.split(b"\n")])
    assert cpu_seconds(lambda: read(other)) < 6 * cpu_seconds(lambda: read(plain)) + one_by_one


def test_a_few_bad_lines_leave_the_others_fast() -> None:
    plain = rows_as('{},{},"{}"')
    bad = plain.replace(b'00,"POLYGON', b'00x,"POLYGON')
    parts = read(bad)
    assert [type(part) for part in parts] == [Rejections, Batch]
    assert cpu_seconds(lambda: read(bad)) < 8 * cpu_seconds(lambda: read(plain)) + 0.05


@pytest.mark.parametrize("bad", [b"x\n", b"\n", b'"\n', b",,\n", b"\xff\n"])
def test_bad_lines_come_together(bad: bytes) -> None:
    parts = read(bad * ROW_COUNT)
    counts = [len(part.rows) for part in parts if isinstance(part, Rejections)]
    assert (sum(counts), len(counts)) == (ROW_COUNT, 4)
    assert cpu_seconds(lambda: read(bad * ROW_COUNT)) < 1.5


def test_many_short_lines_are_read_by_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.forms.csv_rows.LINES_AT_ONCE", 7)
    texts = [line(row(n)) if n % 3 else "x" for n in range(50)]
    found: dict[int, str] = {}
    for part in read("".join(f"{text}\n" for text in texts).encode()):
        if isinstance(part, Rejections):
            found.update((each.line, each.text) for each in part.rows)
        else:
            places = [part.files.place(at)[1] for at in part.lines.tolist()]
            found.update(zip(places, map(line, part.frame.rows()), strict=True))
    assert [found[number] for number in range(2, 52)] == texts


def test_a_piece_of_tiny_lines_takes_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.forms.csv_rows.LINES_AT_ONCE", 10_000)
    piece = Piece(b"xy\n" * 100_000, 100_000, FileLines(("labels.csv",), (2,)))
    tracemalloc.start()
    try:
        counted = sum(len(part.rows) for part in read_lines(piece) if isinstance(part, Rejections))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert counted == 100_000
    assert peak < 6_000_000


def test_twenty_thousand_unreadable_lines_are_written_at_once(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(csv_text([row(1)]) + "x\n" * ROW_COUNT, encoding="utf-8")
    assert cpu_seconds_of_load(path) < 3
    assert raw.query("select count(*) from raw.rejected_row") == [(ROW_COUNT,)]


def cpu_seconds_of_load(path: Path) -> float:
    started = time.process_time()
    load(path)
    return time.process_time() - started


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_what_unpacks_to_far_more_than_labels_is_refused(
    raw: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1_000_000)
    path = tmp_path / "labels.csv"
    path.write_bytes(pack(csv_text([row(1)]).encode() + b"\n" * 20_000_000))
    with pytest.raises(SourceFormError, match="unpacks to more than 250 times its size"):
        load(path)
    assert raw.query("select count(*) from raw.rejected_row") == [(0,)]


def test_labels_that_repeat_themselves_unpack(tmp_path: Path, raw: Raw) -> None:
    rows = [row(n, f"20{year}_{m:02}") for year in (18, 19) for m in range(1, 13) for n in range(9)]
    path = tmp_path / "labels.csv.bz2"
    path.write_bytes(bz2.compress(csv_text(rows).encode()))
    assert load(path).rows_loaded == len(rows)


@pytest.mark.parametrize(
    "polygon",
    [
        "POLYGON ((" + "0 0, " * 1_000_000 + "0 0))",
        "x" * 5_000_000,
        "POLYGON ((" + "a b, " * 1_000_000,
        "MULTIPOLYGON (((" + "0 0, " * 1_000_000 + "0 0)))",
        "(" * 5_000_000,
    ],
    ids=["long", "letters", "words", "multipolygon", "brackets"],
)
def test_a_polygon_of_megabytes_is_rejected_at_little_cost(tmp_path: Path, polygon: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f'{HEADER}\n{filename()},1,"{polygon}"\n{line(row(2))}\n', encoding="utf-8")
    work = (
        "import resource, sys; from pathlib import Path; "
        "from loaders.assembly.batches import Assembly; "
        "from loaders.forms.reading import Reader; from loaders.forms.sources import find_source; "
        "import numpy as np, polars as pl; "
        "known = lambda _: (np.zeros(0, np.int32), np.zeros(0, np.int16), "
        "pl.Series([], dtype=pl.String)); assembly = Assembly(known); "
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; before = used(); "
        "found = [assembly.add(p) for p in Reader(find_source(Path(sys.argv[1]))).parts()]; "
        "print(found[0].rejections[0].reason.partition(':')[0], found[0].row_count, "
        "used() - before, sep='|')"
    )
    done = subprocess.run(
        [sys.executable, "-c", work, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT_ROOT,
    )
    reason, loaded, kilobytes = done.stdout.strip().split("|")
    assert (reason, loaded) == (Reason.POLYGON_LONG.value, "1")
    assert int(kilobytes) < 200_000


def test_tiny_members_of_an_archive_are_read_together(tmp_path: Path) -> None:
    path = tmp_path / "labels.tar"
    with tarfile.open(path, "w") as archive:
        for number in range(2000):
            content = csv_text([row(number, polygon=square(number % 900, 1))]).encode()
            member = tarfile.TarInfo(f"csvs/{number}.csv")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    parts = list(Reader(find_source(path)).parts())
    assert [part.frame.height for part in parts if isinstance(part, Batch)] == [2000]
    assert parts_files(parts)[1234] == ("csvs/1234.csv", 2)
    assert cpu_seconds(lambda: list(Reader(find_source(path)).parts())) < 2


def parts_files(parts: list[Part]) -> list[tuple[str, int]]:
    return [part.files.place(at) for part in parts if isinstance(part, Batch) for at in part.lines]


def test_progress_tells_the_compressed_bytes_that_are_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.forms.streams.PIECE_BYTES", 100_000)
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(gzip.compress(csv_text(row(n) for n in range(20_000)).encode()))
    reader = Reader(find_source(path))
    positions = [reader.position for part in reader.parts() if isinstance(part, Batch)]
    size = path.stat().st_size
    assert len(positions) > 10
    assert positions == sorted(positions)
    assert positions[len(positions) // 2] < 0.7 * size
    assert max(positions) < size
    assert reader.position == size


def test_progress_says_a_hundred_percent_only_at_the_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with (
        caplog.at_level(logging.INFO, "loaders"),
        progress.tracking(total_bytes=1000, enabled=True) as advance,
    ):
        for position in (999, 1000, 1200):
            advance(position, 5)
    assert "100 %" not in caplog.text
    assert caplog.text.count("99 %") == 3
    assert "-" not in caplog.text.replace("--", "").partition("rows")[2]
