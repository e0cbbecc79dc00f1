"""What training cells made, and what its record and its card say of it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import psycopg

from ml.data.cell_sample import GROWN, CellSample
from ml.data.cells import CellMonths
from ml.data.origin import DataKind
from ml.data.places import Place, aoi_frame
from ml.judging.cell_backtest import CellBacktest
from ml.judging.verdict import Verdict
from ml.lifecycle.registry import CELLS
from ml.lifecycle.schema import write_cell_backtest
from ml.model.cell_model import CellModel
from ml.model.grid import LEARNT_HORIZONS
from ml.model.matrix import FeatureMatrix
from ml.reporting.cell_card import CellCardFacts
from ml.reporting.cell_frames import (
    LOSS,
    SCORES,
    by_aoi_frame,
    cell_score_frame,
    cell_skill_frame,
    chip_month_losses,
    tenth_frame,
)
from ml.reporting.facts import DataFacts, RunFacts, month
from ml.reporting.gallery import write_cell_card
from ml.training.cell_params import CellParams

SHOWN_ROWS: Final = 5
"""Rows of the input example."""


@dataclass(frozen=True)
class CellWork:
    """What a training run made, to be written down.

    Attributes:
        cells: All cells.
        sample: What it learned from.
        places: Chips and their AOIs.
        kind: Of the data.
        params: The tunables.
        backtest: How the way to train was judged.
        model: The model of all months.
        verdict: Beside the plain forecasts.
    """

    cells: CellMonths
    sample: CellSample
    places: tuple[Place, ...]
    kind: DataKind
    params: CellParams
    backtest: CellBacktest
    model: CellModel
    verdict: Verdict

    line = CELLS
    loss = LOSS
    subject = "cell"
    outcome_column = GROWN

    @cached_property
    def data(self) -> DataFacts:
        """What it learned from."""
        sample = self.sample
        return DataFacts(
            kind=self.kind,
            digest=sample.digest,
            chips=len(np.unique(sample.chip_key)),
            aois=len(np.unique(sample.aoi_key)),
            first_as_of=int(sample.as_of.min()),
            last_as_of=int(self.cells.as_of.max()),
            rows={months: int((sample.horizon == months).sum()) for months in LEARNT_HORIZONS},
        )

    @cached_property
    def forecasts(self) -> pl.DataFrame:
        """Losses of the model by chip-month."""
        return chip_month_losses(self.cells, self.backtest)

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Every forecaster's scores."""
        return cell_score_frame(self.backtest)

    @cached_property
    def skill(self) -> pl.DataFrame:
        """The model beside the best plain forecast."""
        return cell_skill_frame(self.scores)

    def write_examples(self, path: Path) -> None:
        """Keep what it learned from."""
        self.sample.write(path)

    @property
    def example_frame(self) -> pl.DataFrame:
        """What it learned from, for MLflow."""
        return self.sample.frame

    @property
    def shown(self) -> FeatureMatrix:
        """The input example: some of the newest cells."""
        newest = np.argsort(-self.sample.as_of, kind="stable")[:SHOWN_ROWS]
        return FeatureMatrix(self.sample.names, self.sample.values[newest].astype(np.float64))

    def write_card(self, folder: Path, run: RunFacts) -> str:
        """Write pictures and card; return the card's text."""
        facts = cell_card_facts(self, run)
        return write_cell_card(folder, facts, self.model, self.backtest, self.cells, self.places)

    def curves(self) -> Iterator[tuple[str, float, int]]:
        """Yield each score of each forecaster with its value and its step, the horizon."""
        for row in self.scores.iter_rows(named=True):
            for name in SCORES:
                if math.isfinite(row[name]):
                    yield f"{row['protocol']}/{row['forecaster']}/{name}", row[name], row["horizon"]

    def note(self) -> list[str]:
        """Return the scores as a table in Markdown."""
        return [
            "| protocol | months | precision, times the best plain | lift | skill | widest gap |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| {row['protocol']} | {row['horizon']} | {row['precision_ratio']:.2f} "
                f"| {row['lift']:.2f} | {row['skill']:+.1%} | {row['reliability']:.3f} |"
                for row in self.skill.iter_rows(named=True)
            ),
        ]

    def write_backtest(self, connection: psycopg.Connection, run_id: str) -> None:
        """Write the scores into ``ml.cell_backtest``."""
        write_cell_backtest(connection, run_id, self.scores)


def cell_card_facts(work: CellWork, run: RunFacts) -> CellCardFacts:
    """Return all that the card says."""
    return CellCardFacts(
        run=run,
        folds=dict(_folds(work.forecasts)),
        scores=work.scores,
        skill=work.skill,
        tenths=tenth_frame(work.backtest),
        by_aoi=by_aoi_frame(work.forecasts, aoi_frame(work.places)),
    )


def _folds(losses: pl.DataFrame) -> Iterator[tuple[str, str]]:
    for (protocol,), rows in losses.group_by("protocol", maintain_order=True):
        as_ofs = rows["as_of"].unique().sort()
        yield (
            str(protocol),
            (
                f"{rows['cells'].sum():,} outcomes of cells of {rows['chip_key'].n_unique()} "
                f"chips, forecast from {len(as_ofs)} as-of months, {month(as_ofs[0])} to "
                f"{month(as_ofs[-1])}."
            ),
        )
