"""A run's pictures and its card, written into a folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
from matplotlib.figure import Figure

from ml.data.cells import CellMonths
from ml.data.examples import ChipMonths
from ml.data.places import Place
from ml.judging.cell_backtest import CellBacktest
from ml.model.cell_model import CellModel
from ml.model.chip_model import ForecastModel
from ml.model.grid import QUANTILES, Target
from ml.reporting import cell_plots, plots
from ml.reporting.card import CardFacts, model_card
from ml.reporting.cell_card import CellCardFacts, cell_card
from ml.reporting.document import Document, Picture
from ml.reporting.fans import fans
from ml.reporting.frames import KEY, beside_best_plain, score_frame, skill_frame
from ml.reporting.hot_spots import hot_spot_grids

DPI: Final = 100
CARD: Final = "model_card"

CELL_CAPTIONS: Final = {
    "precision": "The model beside the best plain forecast of each protocol and horizon.",
    "reliability": "Tenths of the cells, sorted by probability; on the line is reliable.",
    "hot_spots": "The chips of most expected growth, each cell's next 12 months.",
    "feature_importance": "Share of the loss reduction that each input brought.",
}

CAPTIONS: Final = {
    "skill_by_horizon": "Share of the best plain forecast's loss that the model saves.",
    "coverage": "Outcomes within the interval; the band is four points around what is meant.",
    "reliability": "Outcomes at or below each quantile; on the line is reliable.",
    "error_by_chip": "Loss by chip: the model, and the plain forecast best at the horizon.",
    "fan_charts": "Six chips from the smallest to the largest; dashed: the best plain forecast.",
    "feature_importance": "Share of the loss reduction that each input brought.",
}


def write_card(
    folder: Path,
    facts: CardFacts,
    forecasts: pl.DataFrame,
    model: ForecastModel,
    chip_months: ChipMonths,
    places: tuple[Place, ...],
) -> str:
    """Write pictures and card and return the card's text without pictures.

    Args:
        folder: Made if it is not there.
        facts: What the card says.
        forecasts: Every judged forecast.
        model: Its inputs' importance and its next forecasts are shown.
        chip_months: Histories of the chips.
        places: Their names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stem, figure in _figures(facts, forecasts, model, chip_months, places):
        figure.savefig(folder / f"{stem}.png", dpi=DPI)
    pictures = [Picture(folder / f"{stem}.png", caption) for stem, caption in CAPTIONS.items()]
    return write_document(folder, model_card(facts, pictures))


def write_cell_card(
    folder: Path,
    facts: CellCardFacts,
    model: CellModel,
    backtest: CellBacktest,
    cells: CellMonths,
    places: tuple[Place, ...],
) -> str:
    """Write pictures and card and return the card's text without pictures.

    Args:
        folder: Made if it is not there.
        facts: What the card says.
        model: Its inputs' importance and its next forecasts are shown.
        backtest: How it was judged.
        cells: All cells.
        places: Names of the chips.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stem, figure in _cell_figures(facts, model, backtest, cells, places):
        figure.savefig(folder / f"{stem}.png", dpi=DPI)
    found = [(folder / f"{stem}.png", caption) for stem, caption in CELL_CAPTIONS.items()]
    pictures = [Picture(path, caption) for path, caption in found if path.is_file()]
    return write_document(folder, cell_card(facts, pictures))


def write_document(folder: Path, card: Document) -> str:
    """Write a card as Markdown and as one HTML file; return its text without pictures."""
    (folder / f"{CARD}.md").write_text(card.markdown(), encoding="utf-8")
    (folder / f"{CARD}.html").write_text(card.html(), encoding="utf-8")
    return card.markdown(pictures=False)


def _cell_figures(
    facts: CellCardFacts,
    model: CellModel,
    backtest: CellBacktest,
    cells: CellMonths,
    places: tuple[Place, ...],
) -> Iterator[tuple[str, Figure]]:
    if backtest.forecasts:
        yield "precision", cell_plots.plot_precision(facts.skill)
        yield "reliability", cell_plots.plot_tenths(facts.tenths)
    names = {place.chip_key: place.chip for place in places}
    grids = hot_spot_grids(model, cells, names)
    yield "hot_spots", cell_plots.plot_hot_spots(grids)
    gain = model.booster.feature_importance("gain")
    yield (
        "feature_importance",
        plots.plot_importance([*model.manifest.features, "horizon"], {"all": gain}),
    )


def _figures(
    facts: CardFacts,
    forecasts: pl.DataFrame,
    model: ForecastModel,
    chip_months: ChipMonths,
    places: tuple[Place, ...],
) -> Iterator[tuple[str, Figure]]:
    yield "skill_by_horizon", plots.plot_skill(facts.skill)
    yield "coverage", plots.plot_coverage(facts.scores)
    yield "reliability", plots.plot_reliability(facts.reliability)
    chip = (*KEY, "chip_key")
    by_chip = score_frame(beside_best_plain(forecasts, facts.skill), *chip)
    yield "error_by_chip", plots.plot_error_by_chip(skill_frame(by_chip, *chip))
    names = {place.chip_key: place.chip for place in places}
    yield "fan_charts", plots.plot_fans(fans(model, chip_months, names))
    count = model.models[Target.COUNT]
    gains = {
        f"quantile {quantile}": booster.feature_importance("gain")
        for quantile, booster in zip(QUANTILES, count.boosters, strict=True)
    }
    yield "feature_importance", plots.plot_importance(count.input_names, gains)
