"""The files: CSV, masks, truth. Everything goes to a folder beside the target, then takes its name.

An interrupted run leaves only that folder; the next run removes it.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import polars as pl

from synthetic.drawing.chip import ChipData
from synthetic.drawing.settlement import NEVER
from synthetic.errors import ForeignFolderError
from synthetic.planning.facts import CALENDAR
from synthetic.steady import Ints

MARKER = "synthesis.json"
"""File that tells that a folder was written by the generator, and how."""
CSV = Path("csvs/sn7_train_ground_truth_pix.csv")
TIME_KEYS = np.array([*CALENDAR, 0], dtype=np.int32)


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write to that becomes ``out`` when the block ends well.

    Raises:
        ForeignFolderError: ``out`` is a file, or a folder with files that no run of ours wrote.
    """
    if out.exists() and not out.is_dir():
        raise ForeignFolderError(f"{out} is a file; name a new folder with --out")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise ForeignFolderError(
            f"{out} holds files that are not synthetic data; name a new or an empty folder"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(out)
    work = out.parent / f".{out.name}.partial-{os.getpid()}"
    work.mkdir()
    try:
        yield work
        if out.exists():
            old = out.parent / f".{out.name}.old-{os.getpid()}"
            out.rename(old)
            work.rename(out)
            shutil.rmtree(old)
        else:
            work.rename(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _remove_leftovers(out: Path) -> None:
    """Remove what runs left behind that no longer live."""
    for kind in ("partial", "old"):
        for left in out.parent.glob(f".{out.name}.{kind}-*"):
            pid = left.name.rsplit("-", 1)[1]
            if not (pid.isdigit() and Path("/proc", pid).exists()) or pid == str(os.getpid()):
                shutil.rmtree(left, ignore_errors=True)


class Writer:
    """Writes one chip after the other and, at the end, the truth of all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = 0
        self.buildings: list[pl.DataFrame] = []
        self.occlusions: list[pl.DataFrame] = []
        self.chip_months: list[pl.DataFrame] = []
        (folder / CSV).parent.mkdir(parents=True)
        self.file = (folder / CSV).open("wb")

    def __enter__(self) -> Self:
        self.file.write(b"filename,id,geometry\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()

    def write(self, data: ChipData) -> None:
        """Write the rows and masks of a chip and keep its truth."""
        self._write_rows(data)
        for month, polygons in data.sky.masks.items():
            path = self.folder / "train" / data.chip.chip_id / "labels"
            path.mkdir(parents=True, exist_ok=True)
            stem = data.chip.stem(month)
            (path / f"{stem}_UDM.geojson").write_text(
                _mask_json(stem, polygons), encoding="utf-8", newline="\n"
            )
        self._keep_truth(data)

    def finish(self, settings: dict[str, object]) -> None:
        """Write the truth and the marker."""
        truth = self.folder / "truth"
        truth.mkdir()
        for name, frames in (
            ("buildings", self.buildings),
            ("occlusions", self.occlusions),
            ("chip_months", self.chip_months),
        ):
            pl.concat(frames).write_parquet(truth / f"{name}.parquet", compression="zstd")
        (self.folder / MARKER).write_text(
            json.dumps({**settings, "rows": self.rows}, indent=1) + "\n", encoding="utf-8"
        )

    def _write_rows(self, data: ChipData) -> None:
        tails = np.array(
            [
                f'{identity},"{text}"\n'.encode()
                for identity, text in zip(data.building_id.tolist(), data.text, strict=True)
            ],
            dtype=object,
        )
        changes = sorted((month, at, text) for at, (month, text) in data.redrawn.items())
        for month, seen in sorted(data.seen.items()):
            while changes and changes[0][0] <= month:
                _, at, text = changes.pop(0)
                tails[at] = f'{data.building_id[at]},"{text}"\n'.encode()
            head = f"{data.chip.stem(month)},".encode()
            self.file.write(head + head.join(tails[seen].tolist()))
            self.rows += len(seen)

    def _keep_truth(self, data: ChipData) -> None:
        ended = pl.Series(TIME_KEYS[np.where(data.ended == NEVER, len(CALENDAR), data.ended)])
        self.buildings.append(
            pl.DataFrame(
                {
                    "building_id": data.building_id.astype(np.int32),
                    "born": TIME_KEYS[data.born],
                    "ended": ended.replace(0, None),
                    "demolished": data.ended != NEVER,
                }
            )
            .insert_column(0, pl.lit(data.chip.chip_id).alias("chip_id"))
            .sort("building_id")
        )
        for missing, masked in ((data.hidden, True), (data.gaps, False)):
            for month, at in sorted(missing.items()):
                self.occlusions.append(_occluded(data, month, at, masked=masked))
        self.chip_months.append(_true_counts(data))


def _occluded(data: ChipData, month: int, at: Ints, *, masked: bool) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "chip_id": pl.Series([data.chip.chip_id] * len(at), dtype=pl.String),
            "time_key": pl.Series([CALENDAR[month]] * len(at), dtype=pl.Int32),
            "building_id": np.sort(data.building_id[at]).astype(np.int32),
            "under_mask": pl.Series([masked] * len(at), dtype=pl.Boolean),
        }
    )


def _true_counts(data: ChipData) -> pl.DataFrame:
    """Return what stood in every calendar month from the first to the last with rows."""
    months = list(range(data.chip.first, data.chip.last + 1))
    counts = [int(((data.born <= month) & (data.ended > month)).sum()) for month in months]
    return pl.DataFrame(
        {
            "chip_id": [data.chip.chip_id] * len(months),
            "time_key": pl.Series([CALENDAR[month] for month in months], dtype=pl.Int32),
            "true_count": pl.Series(counts, dtype=pl.Int32),
            "observed": [month in data.seen for month in months],
        }
    )


def _mask_json(stem: str, polygons: list[list[list[tuple[float, float]]]]) -> str:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Polygon", "coordinates": rings},
        }
        for rings in polygons
    ]
    document = {
        "type": "FeatureCollection",
        "name": f"{stem}_UDM",
        "crs": crs,
        "features": features,
    }
    return json.dumps(document) + "\n"
