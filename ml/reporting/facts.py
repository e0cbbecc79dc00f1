"""What a model card says, as values, and how amounts, shares and months are written in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.data.origin import DataKind


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What a model learned from.

    Attributes:
        kind: Generated, or the user's own.
        digest: SHA-256 of the training examples.
        chips: Chips.
        aois: AOIs.
        first_as_of: Time key of the first as-of month.
        last_as_of: Time key of the last one.
        rows: Training examples by horizon.
    """

    kind: DataKind
    digest: str
    chips: int
    aois: int
    first_as_of: int
    last_as_of: int
    rows: Mapping[int, int]

    @property
    def sentence(self) -> str:
        """The data in a few words, for names and descriptions."""
        return (
            f"{self.kind} data: {self.chips} chips in {self.aois} AOIs, "
            f"{month(self.first_as_of)} to {month(self.last_as_of)}"
        )


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the cards of both models say of a run.

    Attributes:
        name: Name of the run.
        run_id: Its id in MLflow.
        commit: Commit of the code, if known.
        outcome: Sentences of verdict and gate.
        data: What it learned from.
        settings: Tunables, by name.
    """

    name: str
    run_id: str
    commit: str | None
    outcome: Sequence[str]
    data: DataFacts
    settings: Mapping[str, object]


def month(time_key: int) -> str:
    """Return a time key as people write it: 2019-01."""
    return f"{time_key // 100}-{time_key % 100:02d}"


def words(name: str) -> str:
    """Return the name of a column as people read it: built area m2 is in square metres."""
    return name.removesuffix("_m2").replace("_", " ").replace("aois", "AOIs")


def amount(value: float) -> str:
    """Return an amount with three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def percent(share: float | None, *, sign: bool = False) -> str:
    """Return a share in percent; nothing where there is none to tell."""
    if share is None or share != share:  # noqa: PLR0124 - NaN alone differs from itself
        return ""
    return f"{share * 100:+.0f} %" if sign else f"{share * 100:.0f} %"
