"""``python -m ml predict``: forecasts of places that no table of the warehouse knows."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ml.__main__ import app
from ml.errors import HistoryFileError
from ml.lifecycle.predicting import predict_file
from ml.model.errors import BundleError
from tests.fixtures.trained import Trained
from warehouse.access import connect
from warehouse.connection.roles import Role

HISTORY = """place,month,count
one month,2019-05,40
level,2019-01,40
level,2019-02,40
level,2019-03,40
level,2019-04,40
level,2019-05,40
with gaps,2018-01,40
with gaps,2018-04,44
with gaps,2019-03,60
"""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.csv"
    path.write_text(HISTORY, encoding="utf-8")
    return path


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_place_is_forecast_from_its_last_month_without_any_table(
    trained_database: str, history: Path, tmp_path: Path
) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("drop table features.chip_month, features.chip_target")
    out = tmp_path / "forecast.csv"
    done = CliRunner().invoke(app, ["predict", str(history), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert f"12 forecasts for 3 places written to {out} (model version 1)" in done.output
    found = lines(out)
    assert list(found[0]) == ["place", "as_of", "horizon", "q10", "q50", "q90"]
    assert [row["horizon"] for row in found] == ["1", "3", "6", "12"] * 3
    as_of = {row["place"]: row["as_of"] for row in found}
    assert as_of == {"one month": "2019-05", "level": "2019-05", "with gaps": "2019-03"}
    for row in found:
        assert float(row["q10"]) <= float(row["q50"]) <= float(row["q90"])
    year = {row["place"]: float(row["q50"]) for row in found if row["horizon"] == "12"}
    assert year["with gaps"] > year["level"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forecast.csv", "history.csv"]


def test_what_came_after_the_as_of_month_is_not_known(in_trained: Trained, tmp_path: Path) -> None:
    header, *rows = HISTORY.splitlines(keepends=True)
    early = header + "".join(row for row in rows if "2018" in row)
    cut, whole = tmp_path / "cut.csv", tmp_path / "whole.csv"
    cut.write_text(early, encoding="utf-8")
    whole.write_text(early + "with gaps,2019-05,900\n", encoding="utf-8")
    one, two = tmp_path / "1.csv", tmp_path / "2.csv"
    predict_file(cut, one)
    predict_file(whole, two, as_of="2018-12")
    assert lines(one) == lines(two)
    assert {row["as_of"] for row in lines(one)} == {"2018-04"}


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        ("2018-06", "one month has no month up to 2018-06; leave it out"),
        ("June", "--as-of is 'June'; expected a month such as 2019-01"),
    ],
)
def test_an_as_of_month_that_does_not_fit_is_told(
    in_trained: Trained, history: Path, tmp_path: Path, as_of: str, words: str
) -> None:
    with pytest.raises(HistoryFileError, match=words):
        predict_file(history, tmp_path / "out.csv", as_of=as_of)
    assert not (tmp_path / "out.csv").exists()


def test_an_out_that_cannot_be_written_is_told(
    in_trained: Trained, history: Path, tmp_path: Path
) -> None:
    with pytest.raises(HistoryFileError, match=r"cannot write .*: .*absent is no folder"):
        predict_file(history, tmp_path / "absent" / "out.csv")
    with pytest.raises(HistoryFileError, match=r"cannot write .*: Is a directory"):
        predict_file(history, tmp_path)


def test_without_a_champion_the_reason_is_said(
    database: str, history: Path, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=r"no model has been registered yet.*`make run`"):
        predict_file(history, tmp_path / "out.csv")
