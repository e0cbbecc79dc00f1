"""A tracker's report, put together: what it scores, where and when it errs, one chip to look at."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from ml.reporting.document import Document, Heading, Paragraph, Part, Picture, Table
from scoring.metric.matched import Matched
from scoring.metric.options import Options
from scoring.metric.scores import ChipScore
from scoring.metric.whole import TrackerScore
from scoring.reporting.plots import (
    plot_chips,
    plot_classes,
    plot_lateness,
    plot_map,
    plot_months,
)

DPI: Final = 110


def worst_chip(score: TrackerScore) -> str:
    """Return the chip with the lowest SCOT, of equal ones that with most misses and ghosts."""

    def order(chip_id: str) -> tuple[float, int]:
        chip = score.chips[chip_id]
        return chip.scot, -chip.track_fp - chip.track_fn

    return min(score.chips, key=order)


def write_report(
    path: Path, name: str, score: TrackerScore, options: Options, drawn: tuple[str, Matched]
) -> None:
    """Write a tracker's report as one HTML file that holds its pictures.

    Args:
        path: The file.
        name: Of the tracker.
        score: What was found.
        options: What was scored by.
        drawn: The chip that is shown as a map, and its matches.
    """
    with tempfile.TemporaryDirectory() as folder:
        document = Document(f"Tracker {name}", list(_parts(Path(folder), score, options, drawn)))
        page = document.html()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _parts(
    folder: Path, score: TrackerScore, options: Options, drawn: tuple[str, Matched]
) -> Iterator[Part]:
    yield Paragraph(
        f"SCOT (Van Etten et al. 2021, arXiv 2102.04420) is {score.scot:.4f}, the mean over "
        f"{len(score.chips)} chips. A prediction matches at an IoU above {options.threshold:g}; "
        f"labels below {options.least_area:g} square pixels are left out ({score.too_small:,} "
        f"rows); tracking weighs {options.beta:g} times as much as change. {score.unscored:,} "
        "predictions lie in chips or months without labels and are not scored."
    )
    yield _picture(folder, "chips", plot_chips(score), "SCOT by chip, with its two parts.")
    yield Heading("When")
    yield _picture(folder, "months", plot_months(score), "F1 and recall by month.")
    yield _picture(folder, "lateness", plot_lateness(score), "Months from appearing to being told.")
    yield Heading("Which buildings")
    yield _picture(
        folder, "classes", plot_classes(score),
        "Recall and F1 by age (there in the first month or not), cloud and size.",
    )  # fmt: skip
    yield Table(
        ("by", "class", "matched", "ghosts", "missed", "mismatches", "recall", "F1"),
        [
            (str(row[0]), str(row[2]), *map(_count, row[3:7]), *map(_share, row[7:9]))
            for row in score.breakdown.iter_rows()
        ],
    )
    yield Heading("The chip with the lowest score")
    chip_id, matched = drawn
    yield _picture(
        folder, "map", plot_map(chip_id, matched),
        f"{chip_id} in its last scored month; labels as drawn, ghosts as predicted.",
    )  # fmt: skip
    yield Heading("By chip")
    yield Table(
        ("chip", "mismatches", "tp", "fp", "fn", "track", "new tp", "fp", "fn", "change", "SCOT"),
        [(name, *_cells(chip)) for name, chip in score.chips.items()],
    )


def _cells(chip: ChipScore) -> tuple[str, ...]:
    return (
        *map(_count, (chip.mismatches, chip.track_tp, chip.track_fp, chip.track_fn)),
        _share(chip.track_score),
        *map(_count, (chip.change_tp, chip.change_fp, chip.change_fn)),
        _share(chip.change_score),
        _share(chip.scot),
    )


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _picture(folder: Path, name: str, figure: Figure, caption: str) -> Picture:
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=DPI)
    return Picture(path, caption)
