"""The figures of the real data beside those of a data set, and whether they are met."""

import json
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from synthetic.judging.growth import SEEDS, generator_values, growth_values, image_histories
from synthetic.judging.measures import (
    Counts,
    count,
    image_texts,
    overlapping,
    placement,
    shapes,
    steps,
    street_share,
)
from synthetic.planning.facts import CALENDAR, FOLDER, ROWS, chips
from synthetic.steady import Floats
from synthetic.synthesis import Size
from synthetic.writing import MARKER

SUBURBS = {
    "A": ("L15-1615E-1205N_6460_3370_13", 201707),
    "B": ("L15-0331E-1257N_1327_3160_13", 202001),
}
"""Chip and month of the two real label files that the figures of shape were read off."""
LARGE = 0.9
"""Buildings in relation to the real data from which on figures of growth mean something."""


class At(StrEnum):
    """At which size a figure means anything."""

    ANY = "any"
    LARGE = "large"
    REAL = "real"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        name: What it is.
        target: The real value, as text.
        low, high: What is accepted.
        at: Sizes at which it is judged.
        percent: Shown in per cent.
        generated: The value of the data set.
        judged: The data set has a size at which the figure means something.
    """

    name: str
    target: str
    low: float
    high: float
    at: At
    percent: bool
    generated: float
    judged: bool

    @property
    def met(self) -> bool:
        """Whether the figure is within what is accepted, or not judged."""
        return not self.judged or self.low <= self.generated <= self.high


def figures(folder: Path) -> list[Figure]:
    """Measure the data set in ``folder`` and set it beside the real data.

    Raises:
        SyntheticDataError: ``folder`` holds no CSV of SpaceNet 7's form.
    """
    made = _made(folder)
    scale = Size(made["size"]).scale * float(made["factor"]) if made else 1.0
    counts = count(folder)
    judged_at = {
        At.ANY: True,
        At.LARGE: scale >= LARGE,
        At.REAL: abs(scale - 1) < 1 - LARGE,
        At.GENERATED: bool(made),
    }
    values = _count_values(counts, scale) | _growth_values(counts) | _identity_values(counts)
    values |= _polygon_values(counts)
    if judged_at[At.REAL]:
        values |= _suburb_values(folder) | growth_values(image_histories(counts.images))
    if made:
        values |= {
            f"{name}, median of {SEEDS} seeds": value
            for name, value in generator_values(int(made["seed"])).items()
        }
    found = []
    for entry in tomllib.loads((FOLDER / "figures.toml").read_text(encoding="utf-8"))["figure"]:
        judged = judged_at[At(entry["at"])]
        found.append(
            Figure(
                name=entry["name"],
                target=entry["target"],
                low=entry["low"],
                high=entry["high"],
                at=At(entry["at"]),
                percent=entry.get("percent", False),
                generated=values.get(entry["name"], float("nan")),
                judged=judged,
            )
        )
    return found


def _made(folder: Path) -> dict[str, Any]:
    """Return how a data set was generated; nothing for other folders, which count as real."""
    marker = folder / MARKER
    return json.loads(marker.read_text(encoding="utf-8")) if marker.is_file() else {}


def _count_values(counts: Counts, scale: float) -> dict[str, float]:
    images = counts.images
    real = {(chip.chip_id, CALENDAR[month]) for chip in chips() for month in chip.observed}
    found = set(images.select("chip_id", "time_key").iter_rows())
    means = dict(images.group_by("chip_id").agg(pl.col("rows").mean()).iter_rows())
    known = {chip.chip_id: chip.mean_count for chip in chips() if chip.mean_count}
    off = [abs(means.get(chip_id, 0.0) / mean - 1) for chip_id, mean in known.items()]
    rows = images["rows"]
    return {
        "rows off the planned number": abs(int(rows.sum()) - round(ROWS * scale)),
        "chips": len(means),
        "chip-months with rows": len(images),
        "chip-months that are not the real ones": len(real ^ found),
        "calendar months": images["time_key"].n_unique(),
        "buildings per chip-month, mean": float(rows.sum()) / len(images),
        "buildings per chip-month, fewest": int(rows.to_numpy().min()),
        "buildings per chip-month, most": int(rows.to_numpy().max()),
        "largest deviation of 18 known means": max(off),
        "mean of the other 42 chips' means": _mean(
            [mean for chip_id, mean in means.items() if chip_id not in known]
        ),
        "chip-months with a mask": len(counts.masks),
        "chips with a mask": counts.masks["chip_id"].n_unique(),
        "CSV, GB": counts.size / 1e9,
    }


def _growth_values(counts: Counts) -> dict[str, float]:
    walked = steps(counts.images, counts.masks)
    clear = walked.filter("clear").with_columns(
        change=pl.col("after").cast(pl.Int64) - pl.col("before").cast(pl.Int64)
    )
    change, before = clear["change"].to_numpy(), clear["before"].to_numpy()
    rate = change / before
    increases = walked.filter(pl.col("after") > pl.col("before")).height
    return {
        "chip-months with an increase": increases / len(counts.images),
        "clear steps up": float((change > 0).mean()),
        "clear steps level": float((change == 0).mean()),
        "clear steps down": float((change < 0).mean()),
        "growth in a clear step, mean": float(rate.mean()),
        "growth in a clear step, median": float(np.median(rate)),
        "growth in a clear step down, mean": _mean(rate[change < 0].tolist()),
        "largest fall in a clear step": float(-change.min()),
        "two-year growth of five chips, largest error": _two_year_error(counts.images),
        **_persistence_values(counts.images),
    }


def _two_year_error(images: pl.DataFrame) -> float:
    """Compare last by first count with the known growth of chips that began in 2018-01."""
    rows = {
        (chip_id, month): number
        for chip_id, month, number in images.select("chip_id", "time_key", "rows").iter_rows()
    }
    errors = []
    for chip in chips():
        last = rows.get((chip.chip_id, CALENDAR[chip.last]), 0)
        first = rows.get((chip.chip_id, CALENDAR[chip.first]), 0)
        if chip.two_year_growth is not None and first:
            errors.append(abs(last / first - 1 - chip.two_year_growth))
    return max(errors, default=1.0)


def _persistence_values(images: pl.DataFrame) -> dict[str, float]:
    totals = (
        images.filter(~pl.col("is_last"))
        .group_by("chip_id")
        .agg(pl.col("kept").sum() / pl.col("rows").sum(), pl.col("rows").sum().alias("weight"))
        .join(images.group_by("chip_id").agg(pl.col("masked").any()), on="chip_id")
        .sort("kept")
    )
    known = {chip.chip_id: chip.persistence for chip in chips() if chip.persistence}
    cloudiest = min(
        (chip.chip_id for chip in chips() if chip.masked), key=lambda name: known.get(name, 1.0)
    )
    rest = totals.filter(pl.col("chip_id") != cloudiest)
    weighted = np.average(rest["kept"].to_numpy(), weights=rest["weight"].to_numpy())
    free = rest.filter(~pl.col("masked") & (pl.col("weight") > 100 * len(CALENDAR)))["kept"]
    return {
        "same id in the next month, but the cloudiest": float(weighted),
        "same id in the next month, cloud-free chips": _mean(free.to_list()),
        "same id in the next month, the cloudiest chip": _mean(
            totals.filter(pl.col("chip_id") == cloudiest)["kept"].to_list()
        ),
    }


def _identity_values(counts: Counts) -> dict[str, float]:
    """Check the numbering: by area in the first month, then on from the maximum."""
    buildings = counts.footprints.group_by("chip_id", "id").agg(
        pl.col("first").min(), pl.col("geometry").sort_by("first").first(), pl.len().alias("texts")
    )
    areas = shapes(buildings["geometry"]).area.round(5)
    ordered = (
        buildings.with_columns(area=areas)
        .sort("chip_id", "id")
        .with_columns(
            starts=pl.col("first") == pl.col("first").min().over("chip_id"),
            number=pl.int_range(pl.len()).over("chip_id"),
        )
    )
    unordered = ordered.filter("starts").filter(
        (pl.col("area").diff().over("chip_id") > 2e-5) | (pl.col("number") != pl.col("id"))
    )
    later = ordered.filter(
        (pl.col("number") != pl.col("id")) | (pl.col("first").diff().over("chip_id") < 0)
    )
    return {
        "ids of the first month not 0..N-1 by decreasing area": unordered["chip_id"].n_unique(),
        "later ids that are not the maximum + 1": later["chip_id"].n_unique(),
        "rows per distinct polygon": float(
            counts.footprints["rows"].sum() / len(counts.footprints)
        ),
        "buildings drawn anew": buildings.filter(pl.col("texts") > 1).height / len(buildings),
    }


def _polygon_values(counts: Counts) -> dict[str, float]:
    footprints = counts.footprints
    found = shapes(footprints["geometry"])
    distinct = footprints.select("chip_id", "geometry").unique().height
    return {
        "polygons with 4 corners": float((found.vertices == 4).mean()),
        "corners, most": int(found.vertices.max()),
        "polygons with a hole": float((found.holes > 0).mean()),
        "polygons that repeat another one": 1 - distinct / len(footprints),
        "polygons over the edge of the tile": float(found.crosses.mean()),
        "coordinates, lowest": float(found.bounds.min()),
        "coordinates, highest": float(found.bounds.max()),
    }


def _suburb_values(folder: Path) -> dict[str, float]:
    values: dict[str, float] = {}
    for letter, (chip_id, month) in SUBURBS.items():
        texts = image_texts(folder, chip_id, month)
        found = suburb_values(texts) if len(texts) else {}
        values |= {f"{name}, suburb {letter}": value for name, value in found.items()}
    return values


def suburb_values(texts: pl.Series) -> dict[str, float]:
    """Return the figures of shape and placement of an image's polygons (WKT, in file order)."""
    found = shapes(texts)
    placed = placement(found)
    logs = np.log(found.area)
    return {
        "axis-aligned boxes": float(found.axis_aligned.mean()),
        "oblique boxes along two streets": street_share(found),
        "area px, median": float(np.median(found.area)),
        "ln(area), mean": float(logs.mean()),
        "ln(area), sd": float(logs.std()),
        "area px, 99 % quantile": float(np.quantile(found.area, 0.99)),
        "aspect, median": float(np.median(found.aspect)),
        "Clark-Evans": placed.clark_evans,
        "nearest neighbour px, median": placed.nearest,
        "empty 32 px cells": placed.empty,
        "buildings in the densest tenth": placed.densest_tenth,
        "overlapping buildings": overlapping(texts),
        "row to row distance px, median": float(
            np.median(np.hypot(np.diff(found.x), np.diff(found.y)))
        ),
        "WKT characters, mean": _mean(texts.str.len_chars().to_list()),
    }


def _mean(values: list[float] | Floats) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
