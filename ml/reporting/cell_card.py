"""The card of a model of cells: what it is, what it learned from, how good it was and where not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ml.judging.backtest import MODEL
from ml.model.grid import CELL_HORIZONS
from ml.reporting.document import Document, Heading, Paragraph, Part, Picture, Table
from ml.reporting.facts import DataFacts, RunFacts, percent, words
from ml.reporting.sections import (
    again_section,
    data_section,
    folds_section,
    outcome_section,
    shown,
)


@dataclass(frozen=True, slots=True)
class CellCardFacts:
    """All that a card of cells says; the frames are those of ``ml.reporting.cell_frames``.

    Attributes:
        run: The run.
        folds: What was judged how, one sentence for each protocol.
        scores: Every forecaster's scores.
        skill: The model beside the best plain forecast.
        tenths: Probability and rate by tenths of the cells.
        by_aoi: What was expected of each AOI, and what came.
    """

    run: RunFacts
    folds: Mapping[str, str]
    scores: pl.DataFrame
    skill: pl.DataFrame
    tenths: pl.DataFrame
    by_aoi: pl.DataFrame


def cell_card(facts: CellCardFacts, pictures: Sequence[Picture]) -> Document:
    """Write the card.

    Args:
        facts: What it says.
        pictures: Files that are there already.
    """
    by_stem = {picture.path.stem: picture for picture in pictures}
    parts = [
        *_purpose(facts),
        *data_section(facts.run.data),
        *_folds(facts),
        *_ranking(facts, by_stem),
        *_reliability(facts, by_stem),
        *_places(facts),
        *_forecasts(by_stem),
        *_limits(facts.run.data),
        *again_section(facts.run),
    ]
    return Document(f"Model card: {facts.run.name}", parts)


def _purpose(facts: CellCardFacts) -> Iterator[Part]:
    horizons = " and ".join(map(str, CELL_HORIZONS))
    yield Paragraph(
        "Forecasts how likely at least one building appears in a cell of 32 x 32 px (about 153 m) "
        f"within the next {horizons} months: the map of hot spots. Cells are those with a building "
        "in them or within two cells. What only comes to light, as it was hidden from the start, "
        "is no growth."
    )
    yield from outcome_section(facts.run)


def _folds(facts: CellCardFacts) -> Iterator[Part]:
    yield Heading("How it was judged")
    yield from folds_section(facts.folds)
    plain = facts.scores["forecaster"].unique(maintain_order=True).to_list()
    names = ", ".join(words(name) for name in plain if name != MODEL)
    yield Paragraph(
        f"Beside it stand plain forecasts, judged by the order that they bring cells into: {names} "
        "(own: what appeared in the cell in the last 3 or 12 months, or ever; block: that doubled, "
        "and what appeared in the 3 x 3 cells around; density: its buildings)."
    )


def _ranking(facts: CellCardFacts, pictures: Mapping[str, Picture]) -> Iterator[Part]:
    yield Heading("Ranking and skill")
    yield Paragraph(
        "Lift: how many times the rate of all the best 5 % of the cells have. Brier skill: share "
        "of the base rate's squared error that is saved. Widest gap: between probability and "
        "what came, in a tenth of the cells."
    )
    yield Table(
        ("protocol", "months", "cells judged", "grew", "average precision", "best plain forecast",
         "its precision", "times", "lift", "best plain lift", "Brier skill", "widest gap"),
        [
            (
                words(row["protocol"]),
                str(row["horizon"]),
                f"{row['rows']:,}",
                f"{row['rate'] * 100:.1f} %",
                f"{row['average_precision']:.3f}",
                words(row["plain"]),
                f"{row['plain_precision']:.3f}",
                f"{row['precision_ratio']:.2f}",
                f"{row['lift']:.2f}",
                f"{row['plain_lift']:.2f}",
                f"{row['skill']:.3f}",
                f"{row['reliability']:.3f}",
            )
            for row in facts.skill.iter_rows(named=True)
        ],
    )  # fmt: skip
    yield from shown(pictures, "precision")
    yield Paragraph("Average precision of every forecaster, by months ahead:")
    yield _precision_table(facts.scores)


def _precision_table(scores: pl.DataFrame) -> Table:
    wide = scores.pivot(
        on="horizon", index=["protocol", "forecaster"], values="average_precision",
        maintain_order=True,
    )  # fmt: skip
    horizons = [str(months) for months in CELL_HORIZONS if str(months) in wide.columns]
    return Table(
        ("protocol", "forecaster", *horizons),
        [
            (
                *(words(row[name]) for name in ("protocol", "forecaster")),
                *("" if row[months] is None else f"{row[months]:.3f}" for months in horizons),
            )
            for row in wide.iter_rows(named=True)
        ],
    )


def _reliability(facts: CellCardFacts, pictures: Mapping[str, Picture]) -> Iterator[Part]:
    yield Heading("Reliability")
    yield Paragraph("By tenths of the cells, from the least likely on: probability, and what grew.")
    wide = facts.tenths.partition_by("protocol", "horizon", maintain_order=True)
    yield Table(
        ("protocol", "months", *(str(tenth) for tenth in range(1, 11))),
        [
            (
                words(rows["protocol"][0]),
                str(rows["horizon"][0]),
                *(
                    f"{mean * 100:.1f} : {rate * 100:.1f}"
                    for mean, rate in rows.select("probability", "rate").rows()
                ),
            )
            for rows in wide
        ],
    )
    yield from shown(pictures, "reliability")


def _places(facts: CellCardFacts) -> Iterator[Part]:
    yield Heading("By AOI")
    yield Paragraph(
        "Cells that were expected to grow and those that did, both protocols together, most growth "
        "first; skill against the AOI's own rate."
    )
    yield Table(
        ("AOI", "months", "cells judged", "expected", "grew", "Brier skill"),
        [
            (
                row["aoi"],
                str(row["horizon"]),
                f"{row['cells']:,}",
                f"{row['expected']:,.0f}",
                f"{row['actual']:,.0f}",
                percent(row["skill"], sign=True),
            )
            for row in facts.by_aoi.iter_rows(named=True)
        ],
    )


def _forecasts(pictures: Mapping[str, Picture]) -> Iterator[Part]:
    yield Heading("What it forecasts, and from what")
    yield from shown(pictures, "hot_spots", "feature_importance")


def _limits(data: DataFacts) -> Iterator[Part]:
    yield Heading("Limits")
    yield Paragraph(
        f"It knows {data.chips} chips. Cells far from any building have no forecast; growth there "
        "is missed. Neighbouring cells grow together, so a sum of probabilities says how many "
        "cells to expect and nothing of how far off that may be. Where twelve months ahead are not "
        "known yet, their rate follows from the shorter horizons. Demolition is not forecast."
    )
