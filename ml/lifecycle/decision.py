"""Whether a trained model becomes the champion: all rules in one place, in their order."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from ml.data.origin import DataKind
from ml.data.places import Place
from ml.judging.verdict import Verdict
from ml.lifecycle.gate import Comparison, Decision, compare, decide, kinds_allow
from ml.lifecycle.registry import CHAMPION, DATA_DIGEST, DATA_KIND, Line, Registered
from ml.lifecycle.tracking import artifact_folder
from ml.training.tunables import GateParams

if TYPE_CHECKING:
    from mlflow import MlflowClient

FORECASTS_FILE: Final = "backtest/forecasts.parquet"
"""Where a run keeps the forecasts of its backtest."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that was just trained and judged.

    Attributes:
        digest: Of its files.
        data_digest: Of the examples that it learned from.
        kind: Of its data.
        forecasts: Those of its backtest, as ``ml.lifecycle.gate.compare`` takes them.
        loss: Name of their column that is to be low.
        verdict: Beside the plain forecasts.
    """

    digest: str
    data_digest: str
    kind: DataKind
    forecasts: pl.DataFrame
    loss: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to become of a candidate.

    Attributes:
        promotes: It becomes the champion, or is the champion already.
        sentences: Why, beginning with what it is now.
        known: The version that has just these files, where there is one.
        comparison: With the champion, where there was one to be had.
    """

    promotes: bool
    sentences: tuple[str, ...]
    known: Registered[Any] | None = None
    comparison: Comparison | None = None

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        return "; ".join(self.sentences)


def outcome(
    client: "MlflowClient",
    line: Line[Any],
    candidate: Candidate,
    places: tuple[Place, ...],
    rules: GateParams,
) -> Outcome:
    """Hold a candidate against the plain forecasts, then against the champion of its line."""
    champion = line.by_alias(client, CHAMPION)
    known = line.same_model(client, candidate.digest)
    comparison = None
    if not candidate.verdict.beats:
        decision = Decision.no("")
    elif known is not None and known.was_rolled_back:
        decision = Decision.no(f"this very model was rolled back (version {known.version})")
    elif champion is None:
        decision = Decision.yes("there was no champion")
    elif known is not None and known.version == champion.version:
        decision = Decision.yes("the champion is this very model")
    else:
        if DataKind(champion.tags.get(DATA_KIND, DataKind.UNKNOWN)) is candidate.kind:
            comparison = _compared(client, champion, candidate, places, rules)
        decision = _against(champion, candidate, comparison, rules)
    state = "champion" if decision.promotes else "challenger"
    sentences = [f"{state}: {candidate.verdict.sentence}"]
    if decision.sentence:
        sentences.append(decision.sentence)
    return Outcome(decision.promotes, tuple(sentences), known, comparison)


def _compared(
    client: "MlflowClient",
    champion: Registered[Any],
    candidate: Candidate,
    places: tuple[Place, ...],
    rules: GateParams,
) -> Comparison | None:
    kept = _kept_forecasts(artifact_folder(client, champion.run_id))
    if kept is None or kept.columns != candidate.forecasts.columns:
        return None
    aois = {place.chip_key: place.aoi_key for place in places}
    return compare(kept, candidate.forecasts, aois, rules, loss=candidate.loss)


def _kept_forecasts(folder: Path) -> pl.DataFrame | None:
    path = folder / FORECASTS_FILE
    return pl.read_parquet(path) if path.is_file() else None


def _against(
    champion: Registered[Any],
    candidate: Candidate,
    comparison: Comparison | None,
    rules: GateParams,
) -> Decision:
    kind = DataKind(champion.tags.get(DATA_KIND, DataKind.UNKNOWN))
    if not kinds_allow(kind, candidate.kind):
        return Decision.no("it learned from generated data, the champion from your own")
    if kind is not candidate.kind:
        return Decision(
            promotes=True,
            sentence=f"the champion learned from {kind} data, and these are {candidate.kind}",
        )
    if comparison is None:
        return Decision(
            promotes=True,
            sentence="its backtest has nothing in common with the champion's to compare them by",
        )
    knows_more = champion.tags.get(DATA_DIGEST) != candidate.data_digest
    return decide(comparison, rules, knows_more=knows_more)
