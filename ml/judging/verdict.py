"""Whether a model may become champion: the rule, and the sentence that says why."""

import math
from dataclasses import dataclass

from ml.judging.backtest import MODEL, PLAIN, Backtest, Protocol

EVEN = 1.0
"""Relative loss of a forecaster that is as good as the other."""

MOST_SHOWN = 1000
"""Times another's loss; more is not told in figures."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model may become champion, and the sentence that says why.

    Attributes:
        beats: It beats every plain forecast by pinball loss under both protocols.
        sentence: The figures behind it.
    """

    beats: bool
    sentence: str


def judge(backtest: Backtest) -> Verdict:
    """Compare the model with each plain forecast by relative pinball loss, under both protocols."""
    losses = {
        (protocol, baseline): backtest.relative_loss(protocol, MODEL, baseline)
        for protocol in Protocol
        for baseline in PLAIN
    }
    beats = all(loss < EVEN for loss in losses.values())
    if any(math.isnan(loss) for loss in losses.values()):
        return Verdict(beats=False, sentence="nothing could be judged by backtest")
    strongest = {
        protocol: max(PLAIN, key=lambda baseline: losses[protocol, baseline])
        for protocol in Protocol
    }
    figures = "; ".join(
        f"{protocol.label}: "
        f"{_in_words(losses[protocol, baseline])} of that of {baseline.replace('_', ' ')}"
        for protocol, baseline in strongest.items()
    )
    outcome = "beats" if beats else "does not beat"
    sentence = (
        f"{outcome} every plain forecast by pinball loss, geometric mean over the horizons; "
        f"beside the strongest, {figures}"
    )
    return Verdict(beats=beats, sentence=sentence)


def _in_words(ratio: float) -> str:
    """Return a ratio of losses; where the other's loss is about 0, it says next to nothing."""
    return f"{ratio:.2f}" if ratio < MOST_SHOWN else f"over {MOST_SHOWN:,}"
