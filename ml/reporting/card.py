"""The model card: what a model is, what it learned from, how good it was and where it is not.

After Mitchell et al., Model Cards for Model Reporting (2019), as far as it fits counts of
buildings: there are no people in these data.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import polars as pl

from ml.data.origin import DataKind
from ml.judging.backtest import MODEL
from ml.model.grid import HORIZONS, QUANTILE_NAMES, QUANTILES, UNITS
from ml.reporting.document import Document, Heading, Paragraph, Part, Picture, Table
from ml.reporting.facts import CardFacts, DataFacts, amount, month, percent, words

PROTOCOLS: Final = {
    "rolling_origin": "trained on what was known at the origin, judged on the months after it",
    "unseen_aois": "trained on some AOIs, judged on others that it never saw",
}

KINDS: Final = {
    DataKind.GENERATED: (
        "Every figure of this card was measured on generated data, which stand in for the real "
        "ones; none was measured on real data, so none is a promise for them."
    ),
    DataKind.OWN: "Every figure of this card was measured on your own data, none on generated.",
    DataKind.UNKNOWN: (
        "No load tells where these data come from, so nothing is claimed for any other data."
    ),
}


def model_card(facts: CardFacts, pictures: Sequence[Picture]) -> Document:
    """Write the card.

    Args:
        facts: What it says.
        pictures: Files that are there already.
    """
    by_stem = {picture.path.stem: picture for picture in pictures}
    parts = [
        *_purpose(facts),
        *_data(facts.data),
        *_folds(facts),
        *_skill(facts, by_stem),
        *_coverage(facts, by_stem),
        *_places(facts, by_stem),
        *_forecasts(by_stem),
        *_limits(facts.data),
        *_again(facts),
    ]
    return Document(f"Model card: {facts.name}", parts)


def _purpose(facts: CardFacts) -> Iterator[Part]:
    targets = " and ".join(f"{words(name)} ({unit})" for name, unit in UNITS.items())
    horizons = ", ".join(map(str, HORIZONS[:-1])) + f" and {HORIZONS[-1]}"
    yield Paragraph(
        f"Forecasts the net change of a chip's corrected {targets} over the next {horizons} "
        f"months, as quantiles {', '.join(map(str, QUANTILES))} that never cross. A chip is a tile "
        "of about 5 km; months without an image are not observed, and are neither zero nor loss."
    )
    for sentence in facts.outcome:
        yield Paragraph(sentence[0].upper() + sentence[1:] + ".")


def _data(data: DataFacts) -> Iterator[Part]:
    yield Heading("Data")
    yield Paragraph(KINDS.get(data.kind, KINDS[DataKind.UNKNOWN]))
    yield Table(
        ("kind", "chips", "AOIs", "as-of months", "training examples", "digest"),
        [
            (
                str(data.kind),
                f"{data.chips:,}",
                f"{data.aois:,}",
                f"{month(data.first_as_of)} to {month(data.last_as_of)}",
                f"{sum(data.rows.values()):,}",
                data.digest[:12],
            )
        ],
    )
    by_horizon = ", ".join(f"{rows:,} at {months}" for months, rows in data.rows.items())
    yield Paragraph(f"Training examples by months ahead: {by_horizon}.")


def _folds(facts: CardFacts) -> Iterator[Part]:
    yield Heading("How it was judged")
    for protocol, sentence in facts.folds.items():
        how = PROTOCOLS.get(protocol, "see the project's documentation")
        yield Paragraph(f"{words(protocol).capitalize()}: {how}. {sentence}")
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
    yield from _shown(pictures, "skill_by_horizon")
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
    yield from _shown(pictures, "coverage", "reliability")


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
    yield from _shown(pictures, "error_by_chip")


def _forecasts(pictures: Mapping[str, Picture]) -> Iterator[Part]:
    yield Heading("What it forecasts, and from what")
    yield from _shown(pictures, "fan_charts", "feature_importance")


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


def _again(facts: CardFacts) -> Iterator[Part]:
    yield Heading("To make it again")
    commit = facts.commit or "unknown"
    yield Paragraph(
        f"`python -m ml replay {facts.run_id}` trains on the examples that the run keeps, with its "
        f"tunables, and compares the files byte by byte. Code: commit {commit}."
    )
    yield Table(
        ("tunable", "value"), [(name, str(value)) for name, value in facts.settings.items()]
    )


def _shown(pictures: Mapping[str, Picture], *stems: str) -> Iterator[Part]:
    yield from (pictures[stem] for stem in stems if stem in pictures)
