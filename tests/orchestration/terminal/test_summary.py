"""The end of a run, on a terminal of 80 columns and in a file."""

import io
import re
from typing import Any

from rich.console import Console

from loaders.raw.sources import KnownSource
from ml.judging.backtest import FORECASTERS, BacktestRow, Protocol
from ml.judging.metrics import Score
from orchestration.assets.holdings import holdings_table
from orchestration.assets.model import backtest_table
from orchestration.dbt.results import DbtResults
from orchestration.terminal.summary import Summary

CHIP = "L15-0331E-1257N_1327_3160_13"
REASON = (
    "registered: beats every baseline by pinball loss, geometric mean over the horizons (rolling "
    "origin: 0.98 of no change's, 0.68 of mean past change's, 0.76 of damped trend's)"
)


def known(name: str, images: int, *, is_generated: bool = False) -> KnownSource:
    return KnownSource(name, "csv", is_generated, images, images, 9, None, "loaded")


def summary(*, loss: float = 0.5, best: str = "", loaded: bool = True) -> Summary:
    rows = tuple(
        BacktestRow(
            Protocol.ROLLING_ORIGIN,
            horizon,
            name,
            Score(10, loss, loss / 2 if name == best else loss, 0.8),
        )
        for horizon in (1, 12)
        for name in FORECASTERS
    )
    sources = [known("/data/a.csv", 960), known("/data/b", 1, is_generated=True)]
    figures: dict[str, Any] = {
        "rows_read": 9, "rows_loaded": 8, "rows_rejected": 1,
        "warnings": ["a file was cut short"], "made_way": {"/data/c": 3},
    }  # fmt: skip
    assets: dict[str, dict[str, Any]] = {
        "source_data": {},
        "raw/load_run": {
            "state": "loaded",
            "sources": holdings_table(sources).value,
            **(figures if loaded else {}),
        },
        "raw/rejected_row": {"reasons": {"id is not an integer": 1} if loaded else {}},
        "marts/dim_chip": {"dagster/row_count": 60},
        "ml/trained_model": {"reason": REASON, "backtest": backtest_table(rows).value},
        "ml/chip_forecast": {"dagster/row_count": 240, "reason": ""},
        "serving/bento": {"built": True},
    }  # fmt: skip
    return Summary(assets=assets, dbt=DbtResults(39, 84, 0, ()), example_chip=CHIP, seconds=101)


def printed(of: Summary, *, terminal: bool) -> list[str]:
    out = io.StringIO()
    of.print(Console(file=out, width=80, force_terminal=terminal, no_color=True, highlight=False))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    return [line.rstrip() for line in plain.splitlines()]


def test_sentences_break_between_words_and_commands_not_at_all() -> None:
    lines = printed(summary(), terminal=True)

    assert max(map(len, lines)) <= 80
    whole = " ".join(line.strip() for line in lines)
    assert REASON in whole
    assert f'curl 127.0.0.1:3000/forecast --json \'{{"chip_id":"{CHIP}"}}\'' in lines
    assert "make psql ARGS=\"-c 'select * from ml.current_forecast limit 5'\"" in lines


def test_in_a_file_a_sentence_is_a_line() -> None:
    assert f"  {REASON}" in printed(summary(), terminal=False)


def test_every_source_is_listed_with_its_kind_and_images() -> None:
    lines = printed(summary(), terminal=False)

    assert "  /data/a.csv (own, 960 images)" in lines
    assert "  /data/b (generated, 1 images)" in lines
    assert "  9 rows read, 8 loaded, 1 rejected (loaded)" in lines
    assert "  warning: a file was cut short" in lines
    assert "  generated data made way for your own: 3 images of /data/c" in lines


def test_a_run_that_loaded_nothing_says_so() -> None:
    lines = printed(summary(loaded=False), terminal=False)

    assert "  nothing was loaded: the warehouse keeps what it holds" in lines


def test_the_model_stands_beside_the_plain_forecast_that_lost_least() -> None:
    told = printed(summary(best="damped_smoothed_change"), terminal=True)
    lines = [" ".join(line.split()) for line in told]

    assert "months ahead model no change best plain forecast" in lines
    for horizon in (1, 12):
        figures = "0.50 (0.50) 0.50 (0.50) 0.25 (0.50)"
        assert f"{horizon} {figures} damped smoothed change" in lines


def test_the_time_of_all_is_told() -> None:
    assert any("Done" in line and "1:41" in line for line in printed(summary(), terminal=False))


def test_no_figure_is_endless() -> None:
    words = " ".join(printed(summary(loss=1e128), terminal=False)).split()

    assert max(len(word) for word in words if word[0].isdigit() and "://" not in word) < 24
