"""The card of a model of chips: what it is, what it learned from, how good it was and where not.

After Mitchell et al., Model Cards for Model Reporting (2019), as far as it fits counts of
buildings: there are no people in these data.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ml.judging.backtest import MODEL
from ml.model.grid import HORIZONS, QUANTILE_NAMES, QUANTILES, UNITS
from ml.reporting.document import Document, Heading, Paragraph, Part, Picture, Table
from ml.reporting.facts import DataFacts, RunFacts, amount, percent, words
from ml.reporting.sections import (
    again_section,
    data_section,
    folds_section,
    outcome_section,
    shown,
)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a card of chips says; the frames are those of ``ml.reporting.frames``.

    Attributes:
        run: The run.
        folds: What was judged how, one sentence for each protocol.
        scores: Every forecaster's scores.
        skill: The model beside the best plain forecast.
        by_aoi: The same by AOI (column ``aoi``), the plain forecast being the horizon's best.
        reliability: Shares of outcomes at or below each quantile.
        histories: Scores on histories of places that are no data of the warehouse, in shares of
            the count, as ``history_frame`` gives them; none where no file was given.
    """

    run: RunFacts
    folds: Mapping[str, str]
    scores: pl.DataFrame
    skill: pl.DataFrame
    by_aoi: pl.DataFrame
    reliability: pl.DataFrame
    histories: pl.DataFrame | None = None


def model_card(facts: CardFacts, pictures: Sequence[Picture]) -> Document:
    """Write the card.

    Args:
        facts: What it says.
        pictures: Files that are there already.
    """
    by_stem = {picture.path.stem: picture for picture in pictures}
    parts = [
        *_purpose(facts),
        *data_section(facts.run.data, histories=facts.histories is not None),
        *_folds(facts),
        *_skill(facts, by_stem),
        *_coverage(facts, by_stem),
        *_places(facts, by_stem),
        *_histories(facts),
        *_forecasts(by_stem),
        *_limits(facts.run.data),
        *again_section(facts.run),
    ]
    return Document(f"Model card: {facts.run.name}", parts)


def _purpose(facts: CardFacts) -> Iterator[Part]:
    targets = " and ".join(f"{words(name)} ({unit})" for name, unit in UNITS.items())
    horizons = ", ".join(map(str, HORIZONS[:-1])) + f" and {HORIZONS[-1]}"
    yield Paragraph(
        f"Forecasts the net change of a chip's corrected {targets} over the next {horizons} "
        f"months, as quantiles {', '.join(map(str, QUANTILES))} that never cross. A chip is a tile "
        "of about 5 km; months without an image are not observed, and are neither zero nor loss."
    )
    yield from outcome_section(facts.run)


def _folds(facts: CardFacts) -> Iterator[Part]:
    yield Heading("How it was judged")
    yield from folds_section(facts.folds)
    plain = facts.scores["forecaster"].unique(maintain_order=True).to_list()
    names = ", ".join(words(name) for name in plain if name != MODEL)
    yield Paragraph(
        f"Beside it stand the plain forecasts: {names}; each has the quantiles of its own past "
        "errors, and is fitted anew in every fold, as the model is. Pinball loss is the mean over "
        "the quantiles; skill is the share of the best plain forecast's loss that the model saves."
    )


def _skill(facts: CardFacts, pictures: Mapping[str, Picture]) -> Iterator[Part]:
    yield Heading("Skill")
    yield Table(
        ("protocol", "target", "months", "judged", "MAE", "pinball loss", "best plain forecast",
         "its loss", "skill", "within 80 %"),
        [
            (
                words(row["protocol"]),
                words(row["target"]),
                str(row["horizon"]),
                f"{row['rows']:,}",
                amount(row["mae"]),
                amount(row["pinball"]),
                words(row["plain"]),
                amount(row["plain_pinball"]),
                percent(row["skill"], sign=True),
                percent(row["coverage"]),
            )
            for row in facts.skill.iter_rows(named=True)
        ],
    )  # fmt: skip
    yield from shown(pictures, "skill_by_horizon")
    yield Paragraph("Pinball loss of every forecaster, by months ahead:")
    yield _loss_table(facts.scores)


def _loss_table(scores: pl.DataFrame) -> Table:
    wide = scores.pivot(
        on="horizon", index=["protocol", "target", "forecaster"], values="pinball",
        maintain_order=True,
    )  # fmt: skip
    horizons = [str(months) for months in HORIZONS if str(months) in wide.columns]
    return Table(
        ("protocol", "target", "forecaster", *horizons),
        [
            (
                *(words(row[name]) for name in ("protocol", "target", "forecaster")),
                *("" if row[months] is None else amount(row[months]) for months in horizons),
            )
            for row in wide.iter_rows(named=True)
        ],
    )


def _coverage(facts: CardFacts, pictures: Mapping[str, Picture]) -> Iterator[Part]:
    yield Heading("Coverage and reliability")
    yield Paragraph(
        "Of a reliable quantile of 0.9, nine outcomes in ten lie at or below it. Shares measured:"
    )
    wide = facts.reliability.pivot(
        on="quantile", index=["protocol", "target", "horizon"], values="share", maintain_order=True
    )
    yield Table(
        ("protocol", "target", "months", *QUANTILE_NAMES),
        [
            (
                words(row["protocol"]),
                words(row["target"]),
                str(row["horizon"]),
                *(percent(row[str(quantile)]) for quantile in QUANTILES),
            )
            for row in wide.iter_rows(named=True)
        ],
    )
    yield from shown(pictures, "coverage", "reliability")


def _places(facts: CardFacts, pictures: Mapping[str, Picture]) -> Iterator[Part]:
    yield Heading("Errors by AOI")
    yield Paragraph(
        "All horizons and protocols together, the AOI with the largest loss first, beside the "
        "plain forecast that is best at the horizon over all AOIs; where skill is negative, it did "
        "better."
    )
    yield Table(
        ("AOI", "target", "judged", "MAE", "pinball loss", "best plain forecast's", "skill",
         "within 80 %"),
        [
            (
                row["aoi"],
                words(row["target"]),
                f"{row['rows']:,}",
                amount(row["mae"]),
                amount(row["pinball"]),
                amount(row["plain_pinball"]),
                percent(row["skill"], sign=True),
                percent(row["coverage"]),
            )
            for row in facts.by_aoi.sort("target", "pinball", descending=[False, True]).iter_rows(
                named=True
            )
        ],
    )  # fmt: skip
    yield from shown(pictures, "error_by_chip")


def _histories(facts: CardFacts) -> Iterator[Part]:
    if facts.histories is None:
        return
    yield Heading("On real histories")
    yield Paragraph(
        "Counts by month of places of a file that was given, of which training knew nothing; each "
        "forecast from its third known month on, by the model of bare histories and by the plain "
        f"forecasts, all of them trained on the data above ({facts.run.data.kind}). Amounts are in "
        "percent of the count at the as-of month."
    )
    yield Table(
        ("months", "forecasts", "places", "MAE", "best plain MAE", "pinball loss",
         "best plain forecast", "its loss", "within 80 %"),
        [
            (
                str(row["horizon"]),
                f"{row['rows']:,}",
                f"{row['places']:,}",
                f"{row['mae'] * 100:.2f}",
                f"{row['plain_mae'] * 100:.2f}",
                f"{row['pinball'] * 100:.3f}",
                words(row["plain"]),
                f"{row['plain_pinball'] * 100:.3f}",
                percent(row["coverage"]),
            )
            for row in facts.histories.iter_rows(named=True)
        ],
    )  # fmt: skip


def _forecasts(pictures: Mapping[str, Picture]) -> Iterator[Part]:
    yield Heading("What it forecasts, and from what")
    yield from shown(pictures, "fan_charts", "feature_importance")


def _limits(data: DataFacts) -> Iterator[Part]:
    yield Heading("Limits")
    yield Paragraph(
        f"It knows {data.chips} chips and {len(data.rows)} horizons; twelve months ahead rests on "
        f"{data.rows.get(HORIZONS[-1], 0):,} examples whose futures overlap, so its true error is "
        "less certain than the table looks. Training targets are those of hindsight: a count that "
        "a later month corrected is used as corrected. A forecast of one chip is not meant to be "
        "added up to a region's interval: errors of neighbours go together. Disasters, bans and "
        "sudden programmes of building are in no feature."
    )
