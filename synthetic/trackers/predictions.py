"""A CSV of predictions made from a CSV of labels, chip by chip."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import shapely

from loaders.by_chip import NO_CHIP, CsvByChip, csv_by_chip
from loaders.forms.parts import ROW_SCHEMA
from synthetic.errors import ForeignFolderError, SizeError, SyntheticDataError
from synthetic.steady import Purpose, stream
from synthetic.trackers.disturbing import Labels, Predictions, disturb
from synthetic.trackers.styles import Style, errors_of

_HEADER: Final = b"filename,id,geometry\n"
_NOTHING: Final = '0,"POLYGON EMPTY"\n'


@dataclass(frozen=True, slots=True)
class PredictionsReport:
    """What was written.

    Attributes:
        out: The CSV.
        labels: Rows that were read.
        rows: Rows that were written, those of empty months among them.
        chips: Chips.
    """

    out: Path
    labels: int
    rows: int
    chips: int


def predict(truth: Path, out: Path, *, style: Style, seed: int = 7) -> PredictionsReport:
    """Write what a tracker of a style would predict.

    Args:
        truth: CSV of labels, ``filename,id,geometry``.
        out: The CSV to write; it takes its name when it is complete.
        style: How the tracker errs.
        seed: Same labels, style and seed, same bytes.

    Raises:
        LoaderError: ``truth`` is no such CSV.
        SyntheticDataError: It holds lines that are no labels.
        ForeignFolderError: ``out`` is a folder, or the labels themselves.
        SizeError: The seed is negative.
    """
    if seed < 0:
        raise SizeError(f"the seed {seed} is negative; choose 0 or more")
    source = csv_by_chip(truth)
    if out.is_dir() or (out.exists() and out.samefile(truth)):
        raise ForeignFolderError(f"{out} is a folder or the labels themselves; name a new CSV")
    if NO_CHIP in source.spans:
        line = source.spans[NO_CHIP][0].first_line
        raise SyntheticDataError(f"{truth}: line {line} names no chip; expected labels only")
    out.parent.mkdir(parents=True, exist_ok=True)
    work = out.with_name(f".{out.name}.partial-{os.getpid()}")
    labels = rows = 0
    try:
        with work.open("wb") as file:
            file.write(_HEADER)
            for chip_id in source.spans:
                read, lines = _chip(source, chip_id, style, seed)
                file.write("".join(lines).encode())
                labels, rows = labels + read, rows + len(lines)
        work.replace(out)
    finally:
        work.unlink(missing_ok=True)
    return PredictionsReport(out, labels, rows, len(source.spans))


def _chip(source: CsvByChip, chip_id: str, style: Style, seed: int) -> tuple[int, list[str]]:
    """Return how many labels a chip has, and the lines of its predictions."""
    names, labels = _labels(source, chip_id)
    tile_x, tile_y = chip_id.split("_")[1:3]
    rng = stream(seed, Purpose.TRACKERS, int(tile_x) << 16 | int(tile_y))
    said = disturb(labels, errors_of(style), rng)
    return len(labels.month), _lines(names, said)


def _lines(names: list[str], said: Predictions) -> list[str]:
    lines: list[str] = []
    ends = np.searchsorted(said.month, np.arange(len(names)), side="right").tolist()
    for name, start, end in zip(names, [0, *ends], ends, strict=False):
        if start == end:
            lines.append(f"{name},{_NOTHING}")
        lines.extend(
            f'{name},{identity},"{text}"\n'
            for identity, text in zip(
                said.identity[start:end].tolist(), said.text[start:end].tolist(), strict=True
            )
        )
    return lines


def _labels(source: CsvByChip, chip_id: str) -> tuple[list[str], Labels]:
    """Return the filenames of a chip by month, and its labels."""
    try:
        read = [
            pl.read_csv(lines.text, has_header=False, schema=ROW_SCHEMA)
            for lines in source.read(chip_id)
        ]
    except pl.exceptions.PolarsError:
        read = [pl.DataFrame({name: [None] for name in ROW_SCHEMA}, schema=ROW_SCHEMA)]
    frame = pl.concat(read).sort("filename", maintain_order=True)
    texts = frame["geometry"].unique(maintain_order=True)
    polygons = shapely.from_wkt(texts.to_numpy(), on_invalid="ignore")
    if (shapely.get_type_id(polygons) != shapely.GeometryType.POLYGON).any():
        raise SyntheticDataError(
            f"{source.path}: chip {chip_id} has lines that are no labels; "
            "load the file to see which"
        )
    names = frame["filename"].unique(maintain_order=True)
    place = pl.int_range(len(names), eager=True)
    position = pl.int_range(len(texts), eager=True)
    return names.to_list(), Labels(
        months=len(names),
        month=frame["filename"].replace_strict(names, place).to_numpy().astype(np.int64),
        building_id=frame["id"].to_numpy().astype(np.int64),
        footprint=frame["geometry"].replace_strict(texts, position).to_numpy().astype(np.int64),
        polygons=polygons,
    )
