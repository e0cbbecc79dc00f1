"""What the cards of both models have in common: outcome, data, folds, how to make it again."""

from collections.abc import Iterator, Mapping
from typing import Final

from ml.data.origin import DataKind
from ml.reporting.document import Heading, Paragraph, Part, Picture, Table
from ml.reporting.facts import DataFacts, RunFacts, month, words

PROTOCOLS: Final = {
    "rolling_origin": "trained on what was known at the origin, judged on the months after it",
    "unseen_aois": "trained on some AOIs, judged on others that it never saw",
}

KINDS: Final = {
    DataKind.GENERATED: (
        "Every figure of this card{but} was measured on generated data, which stand in for the "
        "real ones; {real}, so none is a promise for them."
    ),
    DataKind.OWN: (
        "Every figure of this card{but} was measured on your own data, none on generated."
    ),
    DataKind.UNKNOWN: (
        "No load tells where these data come from, so nothing is claimed for any other data."
    ),
}


def outcome_section(run: RunFacts) -> Iterator[Part]:
    """Say what became of the model, and why."""
    for sentence in run.outcome:
        yield Paragraph(sentence[0].upper() + sentence[1:] + ".")


def data_section(data: DataFacts, *, histories: bool = False) -> Iterator[Part]:
    """Say what the model learned from, and on which kind of data figures were measured.

    Args:
        data: What it learned from.
        histories: The card has a section on real histories.
    """
    yield Heading("Data")
    yield Paragraph(
        KINDS.get(data.kind, KINDS[DataKind.UNKNOWN]).format(
            but=", but for those on real histories," if histories else "",
            real="few places were seen of the real ones"
            if histories
            else "none was measured on real data",
        )
    )
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


def folds_section(folds: Mapping[str, str]) -> Iterator[Part]:
    """Say how each protocol judges, and what it judged."""
    for protocol, sentence in folds.items():
        how = PROTOCOLS.get(protocol, "see the project's documentation")
        yield Paragraph(f"{words(protocol).capitalize()}: {how}. {sentence}")


def again_section(run: RunFacts) -> Iterator[Part]:
    """Say how the model is made again, and list the tunables."""
    yield Heading("To make it again")
    commit = run.commit or "unknown"
    yield Paragraph(
        f"`python -m ml replay {run.run_id}` trains on the examples that the run keeps, with its "
        f"tunables, and compares the files byte by byte. Code: commit {commit}."
    )
    yield Table(("tunable", "value"), [(name, str(value)) for name, value in run.settings.items()])


def shown(pictures: Mapping[str, Picture], *stems: str) -> Iterator[Part]:
    """Show those of the pictures that there are."""
    yield from (pictures[stem] for stem in stems if stem in pictures)
