"""A run's pictures and its card, written into a folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
from matplotlib.figure import Figure

from ml.data.examples import ChipMonths
from ml.data.places import Place
from ml.judging.plots import plot_importance
from ml.model.chip_model import ForecastModel
from ml.reporting import plots
from ml.reporting.card import model_card
from ml.reporting.document import Picture
from ml.reporting.facts import CardFacts
from ml.reporting.fans import fans
from ml.reporting.frames import KEY, beside_best_plain, score_frame, skill_frame

DPI: Final = 100
CARD: Final = "model_card"

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
    """Write pictures and card (Markdown and HTML) and return the card's text without pictures.

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
    plot_importance(model, folder / "feature_importance.png")
    pictures = [Picture(folder / f"{stem}.png", caption) for stem, caption in CAPTIONS.items()]
    card = model_card(facts, pictures)
    (folder / f"{CARD}.md").write_text(card.markdown(), encoding="utf-8")
    (folder / f"{CARD}.html").write_text(card.html(), encoding="utf-8")
    return card.markdown(pictures=False)


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
