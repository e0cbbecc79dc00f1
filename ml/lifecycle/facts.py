"""What a training run made, and what its record and its card say of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.data.examples import ChipMonths, Examples
from ml.data.origin import DataKind
from ml.data.places import Place
from ml.data.snapshot import data_digest
from ml.judging.backtest import Backtest
from ml.judging.verdict import Verdict
from ml.lifecycle.code import Code
from ml.lifecycle.decision import Outcome
from ml.model.chip_model import ForecastModel
from ml.model.grid import HORIZONS, Target
from ml.reporting.facts import CardFacts, DataFacts, month
from ml.reporting.frames import beside_best_plain, reliability_frame, score_frame, skill_frame
from ml.training.params import Params


@dataclass(frozen=True, slots=True)
class Work:
    """What a training run made, to be written down.

    Attributes:
        examples: What it learned from.
        chip_months: Features of all as-of months.
        places: Chips and their AOIs.
        kind: Of the data.
        params: The tunables.
        backtests: How the way to train was judged, of each target.
        model: The model of all months.
        verdict: Beside the plain forecasts.
    """

    examples: Examples
    chip_months: ChipMonths
    places: tuple[Place, ...]
    kind: DataKind
    params: Params
    backtests: Mapping[Target, Backtest]
    model: ForecastModel
    verdict: Verdict


def data_facts(work: Work) -> DataFacts:
    """Return what the card and the run's name say of the data."""
    examples = work.examples
    chips = set(np.unique(examples.chip_key).tolist())
    return DataFacts(
        kind=work.kind,
        digest=data_digest(examples),
        chips=len(chips),
        aois=len({place.aoi_key for place in work.places if place.chip_key in chips}),
        first_as_of=int(examples.as_of.min()),
        last_as_of=int(work.chip_months.as_of.max()),
        rows={months: int((examples.horizon == months).sum()) for months in HORIZONS},
    )


def flat(params: Params) -> dict[str, object]:
    """Return the tunables by dotted names."""
    values: dict[str, object] = {}
    for name, value in params.model_dump(mode="json").items():
        if isinstance(value, dict):
            values |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            values[name] = ", ".join(value) if isinstance(value, list) else value
    return values


def card_facts(
    work: Work,
    data: DataFacts,
    forecasts: pl.DataFrame,
    found: Outcome,
    *,
    name: str,
    run_id: str,
    code: Code,
) -> CardFacts:
    """Return all that the card says.

    Args:
        work: What was made.
        data: What it was made from.
        forecasts: Those of the backtest.
        found: What becomes of the model.
        name: Of the run.
        run_id: Its id.
        code: The code at hand.
    """
    scores = score_frame(forecasts)
    names = pl.DataFrame(
        {
            "chip_key": [place.chip_key for place in work.places],
            "aoi": [place.aoi for place in work.places],
        },
        schema={"chip_key": pl.Int64, "aoi": pl.String},
    )
    skill = skill_frame(scores)
    in_aois = beside_best_plain(forecasts, skill).join(names, on="chip_key", how="inner")
    return CardFacts(
        name=name,
        run_id=run_id,
        commit=None if code.commit is None else code.label,
        outcome=found.sentences,
        data=data,
        folds=dict(_folds(forecasts)),
        scores=scores,
        skill=skill,
        by_aoi=skill_frame(score_frame(in_aois, "aoi", "target"), "aoi", "target"),
        reliability=reliability_frame(forecasts),
        settings=flat(work.params),
    )


def _folds(forecasts: pl.DataFrame) -> Iterator[tuple[str, str]]:
    for (protocol,), rows in forecasts.group_by("protocol", maintain_order=True):
        as_ofs = rows["as_of"].unique().sort()
        examples = rows.select("target", "chip_key", "as_of", "horizon").n_unique()
        yield (
            str(protocol),
            (
                f"{examples:,} outcomes of {rows['chip_key'].n_unique()} chips, forecast from "
                f"{len(as_ofs)} as-of months, {month(as_ofs[0])} to {month(as_ofs[-1])}."
            ),
        )


def overall_skill(skill: pl.DataFrame) -> Mapping[str, float]:
    """Return by protocol and target the loss saved, geometric mean over the horizons."""
    ratio = pl.col("pinball") / pl.col("plain_pinball")
    means = skill.group_by("protocol", "target", maintain_order=True).agg(
        (1 - ratio.log().mean().exp()).alias("skill")
    )
    return {f"{protocol}_{target}": value for protocol, target, value in means.rows()}
