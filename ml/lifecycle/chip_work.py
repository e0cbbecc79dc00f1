"""What training chips made, and what its record and its card say of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import psycopg

from ml.data.examples import ChipMonths, Examples
from ml.data.origin import DataKind
from ml.data.places import Place, aoi_frame
from ml.data.snapshot import data_digest, example_frame, write_examples
from ml.judging.backtest import Backtest
from ml.judging.verdict import Verdict
from ml.lifecycle.registry import CHIPS
from ml.lifecycle.schema import write_backtest
from ml.model.chip_model import ForecastModel
from ml.model.grid import HORIZONS, Target
from ml.model.matrix import FeatureMatrix
from ml.reporting.card import CardFacts
from ml.reporting.facts import DataFacts, RunFacts, month
from ml.reporting.frames import (
    KEY,
    beside_best_plain,
    forecast_frame,
    reliability_frame,
    score_frame,
    skill_frame,
)
from ml.reporting.gallery import write_card
from ml.training.params import Params

SHOWN_ROWS: Final = 5
"""Rows of the input example."""

CURVES: Final = ("pinball", "plain_pinball", "skill", "mae", "coverage")
"""Metrics that a run keeps as curves over the horizon, of the model beside the best plain one."""


@dataclass(frozen=True)
class ChipWork:
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
        histories: Scores on histories of other places, as ``CardFacts`` has them.
    """

    examples: Examples
    chip_months: ChipMonths
    places: tuple[Place, ...]
    kind: DataKind
    params: Params
    backtests: Mapping[Target, Backtest]
    model: ForecastModel
    verdict: Verdict
    histories: pl.DataFrame | None = None

    line = CHIPS
    loss = "pinball"
    subject = "chip"
    outcome_column = "net_change"
    """Of several MLflow takes one."""

    @cached_property
    def data(self) -> DataFacts:
        """What it learned from."""
        examples = self.examples
        chips = set(np.unique(examples.chip_key).tolist())
        return DataFacts(
            kind=self.kind,
            digest=data_digest(examples),
            chips=len(chips),
            aois=len({place.aoi_key for place in self.places if place.chip_key in chips}),
            first_as_of=int(examples.as_of.min()),
            last_as_of=int(self.chip_months.as_of.max()),
            rows={months: int((examples.horizon == months).sum()) for months in HORIZONS},
        )

    @cached_property
    def forecasts(self) -> pl.DataFrame:
        """Every judged forecast."""
        return forecast_frame(self.examples, self.backtests)

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Every forecaster's scores."""
        return score_frame(self.forecasts)

    @cached_property
    def skill(self) -> pl.DataFrame:
        """The model beside the best plain forecast."""
        return skill_frame(self.scores)

    def write_examples(self, path: Path) -> None:
        """Keep what it learned from."""
        write_examples(self.examples, path)

    @property
    def example_frame(self) -> pl.DataFrame:
        """What it learned from, for MLflow."""
        return example_frame(self.examples)

    @property
    def shown(self) -> FeatureMatrix:
        """The input example: the newest chip-months, one row each."""
        chosen: list[int] = []
        seen: set[tuple[int, int]] = set()
        for row in np.argsort(-self.examples.as_of, kind="stable").tolist():
            key = (int(self.examples.chip_key[row]), int(self.examples.as_of[row]))
            if key not in seen:
                seen.add(key)
                chosen.append(row)
            if len(chosen) == SHOWN_ROWS:
                break
        return self.examples.features.take(np.array(chosen, dtype=np.int64))

    def write_card(self, folder: Path, run: RunFacts) -> str:
        """Write pictures and card; return the card's text."""
        facts = card_facts(self, run)
        return write_card(folder, facts, self.forecasts, self.model, self.chip_months, self.places)

    def curves(self) -> Iterator[tuple[str, float, int]]:
        """Yield each metric with its value and its step: the horizon, 0 for all of them."""
        for row in self.skill.iter_rows(named=True):
            for name in CURVES:
                yield f"{row['protocol']}/{row['target']}/{name}", row[name], row["horizon"]
        for key, value in overall_skill(self.skill).items():
            yield f"overall_skill/{key}", value, 0

    def note(self) -> list[str]:
        """Return the skill as a table in Markdown."""
        return [
            "| protocol | target | months | skill | coverage |",
            "| --- | --- | ---: | ---: | ---: |",
            *(
                f"| {row['protocol']} | {row['target']} | {row['horizon']} | {row['skill']:+.1%} "
                f"| {row['coverage']:.0%} |"
                for row in self.skill.select(*KEY, "skill", "coverage").iter_rows(named=True)
            ),
        ]

    def write_backtest(self, connection: psycopg.Connection, run_id: str) -> None:
        """Write the scores into ``ml.backtest``."""
        write_backtest(connection, run_id, self.scores)


def card_facts(work: ChipWork, run: RunFacts) -> CardFacts:
    """Return all that the card says."""
    beside = beside_best_plain(work.forecasts, work.skill)
    in_aois = beside.join(aoi_frame(work.places), on="chip_key", how="inner")
    return CardFacts(
        run=run,
        folds=dict(_folds(work.forecasts)),
        scores=work.scores,
        skill=work.skill,
        by_aoi=skill_frame(score_frame(in_aois, "aoi", "target"), "aoi", "target"),
        reliability=reliability_frame(work.forecasts),
        histories=work.histories,
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
