"""What arrives, step by step: the generated sample in the forms in which data change."""

import shutil
from pathlib import Path
from typing import Final

import polars as pl

_CSV: Final = "csvs/sn7_train_ground_truth_pix.csv"
_MONTH: Final = r"global_monthly_(\d{4}_\d{2})_mosaic"
_CHIP: Final = r"mosaic_(.+)$"

STEPS: Final = (
    "a first build",
    "one month more",
    "a correction",
    "a chip that leaves",
    "a full refresh",
    "everything",
)


def deliver(sample: Path, folder: Path, step: str) -> Path:
    """Write the sample as it stands at a step, as generated data; masks come with their images.

    Args:
        sample: A folder in the tree of SpaceNet 7.
        folder: Made anew.
        step: One of ``STEPS``.
    """
    shutil.rmtree(folder, ignore_errors=True)
    rows = _rows(pl.read_csv(sample / _CSV), step)
    (folder / _CSV).parent.mkdir(parents=True)
    shutil.copy(sample / "synthesis.json", folder)
    rows.write_csv(folder / _CSV, quote_style="necessary")
    images = set(rows["filename"])
    for mask in sample.glob("train/*/labels/*_UDM.geojson"):
        if mask.name.removesuffix("_UDM.geojson") in images:
            copy = folder / mask.relative_to(sample)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(mask, copy)
    return folder


def _rows(rows: pl.DataFrame, step: str) -> pl.DataFrame:
    if step == "everything":
        return rows
    month, chip = (
        rows["filename"].str.extract(pattern, 1).alias(name)
        for pattern, name in ((_MONTH, "month"), (_CHIP, "chip"))
    )
    keep = pl.Series([True] * rows.height)
    if step == "a first build":
        keep &= month != month.max()
    if step in STEPS[2:]:
        corrected = chip.is_in(sorted(set(chip))[:5]) & (month == sorted(set(month))[10])
        keep &= ~(corrected & (rows["id"] % 5 == 0))
    if step in STEPS[3:]:
        keep &= chip != sorted(set(chip))[-1]
    return rows.filter(keep)
