"""The monthly report: the tables' own figures on one page, on a warehouse of any age."""

import base64
import re
from pathlib import Path

import psycopg
import pytest

from ml.reporting.facts import month
from orchestration.report.writing import NOTHING, write_report
from warehouse.access import connect
from warehouse.connection.roles import Role


@pytest.fixture
def page(built: str, tmp_path: Path) -> tuple[str, str]:
    """The report as HTML and as text."""
    path = tmp_path / "report.html"
    with connect(role=Role.ORCHESTRATOR) as connection:
        text = write_report(connection, path)
    return path.read_text("utf-8"), text


def test_the_last_month_and_its_buildings_are_told(page: tuple[str, str], built: str) -> None:
    html, text = page
    with psycopg.connect(built) as connection:
        row = connection.execute(
            "select time_key, count(*), sum(building_count), sum(corrected_count) "
            "from marts.fact_chip_month group by 1 order by 1 desc limit 1"
        ).fetchone()
    assert row is not None
    last, chips, seen, corrected = row

    assert f"<h1>Buildings to {month(last)}</h1>" in html
    assert f"| {month(last)} | {chips} | {seen:,} | {corrected:,} |" in text
    assert len([line for line in text.splitlines() if "%" in line and line.startswith("|")]) >= 12


def test_its_picture_is_in_the_page(page: tuple[str, str]) -> None:
    [image] = re.findall(r'src="data:image/png;base64,([^"]+)"', page[0])
    assert base64.b64decode(image).startswith(b"\x89PNG")


def test_what_is_not_there_yet_is_said(page: tuple[str, str]) -> None:
    assert page[1].count(NOTHING) >= 1
    assert "## What came into the inbox" in page[1]
