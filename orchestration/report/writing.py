"""The report as one HTML file with its pictures in it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psycopg
from matplotlib.figure import Figure

from ml.reporting.document import Document, Heading, Paragraph, Part, Picture, Table
from ml.reporting.facts import month
from ml.reporting.plots import ACCENT, INK, MUTED
from orchestration.report import figures
from orchestration.report.figures import Row

DPI: Final = 90
NOTHING: Final = "Nothing yet."


def write_report(connection: psycopg.Connection, path: Path) -> str:
    """Write the report and return its text in Markdown, without pictures.

    Args:
        connection: As role orchestrator.
        path: The HTML file.
    """
    months = figures.months(connection)
    with tempfile.TemporaryDirectory() as folder:
        pictures = _pictures(months, Path(folder)) if months else []
        last = month(months[-1][0]) if months else "no month yet"
        report = Document(f"Buildings to {last}", _parts(connection, months, pictures))
        path.write_text(report.html(), encoding="utf-8")
        return report.markdown(pictures=False)


def _parts(
    connection: psycopg.Connection, months: Sequence[Row], pictures: Sequence[Picture]
) -> list[Part]:
    return [
        Heading("What was seen"),
        *pictures,
        _table(
            ("month", "chips", "seen", "corrected", "new", "demolished", "occluded", "in sight"),
            [(month(row[0]), *map(_whole, row[1:7]), f"{row[7]:.0%}") for row in months],
        ),
        Heading("How the forecasts did whose month has come"),
        Paragraph("Mean absolute error in buildings a chip; the interval is meant to hold 80 %."),
        _table(
            ("months ahead", "forecasts", "model", "plain forecast", "within the interval"),
            [
                (str(row[0]), _whole(row[1]), f"{row[2]:.2f}", f"{row[3]:.2f}", f"{row[4]:.0%}")
                for row in figures.errors(connection)
            ],
        ),
        Heading("Where most is built within a year"),
        _table(
            ("chip", "at least", "expected", "at most"),
            [
                (row[0], *(f"{value:.0f}" for value in row[1:]))
                for row in figures.most_growth(connection)
            ],
        ),
        Heading("Trainings"),
        _table(("when", "of", "because", "outcome"), figures.trainings(connection)),
        Heading("What came into the inbox"),
        _table(("when", "what", "state", "reason"), figures.inbox(connection)),
    ]


def _table(columns: Sequence[str], rows: Sequence[Row]) -> Part:
    return (
        Table(columns, [[str(cell) for cell in row] for row in rows])
        if rows
        else Paragraph(NOTHING)
    )


def _whole(number: int) -> str:
    return f"{number:,}"


def _pictures(months: Sequence[Row], folder: Path) -> list[Picture]:
    names = [month(row[0]) for row in months]
    figure = Figure(figsize=(8, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(names, [row[2] for row in months], color=MUTED, label="seen")
    above.plot(names, [row[3] for row in months], color=ACCENT, label="corrected")
    above.set_ylabel("buildings")
    above.legend(frameon=False)
    below.bar(names, [100 * row[7] for row in months], color=INK)
    below.set_ylabel("ground in sight (%)")
    below.tick_params(axis="x", rotation=45)
    figure.savefig(folder / "months.png", dpi=DPI)
    return [Picture(folder / "months.png", "Buildings seen and corrected; the ground in sight.")]
