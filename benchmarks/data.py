"""The files that are measured: the data set, a share of its rows, and its last month apart."""

import itertools
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkError

CSV: Final = "csvs/sn7_train_ground_truth_pix.csv"
MASK_ENDING: Final = "_UDM.geojson"
MASKS: Final = f"train/*/labels/*{MASK_ENDING}"


@dataclass(frozen=True, slots=True)
class DataSet:
    """A folder of SpaceNet 7's form: a CSV and the masks of unusable data.

    Attributes:
        folder: The folder.
        csv: Its CSV.
        rows: Rows of the CSV, without the header.
        size_bytes: Size of the CSV.
    """

    folder: Path
    csv: Path
    rows: int
    size_bytes: int


def open_data_set(folder: Path) -> DataSet:
    """Look at a folder and count the rows of its CSV (which also warms the file cache).

    Raises:
        BenchmarkError: There is no CSV in it.
    """
    csv = (folder / CSV).resolve()
    if not csv.is_file():
        raise BenchmarkError(f"{folder} has no {CSV}; expected a folder that `synthesize` wrote")
    with csv.open("rb") as file:
        rows = sum(1 for _ in file) - 1
    return DataSet(folder.resolve(), csv, rows, csv.stat().st_size)


def write_every(csv: Path, *, step: int, out: Path) -> int:
    """Write the header and every ``step``-th row, so that all chips and months have their share.

    Returns:
        The number of rows written.
    """
    with csv.open("rb") as source, out.open("wb") as target:
        target.write(next(source))
        rows = 0
        for line in itertools.islice(source, 0, None, step):
            target.write(line)
            rows += 1
    return rows


def write_first_row(csv: Path, out: Path) -> None:
    """Write the header and the first row: what is left to measure is start-up."""
    with csv.open("rb") as source, out.open("wb") as target:
        target.writelines(itertools.islice(source, 2))


def cut_to_one_row(whole: DataSet, out: Path, *, image: int) -> DataSet:
    """Write the first row of an image, and a mask: files of each kind, as good as empty.

    Args:
        whole: The data set.
        out: New folder.
        image: Which image, from 0, in the order of the file.
    """
    shutil.rmtree(out, ignore_errors=True)
    (out / CSV).parent.mkdir(parents=True)
    with whole.csv.open("rb") as source, (out / CSV).open("wb") as target:
        target.write(next(source))
        images = itertools.groupby(source, key=_stem)
        _, rows = next(itertools.islice(images, image, None))
        target.write(next(rows))
    for mask in sorted(whole.folder.glob(MASKS))[:1]:
        copy = out / mask.relative_to(whole.folder)
        copy.parent.mkdir(parents=True)
        shutil.copyfile(mask, copy)
    return open_data_set(out)


def split_last_month(whole: DataSet, out: Path) -> tuple[DataSet, DataSet]:
    """Hold back the last month of each chip, as one new month of all chips.

    Chips end in different months; what is held back takes the name of the latest of them, so that
    it arrives as a new mosaic does: one month, every chip.

    Args:
        whole: The data set.
        out: New folder; gets ``before`` and ``month``, two data sets with their own masks.

    Returns:
        All months but the last of each chip, and the new month.
    """
    shutil.rmtree(out, ignore_errors=True)
    before, month = out / "before", out / "month"
    for folder in (before, month):
        (folder / CSV).parent.mkdir(parents=True)
    with whole.csv.open("rb") as source:
        next(source)
        names = _new_names(source)
    with (
        whole.csv.open("rb") as source,
        (before / CSV).open("wb") as old,
        (month / CSV).open("wb") as new,
    ):
        header = next(source)
        old.write(header)
        new.write(header)
        for line in source:
            stem = _stem(line)
            name = names.get(stem)
            if name is None:
                old.write(line)
            else:
                new.write(name + line[len(stem) :])
    for mask in whole.folder.glob(MASKS):
        name = names.get(mask.name.removesuffix(MASK_ENDING).encode())
        copy = (before if name is None else month) / mask.relative_to(whole.folder)
        if name is not None:
            copy = copy.with_name(name.decode() + MASK_ENDING)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(mask, copy)
    return open_data_set(before), open_data_set(month)


def _new_names(lines: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return the stem of each chip's last month, and that of the new month."""
    # A stem is global_monthly_YYYY_MM_mosaic_<chip>, so that stems of one chip sort by month.
    last: dict[bytes, bytes] = {}
    for stem, _ in itertools.groupby(lines, key=_stem):
        _, chip = stem.split(b"_mosaic_", 1)
        last[chip] = max(stem, last.get(chip, stem))
    latest = max(stem.split(b"_mosaic_", 1)[0] for stem in last.values())
    return {stem: latest + b"_mosaic_" + chip for chip, stem in last.items()}


def _stem(line: bytes) -> bytes:
    return line[: line.index(b",")]
